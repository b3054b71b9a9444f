import { WebhookRejected } from '../domain/errors.ts';
import { MEBIBYTE } from '../values/settings.ts';
import type { Answer, Outcome } from './outcome.ts';
import type { Webhook } from './received-webhook.ts';
import type { Source } from './source.ts';

const STATUS_OF_REJECTION = {
  bad_signature: 401,
  not_json: 400,
  bad_payload: 422,
  too_large: 413,
  unproved: 200,
  no_such_source: 404,
  wrong_method: 405,
} as const;

/** The answer to the sender: in its own format where the source has one. */
export function answerTo(source: Source, outcome: Outcome, webhook: Webhook): Answer {
  if ('answer' in outcome && outcome.answer) return outcome.answer;
  return source.answer?.(outcome, webhook) ?? plainAnswer(outcome, webhook);
}

function plainAnswer(outcome: Outcome, webhook: Webhook): Answer {
  switch (outcome.kind) {
    case 'answered':
      return outcome.answer;
    case 'accepted': {
      const ids = outcome.records.map((record) => record.id);
      const deployments = [...new Set(outcome.records.map((record) => record.deployment))];
      const alerts = outcome.alerts && { alerts: outcome.alerts.map(({ id }) => id) };
      return { status: 202, body: { status: 'accepted', webhook: webhook.id, ids, deployments, ...alerts } };
    }
    case 'ignored':
      return {
        status: 202,
        body: {
          status: 'ignored',
          webhook: webhook.id,
          reason: outcome.reason,
          ...(outcome.detail && { detail: outcome.detail }),
        },
      };
    case 'unproved':
      return {
        status: 200,
        body: { status: 'unproved', webhook: webhook.id, reason: 'unproved', detail: unsigned().message },
      };
    case 'not_kept':
      return notKept(outcome.reason);
    case 'rejected':
      return {
        status: STATUS_OF_REJECTION[outcome.error.code],
        body: { status: 'rejected', webhook: webhook.id, reason: outcome.error.code, error: outcome.error.message },
      };
  }
}

function notKept(reason: Extract<Outcome, { kind: 'not_kept' }>['reason']): Answer {
  const what = reason === 'busy' ? 'too much is being received' : 'this could not be stored';
  return {
    status: 503,
    body: { status: 'not_kept', ...(reason && { reason }), error: `${what} just now; send it again` },
  };
}

export function tooLarge(limitBytes: number): WebhookRejected {
  const message =
    `the body is larger than ${Number((limitBytes / MEBIBYTE).toPrecision(2))} MiB, the max_body_mib of the source: ` +
    'send the beginning of a long text';
  return new WebhookRejected('too_large', message);
}

export function unreadable(): WebhookRejected {
  const message =
    'the body cannot be read: send it plain and whole, or as gzip, deflate or br with that Content-Encoding';
  return new WebhookRejected('not_json', message);
}

export function unsigned(): WebhookRejected {
  return new WebhookRejected(
    'unproved',
    'this address is reached; the connection test is not signed, so that nothing of it is kept',
  );
}
