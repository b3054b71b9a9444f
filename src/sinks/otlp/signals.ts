import { digest, type State } from '../../domain/change-record.ts';
import { type Deployment, isFinal } from '../../domain/deployment.ts';
import { headline } from '../../domain/summary.ts';
import { cutText } from '../../values/graphemes.ts';
import { type Attributes, attributesOf, nameOf, resourceOf } from './attributes.ts';

/**
 * The content that is sent of one deployment in one state, for every encoding: nanoseconds and ids are added by the
 * encoders.
 */
export interface LogEvent {
  readonly resource: Attributes;
  readonly at: Date;
  /** When it became known, which a repeated delivery does not change. */
  readonly observedAt: Date;
  readonly severity: { readonly number: 9 | 13 | 17; readonly text: 'INFO' | 'WARN' | 'ERROR' };
  readonly body: string;
  readonly attributes: Attributes;
  /** The span that belongs to it, where spans are sent. */
  readonly span?: SpanIdentity;
}

export interface DeploymentSpan extends SpanIdentity {
  readonly resource: Attributes;
  readonly name: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly attributes: Attributes;
  readonly outcome: 'ok' | 'error' | 'unset';
  /** Why it failed. */
  readonly message?: string;
}

/** Derived from the deployment's key: a repeat has the same. */
export interface SpanIdentity {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SignalOptions {
  /** Our environment names → those in the telemetry of the services. */
  readonly environments: Readonly<Record<string, string>>;
  /** Whether the log record refers to the span. */
  readonly withSpans: boolean;
  readonly pageUrl?: string | undefined;
}

/** There is no event for deployments in the registry. One name, since all of them have the same attributes. */
export const EVENT_NAME = 'shiplog.deployment';

/** OpenTelemetry sets no limit. These are read in a list of log lines. */
const BODY_CHARS = 1_000;
const WORDS_CHARS = 1_000;

const INFO = { number: 9, text: 'INFO' } as const;
const SEVERITIES: Readonly<Record<State, LogEvent['severity']>> = {
  pending: INFO,
  running: INFO,
  succeeded: INFO,
  failed: { number: 17, text: 'ERROR' },
  canceled: { number: 13, text: 'WARN' },
};

/** @param deployment a result of `normalized` */
export function toLogEvent(deployment: Deployment, { environments, withSpans, pageUrl }: SignalOptions): LogEvent {
  const { key, state, occurredAt, receivedAt } = deployment;
  return {
    resource: resourceOf(deployment, environments),
    at: new Date(occurredAt),
    observedAt: new Date(Math.max(Date.parse(receivedAt), Date.parse(occurredAt))),
    severity: SEVERITIES[state],
    body: cutText(headline(deployment), BODY_CHARS),
    // the registry's name for an id by which duplicates are recognised
    attributes: { 'log.record.uid': digest([key, state, occurredAt].join('\n')), ...attributesOf(deployment, pageUrl) },
    ...(withSpans && { span: identityOf(deployment) }),
  };
}

/**
 * The run of one that has ended. One that succeeded and failed afterwards ran well: its failure is in its log records.
 * @param deployment a result of `normalized`
 */
export function toSpan(deployment: Deployment, options: SignalOptions): DeploymentSpan | undefined {
  if (!isFinal(deployment.state)) return undefined;
  const { succeededAt } = deployment;
  const run: Deployment = succeededAt ? { ...deployment, state: 'succeeded', finishedAt: succeededAt } : deployment;
  const { state, startedAt, finishedAt, occurredAt, description } = run;
  const endedAt = new Date(finishedAt ?? occurredAt);
  const began = new Date(startedAt ?? endedAt);
  return {
    ...identityOf(run),
    resource: resourceOf(run, options.environments),
    name: nameOf(run),
    startedAt: began < endedAt ? began : endedAt,
    endedAt,
    attributes: attributesOf(run, options.pageUrl),
    outcome: state === 'succeeded' ? 'ok' : state === 'failed' ? 'error' : 'unset',
    ...(state === 'failed' && description && { message: cutText(description, WORDS_CHARS) }),
  };
}

const identityOf = ({ key }: Deployment): SpanIdentity => ({
  traceId: digest(`trace\n${key}`),
  spanId: digest(`span\n${key}`).slice(0, 16),
});
