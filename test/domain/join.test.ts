import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined, related } from '../../src/domain/join.ts';
import type { Member } from '../../src/domain/join-member.ts';

const MINUTE = 60_000;
const noon = Date.parse('2026-03-14T12:00:00.000Z');
const options = { mayJoin: () => true };

const base = { path: 'harbor/pay', environment: 'production', commit: 'a'.repeat(40), fromMs: noon };
const job = (key: string, said: Partial<Member> = {}): Member => ({
  ...base,
  key,
  order: 1,
  witness: 'job',
  source: 'forge',
  instance: 'forge',
  host: 'git.example.com',
  jobId: key,
  pipeline: '10',
  startKnown: true,
  toMs: noon + 3 * MINUTE,
  ...said,
});
const report = (key: string, said: Partial<Member> = {}): Member => ({
  ...base,
  key,
  order: 2,
  witness: 'report',
  source: 'curl',
  instance: 'curl',
  pipeline: '10',
  ...said,
});
const sync = (key: string, said: Partial<Member> = {}): Member => ({
  ...base,
  key,
  order: 3,
  witness: 'sync',
  source: 'gitops',
  instance: 'gitops',
  fromMs: noon + 5 * MINUTE,
  ...said,
});

/** The members by deployment, each deployment's first; the same for every order of asking. */
function deployments(...members: Member[]): string[] {
  const numbered = members.map((member, at) => ({ ...member, order: at }));
  const plan = joined(numbered, options);
  fc.assert(
    fc.property(fc.shuffledSubarray(numbered, { minLength: numbered.length }), (shuffled) => {
      expect(joined(shuffled, options)).toEqual(plan);
    }),
    { numRuns: 15 },
  );
  const groups = new Map<string, string[]>();
  for (const { key } of numbered) groups.set(plan.get(key) ?? '?', [...(groups.get(plan.get(key) ?? '?') ?? []), key]);
  return [...groups.values()].map((keys) => keys.join('+'));
}

describe("a job and the job's own post", () => {
  it('are one, whichever came first', () => {
    expect(deployments(job('j1'), report('c1'))).toEqual(['j1+c1']);
    expect(deployments(report('c1'), job('j1'))).toEqual(['c1+j1']);
  });

  it('are one by commit if the hook names no pipeline, and by pipeline if the post names no commit', () => {
    const { pipeline: _, ...hook } = job('j1');
    expect(deployments(hook, report('c1'))).toEqual(['j1+c1']);
    const { commit: __, environment: ___, ...vague } = report('c1');
    expect(deployments(job('j1'), vague)).toEqual(['j1+c1']);
    expect(deployments(hook, vague)).toEqual(['j1', 'c1']);
  });

  it('are one by commit where the post names no environment, unless it may be of several', () => {
    const { pipeline: _, ...hook } = job('j1');
    const { environment: __, ...vague } = report('c1');
    expect(deployments(hook, vague)).toEqual(['j1+c1']);
    expect(deployments(hook, job('j2', { environment: 'staging' }), vague)).toEqual(['j1', 'j2', 'c1']);
  });

  it.each([
    ['environment', { environment: 'staging' }],
    ['commit', { commit: 'b'.repeat(40) }],
    ['pipeline', { pipeline: '11' }],
    ['job', { jobId: 'j9' }],
    ['repository', { path: 'harbor/cart' }],
    ['host', { host: 'git.other.example' }],
  ])('are two when the %s differs', (_, said) => {
    expect(deployments(job('j1'), report('c1', said))).toEqual(['j1', 'c1']);
  });

  it('are one up to six hours after the end of the job if they share only the commit', () => {
    const { pipeline: _, ...post } = report('c1');
    const after = (minutes: number) => deployments(job('j1'), { ...post, fromMs: noon + (3 + minutes) * MINUTE });
    expect(after(360)).toEqual(['j1+c1']);
    expect(after(361)).toEqual(['j1', 'c1']);
  });

  it('are one at any time if they share the job or the pipeline', () => {
    const { commit: _, pipeline: __, ...vague } = report('c1', { fromMs: noon + 24 * 60 * MINUTE });
    expect(deployments(job('j1'), { ...vague, jobId: 'j1' })).toEqual(['j1+c1']);
    expect(deployments(job('j1'), { ...vague, pipeline: '10' })).toEqual(['j1+c1']);
  });

  it('are compared by path alone if the post names no host, with or without the root of the forge', () => {
    expect(deployments(job('j1', { path: 'git/harbor/pay' }), report('c1'))).toEqual(['j1+c1']);
    expect(deployments(job('j1', { path: 'x/harbor/pay' }), report('c1', { path: 'bor/pay' }))).toEqual(['j1', 'c1']);
  });

  it('are two where the configuration keeps their sources apart', () => {
    const apart = joined([job('j1'), report('c1')], { mayJoin: (a, b) => a === b });
    expect([...apart.values()]).toEqual(['j1', 'c1']);
  });
});

