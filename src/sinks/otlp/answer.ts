import { z } from 'zod';
import { DeliveryFailed } from '../../domain/errors.ts';
import { excerptOf, failure, isSuccess, type JsonAnswer } from '../../outbound/http.ts';
import { inOneLine } from '../../values/text.ts';
import { adviceFor } from '../post.ts';

const Count = z.coerce.number().nonnegative().catch(0); // JSON writes an int64 as text

/** ExportLogsServiceResponse and ExportTraceServiceResponse. */
const Answer = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: Count.optional(),
      rejectedSpans: Count.optional(),
      errorMessage: z.string().catch('').optional(),
    })
    .nullish(),
});

/**
 * Checks an answer. A receiver says 200 even where it rejected everything: then its answer has the number of rejected
 * records, and a retry would be rejected again.
 * @returns its warning where it accepted everything; '' without one
 * @throws DeliveryFailed
 */
export function judge(answer: JsonAnswer, what: string): string {
  if (!isSuccess(answer)) throw refusal(answer, what);
  if (answer.text.trim() === '') return '';
  const parsed = Answer.safeParse(answer.json);
  if (!parsed.success)
    throw new DeliveryFailed(
      `${what}: ${answer.status} ${excerptOf(answer)}. That is no answer of a receiver of OTLP: set url to one`,
      { retry: 'backoff', status: answer.status },
    );
  const { rejectedLogRecords = 0, rejectedSpans = 0, errorMessage = '' } = parsed.data.partialSuccess ?? {};
  const words = inOneLine(errorMessage);
  if (rejectedLogRecords === 0 && rejectedSpans === 0) return words;
  const why = words === '' ? 'it rejected it and said no reason' : `it rejected it: ${words}`;
  throw new DeliveryFailed(`${what}: ${answer.status}, and ${why}`, { retry: 'never', status: answer.status });
}

export const refusal = (answer: JsonAnswer, what: string): DeliveryFailed =>
  failure(answer, what, adviceFor(answer, { credential: 'headers with a valid key', address: 'url' }));
