import type { Redis } from 'ioredis';
import { type ChangeRecord, type History, recordId } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/**
 * Finds the deployments whose signals were lost, by the numbers that a tool gives them. Notifications come in any
 * order, twice, late or never; and tools that do not say when a numbered deployment started leave open which of the
 * deployments that were told it is.
 */
export interface Gaps {
  /**
   * Where this record belongs: itself, itself under the key of the deployment that it is part of, or undefined when
   * it only repeats from the history what was told. Twice the same record is twice the same answer.
   */
  place(record: ChangeRecord): Promise<ChangeRecord | undefined>;
}

const placeInHistory = createScript('place-in-history');

const SECONDS_A_DAY = 86_400;

/** What is forgotten after so many days begins anew with its next notification, as an application that was never seen. */
export function createGaps(redis: Redis, keepDays: number): Gaps {
  const ttlSeconds = String(Math.ceil(keepDays * SECONDS_A_DAY));
  return {
    async place(record) {
      if (!record.history) return record;
      const question = toJson(questionOf(record, record.history));
      const name = await placeInHistory(redis, [keys.history(record.history.of)], question, ttlSeconds);
      return typeof name === 'string' ? movedTo(record, name) : undefined;
    },
  };
}

/** The script's words for a record. */
function questionOf(record: ChangeRecord, { id, newest, after, recovered }: History) {
  const { deployment, state, startedAt, finishedAt, occurredAt } = record;
  const isDone = state === 'succeeded' || id !== undefined;
  const told = isFinal(state) ? (isDone ? 'done' : 'over') : 'open';
  return {
    key: deployment,
    id,
    newest,
    told,
    recovered,
    ...(startedAt && { start: Date.parse(startedAt) }),
    ...(isFinal(state) && { at: Date.parse(finishedAt ?? occurredAt) }),
    ...(after && { after: Date.parse(after) }),
  };
}

/** The same step moved to the same deployment keeps one id, and whoever looks for its own key finds it. */
function movedTo(record: ChangeRecord, deployment: string): ChangeRecord {
  if (deployment === record.deployment) return record;
  const { id, state, aliases } = record;
  return {
    ...record,
    id: recordId(deployment, state, id),
    deployment,
    aliases: [...aliases, record.deployment],
  };
}