describe('two jobs of one pipeline to one environment', () => {
  const [cart, pay] = [job('j1', { job: 'deploy-cart' }), job('j2', { job: 'deploy-pay' })];

  it('stay two, and each post is joined with the job whose service or name it has', () => {
    expect(deployments(cart, pay, report('c1', { service: 'cart' }), report('c2', { service: 'pay' }))).toEqual([
      'j1+c1',
      'j2+c2',
    ]);
    expect(deployments(report('c2', { jobId: 'j2' }), cart, pay)).toEqual(['c2+j2', 'j1']);
    expect(deployments(cart, pay, report('c2', { job: 'deploy-pay' }))).toEqual(['j1', 'j2+c2']);
  });

  it("are distinguished by the job's id, before its name and its service", () => {
    const { jobId: _, ...unnumbered } = job('j2', { service: 'cart' });
    expect(deployments(job('j1'), unnumbered, report('c1', { jobId: 'j1', service: 'cart' }))).toEqual(['j1+c1', 'j2']);
  });

  it('are distinguished by what only one of them reports, if the post has it, too', () => {
    const posts = (said: Partial<Member>) => deployments(job('j1'), job('j2', said), report('c1', said));
    expect(posts({ job: 'deploy-pay' })).toEqual(['j1', 'j2+c1']);
    expect(posts({ service: 'pay' })).toEqual(['j1', 'j2+c1']);
    expect(deployments(job('j1'), job('j2', { service: 'pay' }), report('c1'))).toEqual(['j1', 'j2', 'c1']);
  });

  it('are distinguished by the id of the service that the job is named after', () => {
    const posts = [report('c1', { service: 'svc_cart' }), report('c2', { service: 'svc_pay' })];
    expect(deployments(cart, pay, ...posts)).toEqual(['j1+c1', 'j2+c2']);
  });

  it('are not guessed: a post that fits both is related to both', () => {
    const all = [cart, pay, report('c1')].map((member, order) => ({ ...member, order }));
    expect(deployments(...all)).toEqual(['j1', 'j2', 'c1']);
    expect(related('c1', all, options)).toEqual(['j1', 'j2']);
    expect(related('j1', all, options)).toEqual(['c1']);
    expect(related('c1', [...all, { ...job('j3'), path: 'harbor/cart', order: 3 }], options)).toEqual(['j1', 'j2']);
  });

  it('are distinguished by time if one is a rerun of the other', () => {
    const hours = 3 * 60 * MINUTE;
    const again = job('j2', { fromMs: noon + hours, toMs: noon + hours + MINUTE });
    const posts = [report('c1', { fromMs: noon + 2 * MINUTE }), report('c2', { fromMs: noon + hours + MINUTE })];
    expect(deployments(job('j1'), again, ...posts)).toEqual(['j1+c1', 'j2+c2']);
  });

  it('are distinguished by how they ended if a post says no other thing', () => {
    const [failed, retried] = [job('j1', { endedBadly: true }), job('j2', { endedWell: true })];
    const late = { fromMs: noon + 30 * MINUTE };
    expect(deployments(failed, retried, report('c1', { ...late, endedWell: true }))).toEqual(['j1', 'j2+c1']);
    expect(deployments(report('c1', { ...late, endedBadly: true }), failed, retried)).toEqual(['c1+j1', 'j2']);
    const both = report('c1', { endedBadly: true, endedWell: true });
    expect(deployments(failed, retried, both)).toEqual(['j1', 'j2+c1']);
    expect(deployments(failed, job('j2', { endedBadly: true }), report('c1', { endedBadly: true }))).toHaveLength(3);
    expect(deployments(failed, retried, report('c1'))).toHaveLength(3);
  });

  it('are two attempts where one ended well and the other did not, unless the job failed after its post', () => {
    const [failed, retried] = [job('j1', { endedBadly: true }), job('j2', { endedWell: true })];
    const bad = { endedBadly: true, endsOnce: true } as const;
    const good = { endedWell: true, endsOnce: true, fromMs: noon + 6 * MINUTE } as const;
    expect(deployments(failed, report('c1', good))).toEqual(['j1', 'c1']);
    expect(deployments(report('c1', bad), retried)).toEqual(['c1', 'j2']);
    expect(deployments(failed, report('c1', { ...good, fromMs: noon + 2 * MINUTE }))).toEqual(['j1+c1']);
    expect(deployments(retried, report('c1', { ...bad, jobId: 'j2' }))).toEqual(['j2+c1']);
    expect(deployments(failed, report('c1', { endedWell: true, fromMs: noon + 6 * MINUTE }))).toEqual(['j1+c1']);
    const posts = [bad, good].map((end, at) => report(`c${at}`, end));
    const events = [bad, good].map((end, at) => report(`e${at}`, { ...end, source: 'events', instance: 'events' }));
    expect(deployments(...posts, ...events)).toEqual(['c0+e0', 'c1+e1']);
    expect(deployments(...posts, ...events, retried, failed)).toEqual(['c0+e0+j1', 'c1+e1+j2']);
  });

  it('are distinguished by the service that has the name of its repository, if a job is named after it', () => {
    expect(deployments(cart, pay, report('c1', { namesake: 'pay' }))).toEqual(['j1', 'j2+c1']);
    expect(deployments(cart, job('j2', { job: 'deploy-till' }), report('c1', { namesake: 'pay' }))).toHaveLength(3);
  });

  it('are distinguished by elimination: a job that has a post of a source has no other one of it', () => {
    const posts = [report('c1'), report('c2', { service: 'cart' })];
    expect(deployments(cart, pay, ...posts)).toEqual(['j1+c2', 'j2+c1']);
    expect(deployments(cart, pay, job('j3', { job: 'deploy-till' }), ...posts)).toEqual(['j1+c2', 'j2', 'j3', 'c1']);
    expect(deployments(cart, pay, report('c1'), report('c2', { service: 'cart', instance: 'other' }))).toHaveLength(3);
  });

  it('are the nearest to a post that fits several attempts which ended alike, one after the other', () => {
    const attempt = (at: number) =>
      job(`j${at}`, { fromMs: noon + at * MINUTE, toMs: noon + (at + 2) * MINUTE, endedBadly: true });
    const failed = report('c1', { fromMs: noon + 2 * MINUTE, toMs: noon + 7 * MINUTE, endedBadly: true });
    const others = [attempt(5), { ...attempt(9), endedWell: true as const }];
    expect(deployments(attempt(0), ...others, failed)).toEqual(['j0+c1', 'j5', 'j9']);
    expect(deployments(attempt(0), attempt(5), { ...failed, fromMs: noon + 40 * MINUTE })).toEqual(['j0', 'j5+c1']);
  });

  it('are distinguished by which of them had begun when a post about an end came', () => {
    const [first, retry] = [job('j1', { fromMs: noon }), job('j2', { fromMs: noon + 3 * MINUTE })];
    const running = [first, retry].map(({ toMs: _, ...one }) => one);
    expect(deployments(...running, report('c1', { fromMs: noon, toMs: noon + 2 * MINUTE }))).toEqual(['j1+c1', 'j2']);
    expect(deployments(...running, report('c1', { fromMs: noon + 2 * MINUTE }))).toHaveLength(3);
  });

  it('two services that one job reports are separate from its own deployment', () => {
    expect(deployments(job('j1'), report('c1', { service: 'cart' }), report('c2', { service: 'pay' }))).toEqual([
      'j1',
      'c1',
      'c2',
    ]);
  });
});

