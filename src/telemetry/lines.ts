import type { OnUnreadable } from '../http/unreadable.ts';
import type { WebhookParts } from '../http/webhooks.ts';
import type { WorkersParts } from '../queue/workers.ts';
import type { Conclusion } from '../recording/conclusion.ts';
import type { Reconciled } from '../recording/reconcile.ts';
import type { Outcome } from '../sources/outcome.ts';
import { noteOnSpan } from './current-span.ts';
import { createRateLimitedLog, type Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** The same failure comes with every webhook: one line a second says so. */
const CALM_MS = 1_000;
/** Health checks and scanners of ports repeat themselves. */
const UNREADABLE_EVERY_MS = 60_000;

export type OnError = (where: string, error: unknown) => void;

/** During an outage one line a second for each cause, with a count of those held back. */
export function createErrorLog(log: Logger, isRedisAway: (error: unknown) => boolean): OnError {
  const calm = createRateLimitedLog(CALM_MS);
  return (where, error) =>
    calm(isRedisAway(error) ? 'Redis is away' : causeOf(where, error), (suppressed) =>
      log.error({ where, error, ...(suppressed && { suppressed }) }, 'something failed'),
    );
}

/** The same error with other ids and numbers counts as one cause. */
function causeOf(where: string, error: unknown): string {
  if (error instanceof Error && error.name === 'ReplyError') return `Redis says ${error.message.split(' ', 1)[0]}`;
  return `${where} ${String(error).replace(/[0-9a-f-]{8,}|\d+/gi, '#')}`;
}

/** One line a webhook. For unauthenticated ones one a second for each source and reason, with a count of the others. */
export function logWebhook(log: Logger, metrics: Metrics): WebhookParts['onAnswered'] {
  const calm = createRateLimitedLog(CALM_MS);
  return ({ webhook, source, outcome, proved, status, ms }) => {
    const reason = reasonFor(outcome);
    metrics.webhook({ source: source.name, verdict: outcome.kind, reason: reason ?? '' }, ms / 1000);
    const line = {
      webhook: webhook.id,
      source: source.name,
      verdict: outcome.kind,
      ...(reason && { reason }),
      deployments: deploymentsIn(outcome),
      status,
      bytes: webhook.body.length,
      ms: Math.round(ms),
    };
    if (proved) return log.info(line, 'webhook');
    calm(`${source.name} ${reason}`, (suppressed) =>
      log.info({ ...line, from: webhook.address, ...(suppressed && { suppressed }) }, 'webhook'),
    );
  };
}

/** What reached the port and was no HTTP request: nothing else tells why a sender's webhooks do not arrive. */
export function logUnreadable(log: Logger): OnUnreadable {
  const calm = createRateLimitedLog(UNREADABLE_EVERY_MS);
  return ({ cause, advice }, from) =>
    calm(cause, (suppressed) =>
      log.info(
        { cause, advice, from, ...(suppressed && { suppressed }) },
        'something was sent that is no HTTP request',
      ),
    );
}

export function reasonFor(outcome: Outcome): string | undefined {
  if (outcome.kind === 'rejected') return outcome.error.code;
  if (outcome.kind === 'unproved') return 'unproved';
  return outcome.kind === 'ignored' || outcome.kind === 'not_kept' ? outcome.reason : undefined;
}

/** Most entries of a history were reported before: only the worker can tell (store/changes/serial-history.ts). */
export const deploymentsIn = (outcome: Outcome): string[] =>
  outcome.kind === 'accepted'
    ? [...new Set(outcome.records.filter(({ history }) => !history?.recovered).map((record) => record.deployment))]
    : [];

/** One line for each webhook that the worker has processed. */
export function logConclusion(log: Logger, metrics: Metrics): (webhook: string, conclusion: Conclusion) => void {
  return (webhook, { verdict, reason, detail, deployments }) => {
    metrics.conclusion({ verdict, reason: reason ?? '' });
    noteOnSpan({ verdict, reason, deployments });
    log.info(
      { webhook, verdict, ...(reason && { reason }), ...(detail && { detail }), ...(deployments && { deployments }) },
      'concluded',
    );
  };
}

/** One line a delivery attempt. */
export function logAttempt(log: Logger, metrics: Metrics): WorkersParts['onAttempt'] {
  return ({ sink, deployment, outcome, ms, error }) => {
    metrics.attempt({ sink, outcome }, ms / 1000);
    if (outcome === 'gone') {
      // Retention has deleted it, or another release wrote it: it is never delivered.
      log.error({ sink, deployment, outcome }, 'a delivery was dropped: its deployment is not in Redis any more');
      return;
    }
    log[error ? 'warn' : 'info']({ sink, deployment, outcome, ms, ...(error && { why: error.message }) }, 'delivery');
  };
}

/** One line for each run that found something, or failed. */
export function logReport(log: Logger, { source, since, listed, recorded, warnings, failed }: Reconciled): void {
  for (const warning of warnings) log.warn({ source, warning }, 'a tool needs attention');
  if (failed) log.warn({ source, since, why: failed }, 'missed deployments could not be looked for');
  else if (recorded.length > 0) log.info({ source, since, listed, recorded }, 'missed deployments are recorded');
}
