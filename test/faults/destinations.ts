import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { SECRET } from '../support/bridge.ts';
import { ALERT24_KEY } from '../support/fake-alert24.ts';
import type { FakeServer, Fault } from '../support/fake-server.ts';
import { tally } from './checker.ts';
import { PROJECT } from './plan.ts';
import { percentile, type Shot, startProbe } from './prober.ts';
import { ms, type Run, type Scenario, until } from './scenario.ts';
import type { Stage } from './stage.ts';

const ALWAYS = 1_000_000;

const post = (fault: Fault): Fault => ({ times: ALWAYS, method: 'POST', ...fault });

const requestsSince = ({ requests }: FakeServer, atMs: number) => requests.filter((one) => one.atMs >= atMs);

/** Milliseconds from each acknowledged end to its change at Alert24. */
function deliveryTimes({ alert24 }: Stage, shots: readonly Shot[]): number[] {
  const madeMs = new Map(alert24.changes.map((change) => [change.external_id, Date.parse(change.created_at)]));
  return shots.flatMap(({ life, state, acked, sentAtMs }) => {
    const at = acked && state === 'succeeded' ? madeMs.get(life.externalId) : undefined;
    return at === undefined || at < sentAtMs ? [] : [at - sentAtMs];
  });
}

const Ready = z.object({
  sinks: z.record(z.string(), z.union([z.string(), z.object({ why: z.string(), until: z.string() })])),
});

async function holdOf(stage: Stage, sink: string): Promise<{ why: string; until: string } | undefined> {
  const { body } = await stage.get('/readyz');
  const hold = Ready.parse(body).sinks[sink];
  return typeof hold === 'object' ? hold : undefined;
}

async function deadLetters(stage: Stage, sink: string): Promise<number> {
  const pattern = new RegExp(`^shiplog_dead_letters\\{queue="forward-${sink}"\\} (\\d+)`, 'm');
  return Number(pattern.exec((await stage.metrics()) ?? '')?.[1] ?? 0);
}

/** F17: gone in each of its ways. */
export const alert24Down: Scenario = (run) =>
  run.on({ alert24: { timeout_seconds: 2 } }, async (stage) => {
    const downMs = run.long ? 300_000 : 5_000;
    const probe = startProbe(run.plan().events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(300 + run.random() * 500);
    const { alert24 } = stage;
    const atMs = Date.now();
    alert24.inject(post({ kind: 'status', status: 503, body: 'down for maintenance' }));
    await wait(downMs / 3);
    await alert24.down();
    await wait(downMs / 3);
    alert24.heal();
    await alert24.up();
    alert24.inject(post({ kind: 'cut' }));
    await wait(downMs / 3);
    const probes = requestsSince(alert24, atMs);
    const lastMinute = requestsSince(alert24, Date.now() - 60_000).length;
    if (run.long) run.check(lastMinute <= 1, `${lastMinute} requests in the last minute of the outage, one allowed`);
    run.check(probes.length <= 60, `${probes.length} requests in ${downMs / 1000} s of the outage`);
    alert24.heal();
    const healedMs = performance.now();
    await probe.done;
    const done = await tally(stage, probe.shots, { withinMs: 300_000 });
    run.onTime(performance.now() - healedMs <= 300_000, 'not all was delivered within 5 min');
    run.check((await deadLetters(stage, 'alert24')) === 0, 'there are dead letters');
    run.note(
      `${probes.length} requests in ${downMs / 1000} s; all delivered ${ms(performance.now() - healedMs)} after the return`,
    );
    return done;
  });

/** F18: every tenth a 500 (some after the work), every tenth cut after the work. */
export const alert24Lossy: Scenario = (run) =>
  run.on({}, async (stage) => {
    stage.alert24.inject(
      post({ kind: 'status', status: 500, every: 20 }),
      post({ kind: 'wrong-reply', status: 500, every: 20 }),
      post({ kind: 'lost-reply', every: 10 }),
    );
    const probe = startProbe(run.plan().events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const done = await tally(stage, probe.shots, { withinMs: 120_000 });
    run.note(`all delivered ${ms(done.settledMs)} after the last webhook`);
    return done;
  });

/** F19: the work is done and nobody hears of it; the list tells. */
export const ambiguousWithList: Scenario = (run) =>
  run.on({}, async (stage) => {
    for (const fake of [stage.alert24, stage.gitlab])
      fake.inject(post({ kind: 'lost-reply', ratio: 0.3 }), post({ kind: 'wrong-reply', status: 502, ratio: 0.1 }));
    const plan = run.plan({ events: 200 });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: 100 });
    await probe.done;
    await wait(1_500);
    stage.alert24.heal();
    stage.gitlab.heal();
    return tally(stage, probe.shots, { withinMs: 120_000 });
  });

