import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { fold } from '../../../src/domain/fold.ts';
import { NameMap, type RoutingOptions, Rule, route } from '../../../src/domain/rules/routing.ts';
import { aDeployment } from '../../support/deployment.ts';
import { aRecord } from '../../support/records.ts';

const deployment = fold('k', [
  aRecord({
    repository: { name: 'harbor/lighthouse-api' },
    tags: ['app:lighthouse', 'project:beacons'],
    ref: 'release/7',
  }),
]);
const rules = (...said: unknown[]) => said.map((rule) => Rule.parse(rule));
const review = aDeployment({ environment: { name: 'review/lamp' }, tags: ['app:beacon'] });

describe('route', () => {
  it('sets the values of the rule, and later rules see them', () => {
    const routed = route(
      deployment,
      rules(
        { match: { repository: 'harbor/*' }, set: { environment: 'prod-eu', service_id: 'svc_9' } },
        { match: { environment: 'prod-*' }, set: { risk_level: 'high', tags: ['eu'] } },
      ),
    );
    expect(routed.deployment).toMatchObject({
      environment: { name: 'prod-eu' },
      serviceId: 'svc_9',
      riskLevel: 'high',
    });
    expect(routed.deployment.tags).toContain('eu');
    expect(routed.matched).toEqual([0, 1]);
  });

  it('drops with the name of the rule, which the inbox shows', () => {
    const routed = route(
      deployment,
      rules(
        { name: 'no review apps', match: { branch: ['release/*'] }, drop: true },
        { set: { service: 'never seen' } },
      ),
    );
    expect(routed.droppedBy).toBe('no review apps');
    expect(routed.matched).toEqual([0]);
  });

  it('requires every part of a match', () => {
    expect(
      route(deployment, rules({ match: { app: 'lighthouse', status: 'failed' }, drop: true })).droppedBy,
    ).toBeUndefined();
  });

  it('limits the sinks', () => {
    expect(
      route(deployment, rules({ match: { project: 'beacons', tier: 'production' }, sinks: ['alert24'] })).sinks,
    ).toEqual(['alert24']);
  });

  it('gives a deployment a GitLab project', () => {
    expect(route(deployment, rules({ set: { gitlab_project: 4711 } })).deployment.repository).toMatchObject({
      name: 'harbor/lighthouse-api',
      gitlabProject: '4711',
    });
  });

  it('applies only the first matching rule in the mode `first`', () => {
    const list = rules(
      { match: { environment: 'staging' }, set: { service: 'other' } },
      { match: { environment: 'production' }, set: { risk_level: 'high' } },
      { match: { environment: 'production' }, drop: true },
    );
    expect(route(deployment, list, { mode: 'first' })).toMatchObject({
      deployment: { riskLevel: 'high', service: 'lighthouse-api' },
      matched: [1],
    });
    expect(route(deployment, list, { mode: 'first' }).droppedBy).toBeUndefined();
    expect(route(deployment, list, { mode: 'all' }).droppedBy).toBe('rules[2]');
  });
});

