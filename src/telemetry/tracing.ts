import type { ChangeEvent } from '../domain/change-event.ts';
import { DeliveryFailed, ResolveFailed } from '../domain/errors.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { Forwarded } from '../forward.ts';
import type { WebhookParts } from '../http/webhooks.ts';
import type { Sink } from '../sinks/sink.ts';
import { noteOnSpan } from './current-span.ts';
import { deploymentsIn, reasonFor } from './lines.ts';
import type { Traces } from './span.ts';

type Receive = WebhookParts['receive'];
type Record = (event: ChangeEvent) => Promise<void>;
type Forward = (sink: Sink, deployment: string, justWritten?: DeploymentView) => Promise<Forwarded>;

type TracedForward = (
  sink: Sink,
  deployment: string,
  options: { readonly parent: string | undefined; readonly justWritten?: DeploymentView },
) => Promise<Forwarded>;

/** A span for each webhook. It continues the trace of a sender that has one. */
export function traceReceiving(receive: Receive, traces: Traces): Receive {
  return (from, webhook) => {
    const parent = webhook.headers['traceparent'];
    return traces.span({ name: 'receive', parent, attributes: { webhook: webhook.id } }, async (span) => {
      const { source, outcome } = await receive(from, webhook);
      span.note({
        source: source.name,
        verdict: outcome.kind,
        reason: reasonFor(outcome),
        deployments: deploymentsIn(outcome),
      });
      if (outcome.kind === 'not_kept') span.fail('neither Redis nor the spool could store it');
      return { source, outcome };
    });
  };
}

/**
 * A span for each time that a webhook is recorded: where the tool's API has no answer yet, it is recorded again later.
 */
export function traceRecording(record: Record, traces: Traces): Record {
  return (event) => {
    const { source, webhookId: webhook, traceparent: parent } = event;
    return traces.span({ name: 'record', parent, attributes: { source, webhook } }, async (span) => {
      try {
        await record(event);
      } catch (error) {
        if (error instanceof ResolveFailed) span.note({ outcome: 'asked_again' });
        else span.fail(messageOf(error));
        throw error;
      }
    });
  };
}

/** A span for each attempt. The outgoing request names it as its parent. */
export function traceForwarding(forward: Forward, traces: Traces): TracedForward {
  return (sink, deployment, { parent, justWritten }) =>
    traces.span({ name: 'forward', parent, attributes: { sink: sink.name, deployment } }, async (span) => {
      try {
        const outcome = await forward(sink, deployment, justWritten);
        span.note({ outcome });
        return outcome;
      } catch (error) {
        // Another attempt in the same lane is under way: that is no error.
        const isBusy = error instanceof DeliveryFailed && typeof error.retry === 'object' && error.retry.hold === 'job';
        span.note({ outcome: isBusy ? 'busy' : 'failed' });
        if (!isBusy) span.fail(messageOf(error));
        throw error;
      }
    });
}

/** The delivered state, which is known only within the delivery. */
export function traceState(deliver: Sink['deliver']): Sink['deliver'] {
  return (deployment, ...rest) => {
    noteOnSpan({ state: deployment.state });
    return deliver(deployment, ...rest);
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