/** F19 without a list: Alert24 cannot say, so that a second change is made and marked. */
export const ambiguousWithoutList: Scenario = (run) =>
  run.on({}, async (stage) => {
    stage.alert24.options.list = 'off';
    stage.alert24.inject({ kind: 'lost-reply', method: 'POST', every: 5, times: 20 });
    const plan = run.plan({ events: 200, kinds: ['gitlab'] });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: 100 });
    await probe.done;
    const done = await tally(stage, probe.shots, { withinMs: 120_000 });
    const lost = stage.alert24.requests.filter(
      ({ method, status }) => method === 'POST' && status === undefined,
    ).length;
    const marked = stage.alert24.changes.filter(({ tags = [] }) => tags.includes('possible-duplicate')).length;
    run.check(done.duplicate <= lost, `${done.duplicate} doubled by ${lost} lost answers`);
    run.check(marked >= done.duplicate, `${done.duplicate} doubled, only ${marked} marked`);
    run.note(`${lost} answers lost without a list: ${done.duplicate} doubled, ${marked} marked`);
    return { ...done, allowed: { duplicate: lost } };
  });

/** F20: Alert24 asks for calm in every way there is; GitLab is notified on time. */
export const tooManyRequests: Scenario = (run) =>
  run.on({}, async (stage) => {
    const { alert24, gitlab } = stage;
    const shots: Shot[] = [];
    const asked = run.long ? 30 : 2;
    const ways: [string, () => string, number][] = [
      ['seconds', () => String(asked), asked * 1000],
      ['a date', () => new Date(Date.now() + (asked + 1) * 1000).toUTCString(), asked * 1000],
      ['garbage', () => 'soon', 0],
    ];
    let from = 1;
    for (const [name, words, leastMs] of ways) {
      const fault = post({ kind: 'status', status: 429, headers: { 'retry-after': words() }, times: 3 });
      alert24.inject(fault);
      const atMs = Date.now();
      const plan = run.plan({ events: 40, kinds: ['changes'], from, failing: 0 });
      from += 10_000;
      const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
      await probe.done;
      shots.push(...probe.shots);
      const told = await until(
        () =>
          plan.lives.every(({ sha }) => gitlab.deployments.some((row) => row.sha === sha && row.status === 'success')),
        { withinMs: 3_000 },
      );
      run.check(told !== undefined, `${name}: GitLab was held as well`);
      await until(
        () =>
          alert24.changes.length > 0 &&
          plan.lives.every(({ externalId }) => alert24.changes.some((change) => change.external_id === externalId)),
        { withinMs: asked * 1000 + 20_000 },
      );
      calmKept(run, { name, alert24, atMs, leastMs });
      alert24.heal();
    }
    const done = await tally(stage, shots);
    await capped(run, stage);
    return done;
  });

/** From the first 429 to the next request that was not already under way. */
function calmKept(
  run: Run,
  { name, alert24, atMs, leastMs }: { name: string; alert24: FakeServer; atMs: number; leastMs: number },
) {
  const posts = requestsSince(alert24, atMs).filter(({ method }) => method === 'POST');
  const firstMs = posts.find(({ status }) => status === 429)?.atMs ?? atMs;
  const UNDER_WAY_MS = 250;
  const next = posts.find((one) => one.atMs > firstMs + UNDER_WAY_MS);
  const kept = (next?.atMs ?? Number.POSITIVE_INFINITY) - firstMs;
  run.check(kept >= leastMs - 100, `${name}: asked again after ${ms(kept)}, ${ms(leastMs)} wished`);
  run.note(`${name}: asked again after ${ms(kept)}`);
}

async function capped(run: Run, stage: Stage): Promise<void> {
  stage.alert24.inject(post({ kind: 'status', status: 429, headers: { 'retry-after': '31536000' } }));
  const plan = run.plan({ events: 4, kinds: ['gitlab'], failing: 0, from: 90_000 });
  await startProbe(plan.events, { urls: stage.urls, perSecond: 100 }).done;
  const seen = await until(async () => (await holdOf(stage, 'alert24')) !== undefined, { withinMs: 5_000 });
  const hold = await holdOf(stage, 'alert24');
  const holdMs = Date.parse(hold?.until ?? '') - Date.now();
  run.check(seen !== undefined && holdMs <= 3_600_000, `a year: held for ${hold?.until}`);
  run.note(`a year: held for ${Math.round(holdMs / 60_000)} min`);
}

