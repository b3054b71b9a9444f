import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { flux } from '../../../src/sources/flux/index.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';

const SECRET = 'flux-secret-of-24-letters';
const source = flux.parse({ type: 'flux', secrets: [SECRET] });
const here = new URL('.', import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(`${file}.json`, here), 'utf8'));

const webhook: Webhook = {
  id: 'w',
  method: 'POST',
  path: '/webhooks/flux',
  headers: {},
  body: Buffer.alloc(0),
  receivedAt: new Date('2026-03-20T10:00:00.000Z'),
};
const map = (payload: unknown, to = source): Mapped => to.map(payload, webhook);

function recordOf(file: string, over: Record<string, unknown> = {}, to = source): ChangeRecord {
  const mapped = map({ ...read(file), ...over }, to);
  if (mapped.kind !== 'records') throw new Error(`ignored: ${mapped.reason}`);
  return ChangeRecord.parse(mapped.records[0]);
}

describe('what Flux sends', () => {
  const files = readdirSync(here).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));
  it.each(files)('%s becomes its expected result', async (file) => {
    const mapped = map(read(file.replace('.json', '')));
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(file.replace(/json$/, 'expected.json'));
  });

  it.each([
    ['HealthCheckCanceled', 'canceled'],
    ['InvalidCELExpression', 'failed'],
  ])('%s is an end: %s', (reason, state) => {
    expect(recordOf('running', { reason, message: 'told by the controller' }).state).toBe(state);
  });

  it.each(['AccessDenied', 'FeatureGateDisabled', 'InitFailed', 'GetLastReleaseFailed'])(
    '%s is no deployment: nothing was applied',
    (reason) => {
      expect(map({ ...read('running'), reason })).toMatchObject({ kind: 'ignored', reason: 'not_started' });
    },
  );

  it('is refused if it is not an event of Flux', () => {
    expect(() => map({ kind: 'push' })).toThrow(/involvedObject/);
  });
});

describe('one revision', () => {
  it('is one deployment from its first resource to its end, with or without the group in the keys', () => {
    const records = ['running', 'healthy', 'succeeded'].map((file) => recordOf(file));
    expect(new Set(records.map(({ deployment }) => deployment)).size).toBe(1);
    expect(fold('k', records)).toMatchObject({
      state: 'succeeded',
      startedAt: '2026-03-19T14:29:10.000Z',
      commit: { sha: '4f0c9e1d6b2a8c3f5e7d9b1a2c4e6f8091a3b5c7' },
      repository: { gitlabProject: 'harbor/manifests' },
    });
    expect(fold('k', records.toReversed())).toEqual(fold('k', records));
  });

  it('has the same id at every interval, so a repeat stores nothing', () => {
    const later = recordOf('succeeded', {
      timestamp: '2026-03-19T15:30:06Z',
      message: 'Reconciliation finished in 2s',
    });
    expect(later.id).toBe(recordOf('succeeded').id);
    expect(later).toMatchObject({ repeatable: true, periodic: true });
  });

  it('that fails and recovers has succeeded', () => {
    const records = [recordOf('failed'), recordOf('succeeded', { timestamp: '2026-03-19T14:40:00Z' })];
    expect(fold('k', records).state).toBe('succeeded');
  });

  it('is another deployment in another cluster, and with other values', () => {
    const keyOf = (file: string, more: Record<string, string>) =>
      recordOf(file, { metadata: { ...read(file).metadata, ...more } }).deployment;
    expect(keyOf('succeeded', { cluster: 'south' })).not.toBe(keyOf('succeeded', {}));
    expect(keyOf('helm-upgraded', { 'helm.toolkit.fluxcd.io/token': 'x' })).not.toBe(keyOf('helm-upgraded', {}));
    expect(recordOf('helm-upgrade-failed').deployment).toBe(recordOf('helm-upgraded').deployment);
    expect(recordOf('helm-rolled-back').deployment).not.toBe(recordOf('helm-upgraded').deployment);
  });

  it('with the commit of the application also has that of the manifests', () => {
    const commit = 'b'.repeat(40);
    const metadata = { ...read('succeeded').metadata, commit };
    expect(recordOf('succeeded', { metadata })).toMatchObject({
      commit: { sha: commit },
      manifests: { revision: '4f0c9e1d6b2a8c3f5e7d9b1a2c4e6f8091a3b5c7' },
    });
  });
});

describe('the environment', () => {
  it.each(['apps/pay', 'APPS', 'apps'])('comes from the configuration, by %s', (place) => {
    const to = flux.parse({ type: 'flux', secrets: [SECRET], environments: { [place]: 'staging' } });
    expect(recordOf('no-environment', {}, to).environment.name).toBe('staging');
    expect(recordOf('succeeded', {}, to).environment.name).toBe('production');
  });

  it('is never guessed', () => {
    const { environment, notes } = recordOf('no-environment');
    expect(environment.name).toBe('unknown');
    expect(notes.join(' ')).toContain('eventMetadata');
  });
});

describe('the recipe', () => {
  it('consists of valid manifests, with the secret if requested', async () => {
    const url = 'https://shiplog.harbor.example/webhooks/flux';
    const { steps } = await source.recipe({
      base: 'https://shiplog.harbor.example',
      url,
      name: 'flux',
      secret: SECRET,
    });
    const documents = parseAllDocuments(steps[0]?.block ?? '').map((one) => one.toJS());
    expect(documents).toMatchObject([
      { kind: 'Secret', stringData: { token: SECRET } },
      { kind: 'Provider', spec: { type: 'generic-hmac', address: url } },
      {
        kind: 'Alert',
        spec: { eventSeverity: 'info', eventSources: [{ kind: 'Kustomization' }, { kind: 'HelmRelease' }] },
      },
    ]);
  });
});