describe('a job of a child pipeline', () => {
  const child = job('j1', { pipeline: '11', parent: '10' });

  it('is one with a post that names the parent, or the child itself', () => {
    const { commit: _, environment: __, ...vague } = report('c1');
    expect(deployments(child, vague)).toEqual(['j1+c1']);
    expect(deployments(child, { ...vague, pipeline: '11' })).toEqual(['j1+c1']);
    expect(deployments(child, { ...vague, pipeline: '12' })).toEqual(['j1', 'c1']);
  });

  it('is another one than a job of the parent, which has the posts that name the parent', () => {
    expect(deployments(child, job('j2'), report('c1'))).toEqual(['j1', 'j2+c1']);
    expect(deployments(child, job('j2', { pipeline: '12', parent: '10' }), report('c1'))).toHaveLength(3);
  });
});

describe('the steps of a stage', () => {
  const step = (key: string, said: Partial<Member> = {}) => job(key, { stage: '10:run:1', isPart: true, ...said });

  it("are one with the tool's report about the whole, and with their posts", () => {
    expect(deployments(step('s1'), step('s2'), report('c1'))).toEqual(['s1+s2+c1']);
    expect(deployments(step('s1'), step('s2'), step('w', { isPart: false }))).toEqual(['s1+s2+w']);
  });

  it('are another deployment when the stage runs again', () => {
    expect(deployments(step('s1'), step('s2', { stage: '10:run:2' }))).toEqual(['s1', 's2']);
  });

  it('are kept apart if the tool reports two wholes', () => {
    const wholes = [step('w1', { isPart: false }), step('w2', { isPart: false })];
    expect(deployments(step('s1'), step('s2'), ...wholes)).toEqual(['s1+s2', 'w1', 'w2']);
  });
});