/** F21: a key that is no longer valid, and one that is again. */
export const keyExpires: Scenario = (run) =>
  run.on({}, async (stage) => {
    const { alert24 } = stage;
    const probe = startProbe(run.plan().events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(500 + run.random() * 500);
    const atMs = Date.now();
    alert24.options.apiKey = 'ak_live_another';
    await probe.done;
    const pauseMs = run.long ? 60_000 : 3_000;
    await wait(pauseMs);
    const refused = requestsSince(alert24, atMs).filter(({ status }) => status === 401);
    // Before the first pause: later ones are the probes that notice the new key.
    const atOnce = refused.filter((one) => one.atMs - (refused[0]?.atMs ?? 0) < 5_000).length;
    run.check(atOnce <= 3, `${atOnce} attempts with a refused key before the pause, 3 allowed`);
    alert24.options.apiKey = ALERT24_KEY;
    const healedMs = performance.now();
    const before = alert24.changes.length;
    const backMs = await until(() => alert24.changes.length > before, { withinMs: 30_000 });
    run.onTime(backMs !== undefined && backMs <= 10_500, `resumed after ${backMs && ms(backMs)}, 10 s allowed`);
    const done = await tally(stage, probe.shots);
    run.check((await deadLetters(stage, 'alert24')) === 0, 'there are dead letters');
    run.note(
      `${atOnce} attempts before the pause; resumed after ${backMs && ms(backMs)}; all there after ${ms(performance.now() - healedMs)}`,
    );
    return done;
  });

/** F22: one in a hundred is refused for good. */
export const poison: Scenario = (run) =>
  run.on({}, async (stage) => {
    const bad = (number: number) => number % 100 === 7 && number < 900_000;
    const plan = run.plan({ kinds: ['changes'], failing: 0 });
    const poisonous = plan.lives.filter(({ number }) => bad(number));
    const status = run.random() < 0.5 ? 400 : 422;
    const text = /"external_id":"run-(\d{0,3}0)?7"/;
    const warm = await warmUp(run, stage);
    stage.alert24.inject(
      post({ kind: 'status', status, text, body: { error: { type: 'validation_error', message: 'no', status } } }),
    );
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const excused = ({ number }: { number: number }) => bad(number);
    const done = await tally(stage, [...warm, ...probe.shots], { excused });
    const posts = stage.alert24.requests.filter(({ method, text: body }) => method === 'POST' && text.test(body));
    const dead = await deadLetters(stage, 'alert24');
    run.check(posts.length === poisonous.length, `${posts.length} requests for ${poisonous.length} poisonous records`);
    run.check(dead === poisonous.length, `${dead} dead letters, not ${poisonous.length}`);
    const p99 = percentile(deliveryTimes(stage, probe.shots), 0.99);
    run.onTime(p99 <= 1_000, `the others were delivered after ${ms(p99)} (p99), 1 s allowed`);
    run.note(`${poisonous.length} poisonous (${status}), ${dead} dead letters; p99 of the others ${ms(p99)}`);
    return done;
  });

/** The first second of a process is slow, and says nothing of a fault. */
async function warmUp(run: Run, stage: Stage): Promise<readonly Shot[]> {
  const { events } = run.plan({ events: run.perSecond * 2, kinds: ['changes'], failing: 0, from: 900_000 });
  const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
  await probe.done;
  await tally(stage, probe.shots);
  return probe.shots;
}

const Delivered = z.object({
  data: z.object({
    deliveries: z.array(
      z.object({ sink: z.string(), attempts: z.array(z.object({ words: z.string(), status: z.number().optional() })) }),
    ),
  }),
});

interface Refusal {
  readonly id: string;
  readonly project: string;
  readonly environment?: string;
  readonly sha: string;
  readonly says: RegExp;
}

const hex = (digit: string) => digit.repeat(40);

const REFUSALS: readonly Refusal[] = [
  { id: 'unknown-sha', project: PROJECT.path, sha: hex('d'), says: /no commit/i },
  { id: 'no-project', project: 'harbor/nowhere', sha: hex('a'), says: /not found/i },
  { id: 'reporter', project: 'harbor/readonly', sha: hex('b'), says: /403.*Developer/i },
  { id: 'protected', project: 'harbor/guarded', environment: 'vault', sha: hex('c'), says: /403.*protected/i },
];

/** F23: each of GitLab's refusals is final, is tried once, and says what to do. A step to the same status is no failure. */
export const gitlabRules: Scenario = (run) =>
  run.on({}, async (stage) => {
    const { gitlab } = stage;
    gitlab.options.projects = [
      { ...PROJECT, missing: [hex('d')] },
      { id: 78, path: 'harbor/readonly', acceptAnySha: true, role: 'reporter' },
      { id: 79, path: 'harbor/guarded', acceptAnySha: true, protectedEnvironments: ['vault'] },
    ];
    for (const refusal of REFUSALS) await send(stage, refusal);
    // The answer to the last step is lost: it is asked for again, and GitLab refuses a step to the same status.
    gitlab.inject({ kind: 'lost-reply', method: 'PUT', every: 3, times: ALWAYS });
    const probe = startProbe(run.plan({ events: 150, kinds: ['changes'] }).events, {
      urls: stage.urls,
      perSecond: 100,
    });
    await probe.done;
    gitlab.heal();
    const dead = await until(async () => (await deadLetters(stage, 'gitlab')) === REFUSALS.length, {
      withinMs: 20_000,
    });
    run.check(dead !== undefined, `${await deadLetters(stage, 'gitlab')} dead letters, not ${REFUSALS.length}`);
    for (const refusal of REFUSALS) await refusedOnce(run, stage, refusal);
    const done = await tally(stage, probe.shots);
    const names = new Set(REFUSALS.map(({ id }) => `changes:${id}`));
    const ids = new Set(REFUSALS.map(({ id }) => id));
    return { ...done, wrong: done.wrong.filter((words) => ![...names, ...ids].some((name) => words.includes(name))) };
  });

async function send({ urls }: Stage, { id, project, sha, environment = 'production' }: Refusal): Promise<void> {
  await fetch(`${urls[0]}/webhooks/changes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({
      summary: `Deployed ${id}`,
      external_id: id,
      environment,
      branch: 'main',
      commit_sha: sha,
      gitlab_project: project,
      status: 'succeeded',
    }),
  });
}

async function refusedOnce(run: Run, stage: Stage, { id, says, sha }: Refusal): Promise<void> {
  const { body } = await stage.get(`/api/deployments/${encodeURIComponent(`changes:${id}`)}`);
  const parsed = Delivered.safeParse(body).data;
  const attempts = parsed?.data.deliveries.find(({ sink }) => sink === 'gitlab')?.attempts ?? [];
  const words = attempts[0]?.words ?? 'nothing';
  run.check(says.test(words), `${id}: says "${words}"`);
  run.check(attempts.length === 1, `${id}: ${attempts.length} attempts`);
  const creates = stage.gitlab.requests.filter(({ method, text }) => method === 'POST' && text.includes(sha)).length;
  run.check(creates === 1, `${id}: ${creates} requests to create it`);
}

/** F24: GitLab takes 30 s for everything; Alert24 must not notice. */
export const gitlabSlow: Scenario = (run) =>
  run.on({}, async (stage) => {
    const warm = await warmUp(run, stage);
    const first = run.plan({ events: run.perSecond * 2, kinds: ['changes'] });
    const sound = startProbe(first.events, { urls: stage.urls, perSecond: run.perSecond });
    await sound.done;
    await tally(stage, sound.shots);
    const normal = percentile(deliveryTimes(stage, sound.shots), 0.99);
    stage.gitlab.inject({ kind: 'delay', ms: 30_000, times: ALWAYS });
    const plan = run.plan({ kinds: ['changes'], from: 50_000 });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    await wait(1_000);
    const slow = percentile(deliveryTimes(stage, probe.shots), 0.99);
    run.onTime(slow <= 2 * normal + 100, `Alert24 is notified after ${ms(slow)} (p99), ${ms(normal)} before`);
    run.note(`Alert24 is notified after ${ms(normal)} (p99), with a slow GitLab after ${ms(slow)}`);
    stage.gitlab.heal();
    return tally(stage, [...warm, ...sound.shots, ...probe.shots], { withinMs: 180_000 });
  });

/** F27: GitLab tells us of what we wrote there. */
export const echo: Scenario = (run) =>
  run.on({}, async (stage) => {
    const { gitlab } = stage;
    gitlab.options.hooks = { url: `${stage.urls[0]}/webhooks/gitlab`, token: SECRET, maxDelayMs: 200 };
    const plan = run.plan({ events: run.perSecond * (run.long ? 600 : 3), kinds: ['changes'] });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    await tally(stage, probe.shots);
    await gitlab.hooksSettled();
    const writes = gitlab.deployments.reduce((sum, { history }) => sum + history.length, 0);
    const done = await tally(stage, probe.shots);
    const unanswered = gitlab.hooks.filter(({ status }) => status !== 202).length;
    run.check(gitlab.hooks.length <= writes, `${gitlab.hooks.length} hooks for ${writes} writes`);
    run.check(unanswered === 0, `${unanswered} hooks without a 202: GitLab would disable the hook`);
    run.check(done.recorded === new Set(probe.shots.map(({ life }) => life.key)).size, 'an echo became a change');
    run.note(`${writes} writes, ${gitlab.hooks.length} hooks, none recorded`);
    return done;
  });