describe('a match', () => {
  it('of a project goes on after the project was renamed', () => {
    const renamed = aDeployment({ repository: { name: 'quay/books', formerly: 'harbor/ledger' } });
    for (const match of [{ project: 'harbor/ledger' }, { repository: 'quay/*' }, { project: 'quay/books' }])
      expect(route(renamed, rules({ match, sinks: ['alert24'] })).sinks).toEqual(['alert24']);
    expect(route(renamed, rules({ match: { project: 'harbor/pay' }, sinks: ['alert24'] })).sinks).toBeUndefined();
  });

  const full = aDeployment({
    ref: 'v7.2',
    tag: true,
    tags: ['argocd', 'app:beacon', 'project:coast'],
    job: 'deploy:prod',
    paths: ['docs/a.md', 'db/migrations/7.sql'],
    artifacts: ['registry.harbor.example/lighthouse:7', 'chart:lamp-1.2'],
    actor: 'mira',
    changeType: 'rollback',
  });
  const bare = aDeployment({ tags: [], environment: { name: 'harbor' } });
  for (const key of ['repository', 'ref', 'actor'] as const) delete (bare as Partial<Deployment>)[key]; // as a poor webhook leaves it

  it.each([
    ['source', 'argocd'],
    ['project', 'coast'],
    ['repository', 'harbor/*'],
    ['app', 'beacon'],
    ['service', '/^lighthouse-/'],
    ['environment', ['staging', 'production']],
    ['tier', 'production'],
    ['branch', 'v*'],
    ['ref_type', 'tag'],
    ['status', ['failed', 'succeeded']],
    ['change_type', 'rollback'],
    ['tag', 'argocd'],
    ['job', '/^deploy:/'],
    ['path', '**/*.sql'],
    ['artifact', 'chart:*'],
    ['changed_by', 'mira'],
  ])('looks at %s', (key, wanted) => {
    const fits = (match: unknown, of = full) => route(of, rules({ match })).matched.length === 1;
    expect(fits({ [key]: wanted })).toBe(true);
    expect(fits({ not: { [key]: wanted } })).toBe(false);
    const another = ['ref_type', 'status', 'change_type'].includes(key)
      ? { ref_type: 'branch', status: 'pending', change_type: 'scaling' }[key]
      : 'another';
    expect(fits({ [key]: another })).toBe(false);
    expect(fits({ not: { [key]: another } })).toBe(true);
  });

  it.each(['project', 'repository', 'app', 'tier', 'branch', 'tag', 'job', 'path', 'artifact', 'changed_by'])(
    'does not match if %s is unknown, whatever the pattern',
    (key) => {
      expect(route(bare, rules({ match: { [key]: ['**', '/.*/'] } })).matched).toEqual([]);
      expect(route(bare, rules({ match: { not: { [key]: ['**', '/.*/'] } } })).matched).toEqual([0]);
    },
  );

  it('distinguishes a branch from a tag only if the source reports it', () => {
    const { tag: _, ...unsaid } = full;
    const list = rules({ match: { ref_type: ['branch', 'tag'] } });
    expect(route({ ...full, tag: false }, list).matched).toEqual([0]);
    expect(route(unsaid, list).matched).toEqual([]);
  });

  it('matches only if nothing under `not` matches', () => {
    const list = rules({ match: { environment: 'production', not: { branch: 'hotfix/*', changed_by: 'mira' } } });
    const by = (actor: string, ref: string) => route(aDeployment({ actor, ref }), list).matched.length === 1;
    expect([by('noor', 'main'), by('noor', 'hotfix/1'), by('mira', 'main')]).toEqual([true, false, false]);
  });
});

describe('a computed value', () => {
  const slug = { environment: '/^review\\/(?<slug>.+)$/' };
  const set = (values: unknown, of = review, match: unknown = slug) => route(of, rules({ match, set: values }));

  it('uses the named groups of its own match, and the deployment as it was before the rule', () => {
    const routed = set({ environment: 'review', service: '{service}-{slug}', tags: ['was:{environment}'] });
    expect(routed.deployment).toMatchObject({
      environment: { name: 'review' },
      service: 'lighthouse-api-lamp',
      original: { environment: 'review/lamp', service: 'lighthouse-api' },
    });
    expect(routed.deployment.tags).toContain('was:review/lamp');
  });

  it.each([
    ['{repository.name}', 'harbor/lighthouse-api'],
    ['{repository.basename}', 'lighthouse-api'],
    ['{environment}', 'review/lamp'],
    ['{app}', 'beacon'],
    ['{branch}', 'main'],
    ['{service}', 'lighthouse-api'],
    ['{{slug}', '{slug}'],
    ['{{{slug}}', '{lamp}'],
  ])('%s is %s', (text, value) => {
    expect(set({ service_id: text }).deployment.serviceId).toBe(value);
  });

  it('prefers a group of the rule to a built-in name', () => {
    const match = { environment: '/^(?<service>review)/' };
    expect(set({ service: '{service}' }, review, match).deployment.service).toBe('review');
  });

  it('leaves the field unchanged if it cannot be computed, and reports it', () => {
    const { ref: _, ...without } = review;
    const routed = set(
      { service: '{branch}', service_id: 'x-{app}', tags: ['{branch}', 'eu'], tier: 'testing' },
      {
        ...without,
        tags: [],
      },
    );
    expect(routed.deployment).toMatchObject({
      service: 'lighthouse-api',
      tags: ['eu'],
      environment: { tier: 'testing' },
    });
    expect(routed.deployment.serviceId).toBeUndefined();
    expect(routed.deployment.original).toBeUndefined();
    expect(routed.trace).toEqual([
      'rules[0]: service not set from "{branch}": {branch} is not known; service_id not set from "x-{app}": {app} is not known; tier = testing; tag not set from "{branch}": {branch} is not known; tag = eu',
    ]);
  });

  it('is not computed from a group without a match, an empty group, or an unknown environment', () => {
    const match = { environment: '/^(?:review/(?<slug>x?)|other(?<branch>.))/' };
    expect(set({ service: '{slug}' }, review, match).deployment.service).toBe('lighthouse-api');
    expect(set({ service: 'a{branch}' }, review, match).deployment.service).toBe('lighthouse-api');
    const unknown = aDeployment({ environment: { name: 'unknown' } });
    expect(set({ service: '{environment}' }, unknown, {}).deployment.service).toBe('lighthouse-api');
  });

  it('has a length limit', () => {
    const doubling = Array.from({ length: 40 }, () => ({ set: { service: '{service}{service}' } }));
    expect(route(review, rules(...doubling)).deployment.service.length).toBeLessThanOrEqual(1_000);
  });
});

