import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NAMES } from '../../../src/sources/argocd/flat-names.ts';
import { TEMPLATE_VERSION } from '../../../src/sources/argocd/template-version.ts';

const file = (name: string) => readFileSync(new URL(`../../../src/sources/argocd/${name}`, import.meta.url), 'utf8');
const { data, ...head } = parse(file('configmap.yaml'));

interface Condition {
  readonly when: string;
  readonly oncePer?: string;
  readonly send: readonly string[];
}
const conditions = (trigger: string): readonly Condition[] => parse(data[trigger]);

describe('configmap.yaml', () => {
  it('is the ConfigMap of Argo CD Notifications with the keys of Shiplog', () => {
    expect(head).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-notifications-cm' } });
    expect(Object.keys(data).sort()).toEqual([
      'context',
      'service.webhook.shiplog',
      'subscriptions',
      'template.shiplog',
      'trigger.on-shiplog',
      'trigger.on-shiplog-again',
    ]);
    for (const text of Object.values(data)) expect(text).toBeTypeOf('string');
  });

  it('posts to the webhook with the token of the secret', () => {
    expect(parse(data['service.webhook.shiplog'])).toEqual({
      url: 'https://shiplog.example.com/webhooks/argocd',
      headers: [
        { name: 'Content-Type', value: 'application/json' },
        { name: 'Authorization', value: 'Bearer $shiplog-token' },
      ],
    });
    expect(parse(data['template.shiplog']).webhook.shiplog.method).toBe('POST'); // the default is GET
  });

  it('references only what it defines', () => {
    const once = conditions('trigger.on-shiplog');
    for (const { when, send } of [...once, ...conditions('trigger.on-shiplog-again')]) {
      expect(send).toEqual(['shiplog']);
      expect(when).toMatch(
        /^(app\.metadata\.deletionTimestamp != nil and )?app\.status != nil and app\.status\.operationState != nil/,
      );
      expect(when).not.toContain('?.'); // Argo CD before 2.6 cannot read it, and then sends nothing at all
    }
  });

  it('repeats the same conditions in the second lane, without oncePer', () => {
    const again = conditions('trigger.on-shiplog-again');
    const known = conditions('trigger.on-shiplog').map(({ when }) => when);
    for (const { when } of again) expect(known).toContain(when);
    for (const condition of again) expect(condition).not.toHaveProperty('oncePer');
  });

  it('subscribes every application to the trigger', () => {
    expect(parse(data['subscriptions'])).toEqual([{ recipients: ['shiplog'], triggers: ['on-shiplog'] }]);
  });

  it('writes every value of the body with toJson, and balances its blocks', () => {
    const template: string = parse(data['template.shiplog']).webhook.shiplog.body;
    const json = template.slice(template.indexOf('\n{\n'));
    const values = [...json.matchAll(/\{\{(.*?)\}\}/g)].map((match) => match[1]?.trim() ?? '');
    expect(values.length).toBe(48);
    for (const value of values) expect(value).toMatch(/^(toJson |\$total$|\$changed$)/);
    expect(() => JSON.parse(json.replace(/\{\{.*?\}\}/g, '0'))).not.toThrow();
    expect(template).toContain(`"version": ${TEMPLATE_VERSION},`);
    const words = (pattern: RegExp) => template.match(pattern)?.length ?? 0;
    expect(words(/\{\{-? (if|range) /g)).toBe(words(/\{\{-? end /g) + words(/\{\{ end \}\}/g));
  });

  it('sends the fields that the mapper reads', () => {
    const template: string = parse(data['template.shiplog']).webhook.shiplog.body;
    const json = JSON.parse(template.slice(template.indexOf('\n{\n')).replace(/\{\{.*?\}\}/g, '0'));
    const sample = JSON.parse(readFileSync(new URL('./succeeded.json', import.meta.url), 'utf8'));
    const keys = (part: unknown) => (typeof part === 'object' && part !== null ? Object.keys(part).sort() : []);
    expect(keys(json)).toEqual(keys(sample));
    for (const key of ['app', 'destination', 'operation', 'hydrator', 'sync', 'health', 'resources']) {
      expect(keys(json[key])).toEqual(keys(sample[key]));
    }
  });
});

describe('README.md', () => {
  it('names the file, the secret and the annotations that the mapper reads', () => {
    const readme = file('README.md');
    for (const word of [
      'configmap.yaml',
      'shiplog-token',
      'shiplog/environment',
      'shiplog/gitlab-project',
      'shiplog/ref',
    ]) {
      expect(readme).toContain(word);
    }
  });
  it('lists no field of other templates that is not read', () => {
    const known = new Set<string>(Object.values(NAMES).flat());
    const rows = file('README.md').split('\n| what ')[1]?.split('\n\n')[0]?.split('\n').slice(2) ?? [];
    const listed = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    const plain = (name: string) => name.toLowerCase().replaceAll('_', '');
    expect(listed.length).toBeGreaterThan(40);
    expect(listed.filter((name) => !known.has(plain(name)))).toEqual([]);
  });
});
