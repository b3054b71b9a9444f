import { DeliveryFailed } from '../../domain/errors.ts';
import { excerptOf, failure, type JsonAnswer } from '../../outbound/http.ts';
import type { Scope } from '../../templates/shape.ts';
import { adviceFor, type CompiledAdvice } from './advice.ts';
import { type Success, verdictOf } from './answer.ts';
import { again, isWorthRetry, type Retrying } from './retry.ts';

interface Judged {
  readonly success: Success;
  readonly advice: readonly CompiledAdvice[];
  readonly retry: Retrying | undefined;
  readonly scope: Scope;
  /** For a person: who refused what. */
  readonly what: string;
}

interface Refusal {
  /** The destination certainly did nothing, although the status alone would leave that open. */
  readonly isCertain: boolean;
  readonly failure: DeliveryFailed;
}

/** Why an answer does not mean that the destination took it. Absent: it took it. */
export function refusalOf(answer: JsonAnswer, { success, advice, retry, scope, what }: Judged): Refusal | undefined {
  const verdict = verdictOf(answer, success);
  if (verdict === 'taken') return undefined;
  const isForNow = isWorthRetry(answer, retry);
  if (verdict === 'refused') {
    const refused = failure(answer, what, adviceFor(answer, advice, scope));
    return { isCertain: false, failure: isForNow && refused.retry === 'never' ? again(refused, 'backoff') : refused };
  }
  const { status } = answer;
  const named = advice.length > 0 ? adviceFor(answer, advice, scope) : undefined;
  const message = `${what}: ${status}, but the answer says otherwise: ${excerptOf(answer)}${named ? `. ${named}` : ''}`;
  return {
    isCertain: !isForNow,
    failure: new DeliveryFailed(message, { retry: isForNow ? 'backoff' : 'never', status }),
  };
}
