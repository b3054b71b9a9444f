import { DeliveryFailed } from '../../domain/errors.ts';
import { isSuccess, type JsonAnswer } from '../../outbound/http.ts';
import { inOneLine } from '../../values/text.ts';
import type { Delivered } from '../sink.ts';
import { notAtlassian, refusal } from './api.ts';
import { Submitted } from './schema.ts';

interface Sent {
  readonly key: string;
  readonly issueKeys: readonly string[];
  readonly remoteId: string;
}

/**
 * A 2xx that accepted nothing is no success. Issues that Jira does not know are reported, and no error: Jira stores the
 * deployment with the others.
 * @throws DeliveryFailed
 */
export function outcome(answer: JsonAnswer, { key, issueKeys, remoteId }: Sent): Delivered {
  if (!isSuccess(answer)) throw refusal(answer, key);
  const { status } = answer;
  const submitted = Submitted.safeParse(answer.json).data;
  if (!submitted?.acceptedDeployments && !submitted?.rejectedDeployments)
    throw notAtlassian(answer, 'list of accepted deployments', 'url');
  const unknown = unknownOf(submitted, issueKeys);
  if (unknown.length === issueKeys.length)
    return { message: `${status} not stored: Jira knows none of the issues ${named(unknown)}`, status };
  const [rejected] = submitted.rejectedDeployments ?? [];
  if (rejected) {
    const words = rejected.errors.map(({ message }) => message).join('; ');
    const why = inOneLine(words) || 'without a reason';
    throw new DeliveryFailed(`Jira rejected ${key}: ${why}`, { retry: 'never', status });
  }
  if (submitted.acceptedDeployments?.length === 0)
    throw new DeliveryFailed(`Jira answered ${status} and named ${key} neither accepted nor rejected`, {
      retry: 'backoff',
      status,
    });
  const but = unknown.length > 0 ? `; Jira does not know ${named(unknown)}` : '';
  return {
    message: `${status} accepted for ${named(issueKeys.filter((one) => !unknown.includes(one)))}${but}`,
    status,
    remoteId,
  };
}

const KEYS_NAMED = 10; // in one sentence

const named = (keys: readonly string[]): string =>
  keys.length > KEYS_NAMED
    ? `${keys.slice(0, KEYS_NAMED).join(', ')} and ${keys.length - KEYS_NAMED} others`
    : keys.join(', ');

function unknownOf({ unknownIssueKeys, unknownAssociations }: Submitted, sent: readonly string[]): readonly string[] {
  const unknown = new Set([
    ...(unknownIssueKeys ?? []),
    ...(unknownAssociations ?? []).flatMap(({ values }) => values),
  ]);
  return sent.filter((key) => unknown.has(key));
}