describe('a job, its post and the event of a third tool', () => {
  const event = (said: Partial<Member> = {}) => report('e1', { source: 'events', instance: 'events', ...said });

  it('are one', () => {
    expect(deployments(event(), job('j1'), report('c1'))).toEqual(['e1+j1+c1']);
  });

  it('are one without the hook if each has one counterpart', () => {
    expect(deployments(event(), report('c1'))).toEqual(['e1+c1']);
    expect(deployments(event(), report('c1', { service: 'a' }), report('c2', { service: 'b' }))).toEqual([
      'e1',
      'c1',
      'c2',
    ]);
  });

  it('are one with other kinds of posts to the same source, and with a sync', () => {
    const posts = [event(), report('c1', { signal: 'row' }), report('c2', { signal: 'commit status' })];
    expect(deployments(...posts)).toEqual(['e1+c1+c2']);
    expect(deployments(...posts, job('j1'))).toEqual(['e1+c1+c2+j1']);
    expect(deployments(...posts, sync('s1'))).toEqual(['e1+c1+c2+s1']);
    expect(deployments(...posts, report('c3', { signal: 'row' }))).toHaveLength(4);
    expect(deployments(report('c1'), report('c2', { signal: 'row' }))).toEqual(['c1', 'c2']);
  });
});

