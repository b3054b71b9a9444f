import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { State } from '../../src/domain/change-record.ts';
import type { Life } from './plan.ts';
import type { Shot } from './prober.ts';
import { type Stage, spoolFiles } from './stage.ts';

/** What a run counted. Sent and acked are webhooks; recorded are deployments, delivered what the destinations hold. */
export interface Tally {
  readonly sent: number;
  readonly acked: number;
  readonly recorded: number;
  readonly delivered: number;
  /** Acknowledged webhooks that the change log does not show, and acknowledged ends that a destination lacks. */
  readonly lost: number;
  /** What a destination holds beyond one for each deployment. */
  readonly duplicate: number;
  /** What contradicts the rules in other ways: a wrong final state, a change for what did not succeed. */
  readonly wrong: readonly string[];
  /** From the first thing that was asked to the last that came. */
  readonly settledMs: number;
}

export interface Settling {
  /** Default 60 s. */
  readonly withinMs?: number;
  /** Deployments that a destination refuses on purpose. */
  readonly excused?: (life: Life) => boolean;
  /** Keys of deployments that were there before. */
  readonly others?: ReadonlySet<string>;
}

const RECORDS_LOOKED_AT = 600;
const SHOWN = 5;

/** Waits until all is delivered and the queues are empty, or for so long; then compares the sets. */
export async function tally(stage: Stage, shots: readonly Shot[], settling: Settling = {}): Promise<Tally> {
  const expected = expectedOf(shots);
  const wanted = [...expected.values()].filter(({ life }) => !settling.excused?.(life));
  const settledMs = await settle(stage, wanted, settling.withinMs ?? 60_000);
  const all = await readChanges(stage);
  const recorded = new Map([...all].filter(([key]) => !settling.others?.has(key)));
  const unrecorded = await findUnrecorded(stage, { expected, recorded });
  const undelivered = wanted.flatMap((one) => missingAt(stage, one));
  const told = new Map(shots.map(({ life }) => [life.key, life]));
  return {
    sent: shots.length,
    acked: shots.filter(({ acked }) => acked).length,
    recorded: recorded.size,
    delivered: stage.alert24.changes.length + stage.gitlab.deployments.length,
    lost: unrecorded.length + undelivered.length,
    duplicate: duplicatesAt(stage),
    wrong: [
      ...shown('never recorded', unrecorded),
      ...shown('never delivered', undelivered),
      ...shown('wrong state', wrongStates(told, { expected, recorded })),
      ...shown(
        'told of no success',
        aliens(stage, told).filter((id) => !settling.others?.has(id.replace(/:succeeded$/, ''))),
      ),
    ],
    settledMs,
  };
}

interface Expected {
  readonly life: Life;
  /** The states that were acknowledged. */
  readonly states: ReadonlySet<State>;
}

type ByKey = ReadonlyMap<string, Expected>;

function expectedOf(shots: readonly Shot[]): ByKey {
  const expected = new Map<string, { life: Life; states: Set<State> }>();
  for (const { life, state, acked } of shots) {
    if (!acked) continue;
    const one = expected.get(life.key) ?? { life, states: new Set() };
    expected.set(life.key, one);
    one.states.add(state);
  }
  return expected;
}

const shown = (what: string, keys: readonly string[]): string[] =>
  keys.length === 0 ? [] : [`${what}: ${keys.length} (${keys.slice(0, SHOWN).join(', ')})`];

async function settle(stage: Stage, wanted: readonly Expected[], withinMs: number): Promise<number> {
  const startMs = performance.now();
  const passedMs = () => performance.now() - startMs;
  let quiet = 0;
  while (passedMs() < withinMs && quiet < 2) {
    const all = wanted.every((one) => missingAt(stage, one).length === 0);
    quiet = all && (await backlog(stage)) === 0 ? quiet + 1 : 0;
    await wait(150);
  }
  return passedMs();
}

/** Jobs that wait or are under way, and files in the spools of all bridges that run. Undefined: nobody can say. */
export async function backlog(stage: Stage): Promise<number | undefined> {
  const text = await stage.metrics();
  const jobs = [...(text ?? '').matchAll(/^shiplog_queue_jobs\{.*\} (\d+)$/gm)];
  if (jobs.length === 0) return undefined;
  const spooled = stage.replicas.filter((replica) => replica.isRunning()).flatMap(spoolFiles);
  return jobs.reduce((sum, [, count]) => sum + Number(count), spooled.length);
}

const STATUS_AT_GITLAB: Readonly<Record<State, string>> = {
  pending: 'created',
  running: 'running',
  succeeded: 'success',
  failed: 'failed',
  canceled: 'canceled',
};

