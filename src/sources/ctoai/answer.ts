import type { Answer, Outcome } from '../outcome.ts';

/**
 * CTO.ai answers `{"message": "event written", "data": {}}`, which is printed in the log of the job; the id is ours.
 */
export function answerOf(outcome: Outcome): Answer | undefined {
  if (outcome.kind !== 'accepted') return undefined;
  const record = outcome.records[0];
  return record && { status: 200, body: { message: 'event written', data: { id: record.id } } };
}