describe('a job and the sync that it caused', () => {
  it('are one, in either order', () => {
    expect(deployments(job('j1'), sync('s1'))).toEqual(['j1+s1']);
    expect(deployments(sync('s1'), report('c1'), job('j1'))).toEqual(['s1+c1+j1']);
  });

  it.each([
    ['another commit', { commit: 'b'.repeat(40) }],
    ['another environment', { environment: 'staging' }],
  ])('are two with %s', (_, said) => {
    expect(deployments(job('j1'), sync('s1', said))).toEqual(['j1', 's1']);
  });

  it('are one from five minutes before the job until two hours after it', () => {
    const at = (minutes: number) => deployments(job('j1'), sync('s1', { fromMs: noon + minutes * MINUTE }));
    expect([-6, -5, 3 + 120, 3 + 121].map(at)).toEqual([['j1', 's1'], ['j1+s1'], ['j1+s1'], ['j1', 's1']]);
  });

  it('are related, and not joined, where there are several of either', () => {
    const all = [job('j1'), sync('s1'), sync('s2')].map((member, order) => ({ ...member, order }));
    expect(deployments(...all)).toEqual(['j1', 's1', 's2']);
    expect(related('j1', all, options)).toEqual(['s1', 's2']);
    expect(deployments(job('j1'), job('j2'), sync('s1'))).toEqual(['j1', 'j2', 's1']);
  });

  it.each([
    ['minutes', 20],
    ['a day', 24 * 60],
  ])('are distinguished by the time when the same commit is deployed again after %s', (_, minutes) => {
    const at = noon + minutes * MINUTE;
    const again = job('j2', { fromMs: at, toMs: at + 3 * MINUTE });
    const all = [job('j1'), sync('s1', { app: 'pay' }), again, sync('s2', { app: 'pay', fromMs: at + 2 * MINUTE })];
    expect(deployments(...all)).toEqual(['j1+s1', 'j2+s2']);
    const ends = all.map(({ startKnown: _start, ...member }) => member);
    expect(deployments(...ends)).toEqual(['j1+s1', 'j2+s2']);
  });

  it('are distinguished by the service that the application is, where jobs or posts name it', () => {
    const jobs = [job('j1', { job: 'deploy-cart' }), job('j2', { job: 'deploy-pay' })];
    const apps = ['cart', 'pay'].map((appService) => sync(`s-${appService}`, { app: appService, appService }));
    expect(deployments(...jobs, ...apps)).toEqual(['j1+s-cart', 'j2+s-pay']);
    const unnamed = [job('j1'), job('j2'), report('c1', { service: 'cart', jobId: 'j1' })];
    expect(deployments(...unnamed, ...apps)).toEqual(['j1+c1+s-cart', 'j2', 's-pay']);
    expect(deployments(job('j1', { job: 'deploy-cart' }), ...apps)).toEqual(['j1+s-cart', 's-pay']);
    expect(deployments(job('j1', { job: 'deploy-cart-and-pay' }), ...apps)).toHaveLength(3);
  });

  it('stay one when the same application is synced again later', () => {
    const [first, again] = [sync('s1', { app: 'pay' }), sync('s2', { app: 'pay', fromMs: noon + 50 * MINUTE })];
    expect(deployments(job('j1'), again, first)).toEqual(['j1+s1', 's2']);
    const { toMs: _, ...running } = job('j1');
    expect(deployments(running, again, first)).toEqual(['j1+s1', 's2']);
    expect(deployments(job('j1'), { ...first, app: 'pay-eu' }, again)).toHaveLength(3);
  });

  it('are not guessed where two jobs ran at the same time', () => {
    const other = job('j2', { fromMs: noon + 2 * MINUTE, toMs: noon + 4 * MINUTE });
    expect(deployments(job('j1'), other, sync('s1', { app: 'pay' }))).toEqual(['j1', 'j2', 's1']);
    const { startKnown: _, ...ended } = job('j2', { fromMs: noon + 4 * MINUTE, toMs: noon + 4 * MINUTE });
    expect(deployments(job('j1'), ended, sync('s1', { app: 'pay' }))).toEqual(['j1', 'j2', 's1']);
  });

  it('are one where only the end of the job is known, or a post came when the sync was over', () => {
    const { startKnown: _, ...ended } = job('j1', { fromMs: noon + 30 * MINUTE, toMs: noon + 30 * MINUTE });
    expect(deployments(ended, sync('s1'))).toEqual(['j1+s1']);
    expect(deployments(report('c1', { fromMs: noon + 50 * MINUTE }), sync('s1'))).toEqual(['c1+s1']);
    expect(deployments({ ...ended, startKnown: true }, sync('s1'))).toEqual(['j1', 's1']);
    expect(deployments(report('c1', { fromMs: noon + 66 * MINUTE }), sync('s1'))).toEqual(['c1', 's1']);
  });
});