describe('names', () => {
  const options: RoutingOptions = {
    environments: NameMap.parse({ prd: 'production', Prod: 'production' }),
    services: NameMap.parse({ Beacon: 'lighthouse-api' }),
  };
  const prd = aDeployment({ environment: { name: 'PRD', tier: 'production' }, service: 'beacon' });

  it("are replaced before the rules see them, and the tool's name is kept", () => {
    const routed = route(prd, rules({ match: { environment: 'production', service: 'lighthouse-api' } }), options);
    expect(routed.matched).toEqual([0]);
    expect(routed.deployment).toMatchObject({
      environment: { name: 'production', tier: 'production' },
      service: 'lighthouse-api',
      original: { environment: 'PRD', service: 'beacon' },
    });
    expect(routed.trace).toEqual([
      'environments: environment = production (was PRD)',
      'services: service = lighthouse-api (was beacon)',
      'rules[0]: matched',
    ]);
  });

  it("keep the tool's first name, however often they change", () => {
    const list = rules({ set: { environment: 'live' } }, { set: { environment: 'live-eu', service: 'api' } });
    expect(route(prd, list, options).deployment.original).toEqual({ environment: 'PRD', service: 'beacon' });
  });

  it('that stay the same leave no trace', () => {
    const routed = route(aDeployment(), rules({ set: { environment: 'production' } }), options);
    expect(routed.deployment.original).toBeUndefined();
    expect(routed.trace).toEqual(['rules[0]: environment = production']);
  });

  it('that were not reported are not kept as original', () => {
    const unnamed = aDeployment({ environment: { name: 'unknown' } });
    const routed = route(unnamed, rules({ set: { environment: 'staging' } }, { set: { environment: 'staging-eu' } }));
    expect(routed.deployment).toMatchObject({ environment: { name: 'staging-eu' } });
    expect(routed.deployment.original).toBeUndefined();
  });

  it.each(['constructor', '__proto__', 'toString'])('such as %s are names like any other', (name) => {
    const odd = aDeployment({ environment: { name }, service: name });
    expect(route(odd, [], options).deployment).toEqual(odd);
  });
});

describe('change type and risk', () => {
  it('are set by a rule, whatever the tool or the history gave', () => {
    const back = aDeployment({ changeType: 'rollback', paths: ['db/migrations/7.sql'], riskLevel: 'low' });
    const list = rules({
      match: { path: '**/migrations/**' },
      set: { change_type: 'database_migration', risk_level: 'high' },
    });
    expect(route(back, list)).toMatchObject({
      deployment: { changeType: 'database_migration', riskLevel: 'high' },
      trace: ['rules[0]: risk_level = high (was low); change_type = database_migration (was rollback)'],
    });
  });

  it('stay unchanged if no rule sets them', () => {
    const back = aDeployment({ changeType: 'rollback' });
    const list = rules(
      { set: { risk_level: 'high' } },
      { match: { not: { change_type: 'rollback' } }, set: { change_type: 'scaling' } },
    );
    expect(route(back, list).deployment).toMatchObject({ changeType: 'rollback', riskLevel: 'high' });
  });
});

describe('the trace', () => {
  it('is one line for each matching rule: what was set, from what, and the previous value', () => {
    const routed = route(
      { ...review, environment: { name: 'review/\nlamp' } },
      rules(
        { name: 'silent' },
        { match: { environment: 'nowhere' }, set: { tier: 'testing' } },
        {
          match: { environment: '/(?<slug>lamp)/' },
          set: { service: '{service}-{slug}', environment: 'review' },
          sinks: [],
        },
        { name: 'noise', match: { service: '*-lamp' }, sinks: ['alert24'], drop: true },
      ),
    );
    expect(routed.trace).toEqual([
      'silent: matched',
      'rules[2]: service = lighthouse-api-lamp from "{service}-{slug}" (was lighthouse-api); environment = review (was review/ lamp); sinks = none',
      'noise: sinks = alert24; dropped',
    ]);
    expect(routed.matched).toEqual([0, 2, 3]);
  });
});
