import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { BridgeSettings } from '../config/bridge-access.ts';
import type { FeedItem, FeedMeta } from '../http/answers/feed.ts';
import { askBridge, BridgeUnreachable, RequestRefused } from './call.ts';
import { type Output, widthOf } from './output.ts';
import { paintState, shownTime } from './show.ts';
import { oneLine, shorten } from './table.ts';

export interface TailOptions {
  /** How many past events are shown first. */
  readonly last: number;
  readonly json?: boolean;
}

const EVERY_MS = 1_000; // as a person reads
const PAGE = 500;

/** Until Ctrl-C, which is the regular end: exit code 0. */
export async function runTail(config: BridgeSettings, options: TailOptions): Promise<void> {
  const ended = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ended.abort());
  await tail(config, options, { signal: ended.signal }).catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
}

/**
 * One line for each webhook and delivery attempt, as they come, until the signal. The bridge numbers them, so that none
 * is missed or shown twice, even when it restarts meanwhile.
 * @throws BridgeUnreachable when none runs at first
 */
export async function tail(
  config: BridgeSettings,
  { last, json }: TailOptions,
  { signal, output = process }: { readonly signal: AbortSignal; readonly output?: Output },
): Promise<void> {
  const paint = paintState(output.stdout);
  let { items, meta } = await ask(config, `last=${last}`, signal);
  let away = false;
  while (!signal.aborted) {
    if (meta.gap) output.stderr.write('too many events at once: some are missing here\n');
    for (const item of items)
      output.stdout.write(json ? `${JSON.stringify(item)}\n` : `${lineOf(item, widthOf(output.stdout), paint)}\n`);
    if (!meta.more) await pause(signal);
    if (signal.aborted) return;
    const answer = await ask(config, `after=${meta.next}&limit=${PAGE}`, signal).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      return undefined;
    });
    if (!answer && !away && !signal.aborted) output.stderr.write('the bridge does not respond; waiting for it …\n');
    if (answer && away) output.stderr.write('the bridge is back\n');
    away = answer === undefined;
    [items, meta] = answer ? [answer.items, answer.meta] : [[], { ...meta, gap: false, more: false }];
  }
}

/** The bridge is restarting, or its Redis is away: both are temporary. */
const isPassing = (error: unknown) =>
  error instanceof BridgeUnreachable || (error instanceof RequestRefused && error.status === 503);

async function ask(config: BridgeSettings, query: string, signal: AbortSignal) {
  const { data, meta } = await askBridge(config, { method: 'GET', path: `/api/feed?${query}`, signal });
  return { items: data as FeedItem[], meta: meta as z.infer<typeof FeedMeta> }; // our own API
}

const pause = (signal: AbortSignal) => sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);

/** Columns: when, what, which one, the outcome, and why. */
function lineOf(item: FeedItem, width: number | undefined, paint: (word: string) => string): string {
  const { at, kind, name, word, rest } = item.kind === 'webhook' ? ofWebhook(item) : ofDelivery(item);
  const head = `${at ? shownTime(at) : ' '.repeat(19)}  ${kind.padEnd(8)}  ${oneLine(name).padEnd(12)}  `;
  const text = rest.flatMap((part) => (part ? [oneLine(part)] : [])).join('  ');
  const room = width === undefined ? undefined : Math.max(10, width - head.length - WORD - 2);
  return (
    `${head}${paint(word)}${' '.repeat(Math.max(0, WORD - word.length))}  ` +
    `${room === undefined ? text : shorten(text, room)}`
  );
}

/** The longest verdict, and the longest outcome. */
const WORD = 9;

interface Line {
  readonly at: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly word: string;
  readonly rest: readonly (string | undefined)[];
}

function ofWebhook({ webhook }: FeedItem & { kind: 'webhook' }): Line {
  if (!('verdict' in webhook))
    return { at: undefined, kind: 'webhook', name: '', word: '', rest: [`${webhook.id}, no longer in the inbox`] };
  const { receivedAt, source, verdict, reason, detail, deployments, id } = webhook;
  return { at: receivedAt, kind: 'webhook', name: source, word: verdict, rest: [id, reason, ...deployments, detail] };
}

function ofDelivery({ sink, deployment, attempt }: FeedItem & { kind: 'delivery' }): Line {
  const { at, outcome, state, words } = attempt;
  return { at, kind: 'delivery', name: sink, word: outcome, rest: [deployment, state, words] };
}