describe('a rule', () => {
  it('joins signals with the same value, and keeps apart what must not be joined', () => {
    const unlike = { environment: 'eu', commit: 'c'.repeat(40) };
    expect(deployments(job('j1', { join: 'pay-7' }), sync('s1', { ...unlike, join: 'pay-7' }))).toEqual(['j1+s1']);
    expect(deployments(job('j1', { join: false }), report('c1'))).toEqual(['j1', 'c1']);
  });
});

describe('a post that names neither run nor commit', () => {
  const { commit: _, ...placeOnly } = base;
  const post = (key: string, minutes: number, said: Partial<Member> = {}): Member => ({
    ...placeOnly,
    key,
    order: 2,
    witness: 'report',
    source: 'curl',
    instance: 'curl',
    fromMs: noon + minutes * MINUTE,
    ...said,
  });

  it('belongs to the one job that deploys there at that time', () => {
    expect(deployments(job('1'), post('p', 2))).toEqual(['1+p']);
    expect(deployments(post('p', 4), job('1'))).toEqual(['p+1']);
    expect(deployments(job('1'), post('p', 2, { environment: 'staging' }))).toHaveLength(2);
    expect(deployments(job('1', { service: 'cart' }), post('p', 2, { service: 'pay' }))).toHaveLength(2);
  });

  it('belongs to a job that ended up to two minutes before', () => {
    expect(deployments(job('1'), post('p', 3 + 2))).toEqual(['1+p']);
    expect(deployments(job('1'), post('p', 3 + 3))).toHaveLength(2);
  });

  it('belongs to a job that still runs, for as long as one usually may', () => {
    const { toMs, endedBy, ...running } = job('1');
    expect(deployments(running, post('p', 30))).toEqual(['1+p']);
    expect(deployments({ ...running, endedBy: { 'forge/job hook': noon } }, post('p', 30))).toHaveLength(2);
    expect(deployments(running, post('p', 61))).toHaveLength(2);
  });

  it('is not guessed if there are two, unless it names the service of one', () => {
    const [cart, pay] = [job('1', { job: 'deploy-cart' }), job('2', { job: 'deploy-pay' })];
    expect(deployments(cart, pay, post('p', 2))).toHaveLength(3);
    expect(deployments(cart, pay, post('p', 2, { service: 'pay' }))).toEqual(['1', '2+p']);
  });

  it('is not one that names a run which the job does not', () => {
    const { pipeline: __, jobId: ___, ...hook } = job('1');
    expect(deployments(hook, post('p', 2))).toEqual(['1+p']);
    expect(deployments(hook, post('p', 2, { pipeline: '10' }))).toHaveLength(2);
    expect(deployments(hook, post('p', 2, { jobId: '1' }))).toHaveLength(2);
  });

  it('is not joined with a job of another environment, or with a post of another tool', () => {
    const { environment: __, ...nowhere } = post('p', 2);
    expect(deployments(job('1'), nowhere)).toHaveLength(2);
    expect(deployments(post('p', 1), report('e', { source: 'events', instance: 'events' }))).toHaveLength(2);
  });
});