/** Which destinations lack what they should hold of this deployment. */
function missingAt(stage: Stage, { life, states }: Expected): string[] {
  const ended = states.has(life.end);
  const atAlert24 = indexOf(stage).alert24.get(life.externalId) ?? 0;
  const atGitlab = indexOf(stage).gitlab.get(life.sha) ?? [];
  const lacksAlert24 = ended && life.end === 'succeeded' && atAlert24 === 0;
  const status = STATUS_AT_GITLAB[ended ? life.end : 'running'];
  // A webhook that was not acknowledged may have been kept all the same: a later status is no loss.
  const lacksGitlab =
    life.kind === 'changes' && !atGitlab.some((row) => row === status || row === STATUS_AT_GITLAB[life.end]);
  return [...(lacksAlert24 ? [`alert24 ${life.key}`] : []), ...(lacksGitlab ? [`gitlab ${life.key}`] : [])];
}

interface Index {
  readonly alert24: ReadonlyMap<string, number>;
  /** The statuses by commit: each deployment has a commit of its own. */
  readonly gitlab: ReadonlyMap<string, readonly string[]>;
}

const indexes = new WeakMap<Stage, { atMs: number; index: Index }>();
const INDEX_KEPT_MS = 50;

/** Read anew when it is older than a moment: thousands are looked up at once. */
function indexOf(stage: Stage): Index {
  const kept = indexes.get(stage);
  if (kept && performance.now() - kept.atMs < INDEX_KEPT_MS) return kept.index;
  const alert24 = new Map<string, number>();
  for (const { external_id = '' } of stage.alert24.changes)
    alert24.set(external_id, (alert24.get(external_id) ?? 0) + 1);
  const gitlab = new Map<string, string[]>();
  for (const { sha, status } of stage.gitlab.deployments) gitlab.set(sha, [...(gitlab.get(sha) ?? []), status]);
  const index = { alert24, gitlab };
  indexes.set(stage, { atMs: performance.now(), index });
  return index;
}

function duplicatesAt(stage: Stage): number {
  indexes.delete(stage);
  const { alert24, gitlab } = indexOf(stage);
  const beyond = (counts: Iterable<number>) => [...counts].reduce((sum, count) => sum + count - 1, 0);
  return beyond(alert24.values()) + beyond([...gitlab.values()].map((rows) => rows.length));
}

/** Changes at Alert24 of deployments that did not succeed, or that nobody sent. */
function aliens(stage: Stage, told: ReadonlyMap<string, Life>): string[] {
  const succeeded = new Set([...told.values()].filter(({ end }) => end === 'succeeded').map((life) => life.externalId));
  return [...indexOf(stage).alert24.keys()].filter((id) => !succeeded.has(id));
}

const ChangesPage = z.object({
  data: z.array(z.object({ deployment: z.string(), status: z.string() })),
  meta: z.object({ has_more: z.boolean() }),
});

/** The whole change log: deployment → state. */
export async function readChanges(stage: Stage): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  for (let offset = 0, more = true; more; offset += 100) {
    const { status, body } = await stage.get(`/api/v1/changes?limit=100&offset=${offset}`);
    const running = stage.replicas.filter((replica) => replica.isRunning()).length;
    if (status !== 200)
      throw new Error(`the change log answers ${status} (${running} bridges run): ${JSON.stringify(body)}`);
    const page = ChangesPage.parse(body);
    for (const change of page.data) states.set(change.deployment, change.status);
    more = page.meta.has_more;
  }
  return states;
}

interface Known {
  readonly expected: ByKey;
  readonly recorded: ReadonlyMap<string, string>;
}

const Described = z.object({ data: z.object({ records: z.array(z.object({ state: z.string() })) }) });

/** Acknowledged webhooks of which the change log holds no record; of many deployments a part is looked at in full. */
async function findUnrecorded(stage: Stage, { expected, recorded }: Known): Promise<string[]> {
  const absent = [...expected.values()].filter(({ life }) => !recorded.has(life.key));
  const there = [...expected.values()].filter(({ life }) => recorded.has(life.key));
  const every = Math.max(1, Math.floor(there.length / RECORDS_LOOKED_AT));
  const looked = there.filter((_, index) => index % every === 0);
  const found: string[] = [];
  const lane = async () => {
    for (let one = looked.pop(); one; one = looked.pop()) {
      const { body } = await stage.get(`/api/deployments/${encodeURIComponent(one.life.key)}`);
      const known = new Set(Described.parse(body).data.records.map(({ state }) => state));
      for (const state of one.states) if (!known.has(state)) found.push(`${one.life.key} ${state}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return [...absent.flatMap(({ life, states }) => [...states].map((state) => `${life.key} ${state}`)), ...found];
}

const RANK: Readonly<Record<string, number>> = { pending: 0, running: 1, succeeded: 2, failed: 2, canceled: 2 };

/** The final state must be the highest that was acknowledged; one that was sent without an answer may have come in too. */
function wrongStates(told: ReadonlyMap<string, Life>, { expected, recorded }: Known): string[] {
  return [...recorded].flatMap(([key, state]) => {
    const life = told.get(key);
    if (!life) return [`${key} was never sent`];
    const least = Math.max(-1, ...[...(expected.get(key)?.states ?? [])].map((one) => RANK[one] ?? 0));
    const fits = (state === 'running' || state === life.end) && (RANK[state] ?? -1) >= least;
    return fits ? [] : [`${key} is ${state}, not ${life.end}`];
  });
}
