import type { State } from '../../domain/change-record.ts';
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
    const text = textOf(value);
    const time = toIso(text);
    if (time === undefined && text !== undefined) notes.push(`${name} is no time with a zone: left out`);
    return time;
  };
  const startedAt = timeAt('started_at');
  // before the end some tools write the year 1
  const finishedAt = isFinal ? timeAt('finished_at') : undefined;
  const reported = isFinal ? finishedAt : state === 'running' ? startedAt : undefined;
  return {
    occurredAt: timeAt('occurred_at') ?? reported ?? receivedAt,
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    receivedAt,
  };
}
