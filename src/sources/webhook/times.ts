import type { State } from '../../domain/change-record.ts';
import type { Json } from '../../values/json.ts';
import { toIso } from '../../values/time.ts';
import type { Webhook } from '../received-webhook.ts';
import type { Values } from './field-names.ts';
import { textOf } from './text-of.ts';

interface Context {
  readonly webhook: Webhook;
  readonly notes: string[];
  readonly isFinal: boolean;
}

/** When it happened: the sender's time, else that of the receipt. */
export function timesOf(values: Values, state: State, { webhook, notes, isFinal }: Context) {
  const receivedAt = webhook.receivedAt.toISOString();
  const timeAt = (name: 'occurred_at' | 'started_at' | 'finished_at') => {
    const value = values[name];
    const time = readTime(value);
    if (time === undefined && textOf(value) !== undefined) notes.push(`${name} is no time with a zone: left out`);
    return time;
  };
  const startedAt = timeAt('started_at');
  const ended = timeAt('finished_at');
  const finishedAt = isFinal ? ended : undefined;
  const reported = isFinal ? finishedAt : state === 'running' ? startedAt : undefined;
  return {
    occurredAt: timeAt('occurred_at') ?? reported ?? receivedAt,
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    receivedAt,
  };
}

/** ISO 8601 with a zone, or seconds or milliseconds since 1970. */
function readTime(value: Json | undefined): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  return toIso(/^\d{1,16}(?:\.\d{1,9})?$/.test(text) ? Number(text) : text);
}
