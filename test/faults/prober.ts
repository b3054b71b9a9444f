import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type Told, toRequest } from './plan.ts';

/** One webhook that was sent, and what came back. */
export interface Shot extends Told {
  /** Epoch milliseconds. */
  sentAtMs: number;
  /** Of the last try. Undefined: no answer. */
  status: number | undefined;
  /** Of the last try, milliseconds to the answer or to its absence. */
  ms: number;
  tries: number;
  /** Of all tries that had an answer. */
  readonly statuses: number[];
  acked: boolean;
}

export interface ProbeWishes {
  /** Where the bridges are: one after the other, as a load balancer does. One that refuses connections is passed over. */
  readonly urls: readonly string[];
  readonly perSecond: number;
  /** `never`: GitLab. `on-failure`: whoever uses `curl --retry`, up to 20 times. Default never. */
  readonly retry?: 'never' | 'on-failure';
  /** How long an answer is waited for. GitLab: 10 s. */
  readonly patienceMs?: number;
}

export interface Probe {
  readonly shots: readonly Shot[];
  /** Requests that have no answer yet. */
  underWay(): number;
  mostUnderWay(): number;
  /** Sends nothing more. */
  stop(): void;
  /** When everything is sent and answered. */
  readonly done: Promise<void>;
}

const RETRIES = 20;
const RETRY_AFTER_MS = 250;

/** Sends webhooks at their rate, whether or not the earlier ones are answered: that is how tools behave. */
export function startProbe(events: readonly Told[], wishes: ProbeWishes): Probe {
  const agent = new Agent({ connections: 1_000, keepAliveTimeout: 2_000, connect: { timeout: 3_000 } });
  const shots: Shot[] = [];
  const underWay = new Set<Promise<void>>();
  let stopped = false;
  let most = 0;
  const run = async () => {
    const startMs = performance.now();
    for (const [index, event] of events.entries()) {
      const dueInMs = startMs + (index / wishes.perSecond) * 1000 - performance.now();
      if (dueInMs > 1) await wait(dueInMs);
      if (stopped) break;
      const shot: Shot = { ...event, sentAtMs: 0, status: undefined, ms: 0, tries: 0, statuses: [], acked: false };
      shots.push(shot);
      const sending = send(shot, { ...wishes, agent, first: index }).finally(() => underWay.delete(sending));
      underWay.add(sending);
      most = Math.max(most, underWay.size);
    }
    await Promise.all(underWay);
    await agent.close();
  };
  const stop = () => {
    stopped = true;
  };
  return { shots, underWay: () => underWay.size, mostUnderWay: () => most, stop, done: run() };
}

interface Sending extends ProbeWishes {
  readonly agent: Agent;
  /** Which of the bridges is asked first. */
  readonly first: number;
}

async function send(shot: Shot, sending: Sending): Promise<void> {
  const tries = sending.retry === 'on-failure' ? RETRIES : 1;
  for (let left = tries; left > 0 && !shot.acked; left -= 1) {
    if (shot.tries > 0) await wait(RETRY_AFTER_MS);
    await sendOnce(shot, sending);
  }
}

async function sendOnce(shot: Shot, { urls, agent, first, patienceMs = 10_000 }: Sending): Promise<void> {
  const { path, headers, body } = toRequest(shot);
  shot.tries += 1;
  shot.sentAtMs = Date.now();
  shot.status = undefined;
  const startMs = performance.now();
  for (const [step] of urls.entries()) {
    const url = urls[(first + shot.tries + step) % urls.length];
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const answer = await request(`${url}${path}`, { method: 'POST', headers, body, dispatcher: agent, signal });
      await answer.body.dump();
      shot.status = answer.statusCode;
      shot.statuses.push(answer.statusCode);
    } catch (error) {
      if (wasRefused(error)) continue; // never sent: another replica may take it
    }
    break;
  }
  shot.ms = performance.now() - startMs;
  shot.acked = shot.status !== undefined && shot.status >= 200 && shot.status < 300;
}

const wasRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';

/** The time within which this share of the answers came. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
