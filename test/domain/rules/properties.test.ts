import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeType, State, Tier } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { NameMap, Rule, route } from '../../../src/domain/rules/routing.ts';
import { aDeployment } from '../../support/deployment.ts';

const name = fc.oneof(
  fc.constantFrom('production', 'review/lamp', 'PRD', 'unknown', 'main', 'constructor', '{service}', '__proto__'),
  fc.string({ unit: 'binary' }),
);
const names = fc.array(
  fc.oneof(
    name,
    name.map((text) => `app:${text}`),
  ),
  { maxLength: 3 },
);

/** Any deployment that a source could make, and many that none should. */
const anyDeployment: fc.Arbitrary<Deployment> = fc
  .record(
    {
      source: name,
      instance: name,
      state: fc.constantFrom(...State.options),
      changeType: fc.constantFrom(...ChangeType.options),
      service: name,
      ref: name,
      tag: fc.boolean(),
      job: name,
      actor: name,
      reportedSource: name,
      tags: names,
      paths: names,
      artifacts: names,
      environment: fc.record({ name, tier: fc.constantFrom(...Tier.options) }, { requiredKeys: ['name'] }),
      repository: fc.record({ name, url: name, gitlabProject: name }, { requiredKeys: ['name'] }),
    },
    { requiredKeys: [] },
  )
  .map((over) => aDeployment(over));

const pattern = fc.constantFrom(
  'production',
  '**',
  'review/*',
  'm*',
  '!main',
  '/^review/(?<slug>.+)$/',
  '/(?<slug>o)/i',
);
const keys = ['environment', 'service', 'branch', 'tag', 'app', 'path', 'job', 'source', 'repository', 'artifact'];
const criteria = fc.dictionary(fc.constantFrom(...keys), pattern, { maxKeys: 2, noNullPrototype: true });
const value = fc.constantFrom('{service}', '{environment}-{app}', '{branch}', '{repository.basename}', 'fixed', '{{x}');
const assignment = fc.record(
  {
    service: value,
    service_id: value,
    environment: value,
    gitlab_project: value,
    tags: fc.array(value, { maxLength: 2 }),
    tier: fc.constantFrom(...Tier.options),
    change_type: fc.constantFrom(...ChangeType.options),
  },
  { requiredKeys: [] },
);
const anyRule = fc
  .record({
    match: fc
      .record({ not: criteria }, { requiredKeys: [] })
      .chain((not) => criteria.map((all) => ({ ...all, ...not }))),
    set: assignment,
    drop: fc.boolean(),
  })
  .map((rule) => Rule.parse(Object.keys(rule.match).length > 0 ? rule : { ...rule, drop: false }));
const anyRules = fc.array(anyRule, { maxLength: 5 });
const maps = { environments: NameMap.parse({ prd: 'production' }), services: NameMap.parse({ main: 'beacon' }) };

function withoutFields(over: Partial<Deployment>): Deployment {
  const { repository: _, ref: __, ...bare } = aDeployment();
  return { ...bare, ...over };
}

describe('whatever the deployment and the rules', () => {
  it('route returns a result with one line for each matching rule', () => {
    fc.assert(
      fc.property(anyDeployment, anyRules, (deployment, rules) => {
        const routed = route(deployment, rules);
        expect(routed.trace).toHaveLength(routed.matched.length);
        expect(routed.trace.every((line) => !/[\r\n]/.test(line))).toBe(true);
        route(deployment, rules, { ...maps, mode: 'first' });
      }),
    );
  });

  it('every value that was set is text, never empty, and never the name in braces', () => {
    const partial = fc
      .record(
        {
          repository: fc.constantFrom({ name: '' }, { name: 'harbor/lamp' }, { name: '///' }),
          ref: fc.constantFrom('', 'main'),
          service: fc.constantFrom('', ' ', 'unknown', 'api'),
          tags: fc.constantFrom<string[][]>([], ['app:'], ['app:beacon']),
        },
        { requiredKeys: [] },
      )
      .map((over) => withoutFields({ service: 'unknown', tags: [], ...over }));
    fc.assert(
      fc.property(partial, assignment, (deployment, set) => {
        const { deployment: after } = route(deployment, [Rule.parse({ set })]);
        const changed = [
          ...(after.service === deployment.service ? [] : [after.service]),
          after.environment.name,
          ...(after.serviceId === undefined ? [] : [after.serviceId]),
          ...(after.repository?.gitlabProject === undefined ? [] : [after.repository.gitlabProject]),
          ...after.tags.filter((tag) => !deployment.tags.includes(tag)),
        ];
        for (const text of changed) {
          expect(text.trim()).not.toBe('');
          expect(text.replace('{x}', '')).not.toMatch(/undefined|null|unknown|[{}]/);
        }
      }),
    );
  });

  it('the mode `first` applies at most one rule: the first that matches by itself', () => {
    fc.assert(
      fc.property(anyDeployment, anyRules, (deployment, rules) => {
        const routed = route(deployment, rules, { mode: 'first' });
        const first = rules.findIndex((rule) => route(deployment, [rule]).matched.length > 0);
        expect(routed.matched).toEqual(first < 0 ? [] : [first]);
        const alone = rules.slice(first, first + 1);
        expect(routed.deployment).toEqual(route(deployment, first < 0 ? [] : alone).deployment);
      }),
    );
  });

  it('a rule that does not match changes nothing, at any position', () => {
    const unrelated = Rule.parse({ match: { source: 'nobody-at-all' }, set: { service: 'x' }, drop: true });
    fc.assert(
      fc.property(anyDeployment, anyRules, fc.nat(5), (deployment, rules, place) => {
        const { deployment: after, droppedBy } = route(deployment, rules.toSpliced(place, 0, unrelated));
        const without = route(deployment, rules);
        expect(after).toEqual(without.deployment);
        expect(droppedBy === undefined).toBe(without.droppedBy === undefined);
      }),
    );
  });

  it('a dropped deployment stays dropped, whatever rules follow', () => {
    const dropAll = Rule.parse({ match: { not: { source: 'nobody-at-all' } }, drop: true });
    fc.assert(
      fc.property(anyDeployment, anyRules, anyRules, (deployment, rules, more) => {
        const before = route(deployment, [...rules, dropAll]);
        expect(before.droppedBy).toBeDefined();
        expect(route(deployment, [...rules, dropAll, ...more])).toEqual(before);
      }),
    );
  });

  it('the first name of the tool is kept', () => {
    fc.assert(
      fc.property(anyDeployment, anyRules, (deployment, rules) => {
        const { deployment: after } = route(deployment, rules, maps);
        const renamed = after.environment.name !== deployment.environment.name;
        const kept = renamed && deployment.environment.name !== 'unknown' ? deployment.environment.name : undefined;
        expect(after.original?.environment).toBe(kept);
        expect([undefined, deployment.service]).toContain(after.original?.service);
      }),
    );
  });
});
