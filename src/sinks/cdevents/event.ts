import { createHash } from 'node:crypto';
import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { headline } from '../../domain/summary.ts';
import { cutText } from '../../values/graphemes.ts';
import { uriOf } from '../../values/url.ts';
import { normalized } from '../normalized.ts';
import { artifactId } from './purl.ts';

/** cdevents/spec v0.5.1. */
const SPEC_VERSION = '0.5.1';
/** Brokers and buses that pass an event on limit its size. */
const SUMMARY_CHARS = 500;
const ERRORS_CHARS = 2_000;

/** An event of CDEvents 0.5: `context` and `subject` allow no other fields, everything else goes into `customData`. */
export interface CdEvent {
  readonly context: {
    readonly specversion: string;
    readonly id: string;
    readonly chainId: string;
    readonly source: string;
    readonly type: string;
    readonly timestamp: string;
  };
  readonly subject: {
    readonly id: string;
    readonly source: string;
    readonly content: Content;
  };
  readonly customData: Readonly<Record<string, string>>;
  readonly customDataContentType: 'application/json';
}

type Content = ServiceContent | PipelineRunContent | EnvironmentContent;

interface ServiceContent {
  readonly environment: { readonly id: string };
  readonly artifactId: string;
}

interface PipelineRunContent {
  readonly pipelineName?: string;
  readonly uri?: string;
  readonly outcome?: Outcome;
  readonly errors?: string;
}

interface EnvironmentContent {
  readonly name: string;
  readonly uri?: string;
}

type Outcome = 'success' | 'failure' | 'cancel';

const OUTCOMES: Readonly<Partial<Record<State, Outcome>>> = {
  succeeded: 'success',
  failed: 'failure',
  canceled: 'cancel',
};
const RUNS: Readonly<Record<State, string>> = {
  pending: 'queued',
  running: 'started',
  succeeded: 'finished',
  failed: 'finished',
  canceled: 'finished',
};

interface EventOptions {
  readonly source: string;
  /** A receiver that got the start of a run also gets its end. */
  readonly includesRuns: boolean;
  readonly includesEnvironments: boolean;
  /** Our own page of the deployment, at its public address. */
  readonly pageUrl?: string | undefined;
}

/**
 * There is no "deployment failed" in CDEvents 0.5: a deployment is reported as the run that makes it, and as the
 * service once it is deployed. The last event is the most important one.
 */
export function toEvents(deployment: Deployment, options: EventOptions): readonly CdEvent[] {
  const { includesRuns, includesEnvironments } = options;
  const reported = normalized(deployment);
  if (reported.state !== 'succeeded') return [runEvent(reported, options)];
  return [
    ...(includesRuns ? [runEvent(reported, options)] : []),
    ...(includesEnvironments ? [environmentEvent(reported, options)] : []),
    serviceEvent(reported, options),
  ];
}

/** No tool reports that an environment was created or deleted: this event says that something else runs there now. */
function environmentEvent(deployment: Deployment, options: EventOptions): CdEvent {
  const { name, url } = deployment.environment;
  const content = { name, ...withUri(url) };
  return build(deployment, { ...options, type: 'environment.modified', kind: 'environment', id: name, content });
}

function withUri(text: string | undefined): { uri?: string } {
  const uri = uriOf(text);
  return uri === undefined ? {} : { uri };
}

function serviceEvent(deployment: Deployment, options: EventOptions): CdEvent {
  const { changeType, replaced, service, environment } = deployment;
  const predicate = changeType === 'rollback' ? 'rolledback' : replaced ? 'upgraded' : 'deployed';
  const content = { environment: { id: environment.name }, artifactId: artifactId(deployment) };
  return build(deployment, { ...options, type: `service.${predicate}`, kind: 'service', id: service, content });
}

function runEvent(deployment: Deployment, options: EventOptions): CdEvent {
  const { key, state, service, environment, description, pipelineUrl, jobUrl } = deployment;
  const outcome = OUTCOMES[state];
  const content = {
    pipelineName: deployment.job ?? `Deploy ${service} to ${environment.name}`,
    // schemas/pipelinerunstarted.json requires one
    ...(state === 'running' && { uri: `urn:uuid:${chainOf(deployment)}` }),
    ...withUri(pipelineUrl ?? jobUrl),
    ...(outcome && { outcome }),
    ...(state === 'failed' && description && { errors: cutText(description, ERRORS_CHARS) }),
  };
  return build(deployment, { ...options, type: `pipelinerun.${RUNS[state]}`, kind: 'run', id: key, content });
}

interface Parts extends Pick<EventOptions, 'source' | 'pageUrl'> {
  readonly type: string;
  /** What the id of the event is made of, besides deployment and state. */
  readonly kind: 'service' | 'run' | 'environment';
  readonly id: string;
  readonly content: Content;
}

function build(deployment: Deployment, { source, pageUrl, type, kind, id, content }: Parts): CdEvent {
  return {
    context: {
      specversion: SPEC_VERSION,
      id: uuidOf([deployment.key, deployment.state, kind]),
      chainId: chainOf(deployment),
      source,
      type: `dev.cdevents.${type}.0.3.0`,
      timestamp: deployment.occurredAt,
    },
    subject: { id, source, content },
    customData: customDataOf(deployment, pageUrl),
    customDataContentType: 'application/json',
  };
}

const chainOf = ({ key }: Deployment): string => uuidOf([key]);

/**
 * The same for the same deployment and state, however often it is sent: receivers recognise a repeat by source and id.
 * UUID version 8.
 */
function uuidOf(parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\n')).digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function customDataOf(deployment: Deployment, pageUrl: string | undefined): Record<string, string> {
  const { repository, ref, commit, actor, environment, owner } = deployment;
  const data = {
    deployment: deployment.key,
    state: deployment.state,
    changeType: deployment.changeType,
    summary: cutText(headline(deployment), SUMMARY_CHARS),
    service: deployment.service,
    environment: environment.name,
    tier: environment.tier,
    repository: repository?.name,
    ref,
    commit: commit?.sha,
    actor,
    team: owner?.team,
    channel: owner?.channel,
    runbook: owner?.runbook,
    onCall: owner?.on_call,
    startedAt: deployment.startedAt,
    finishedAt: deployment.finishedAt,
    shiplog: pageUrl,
  };
  // drops '' and undefined
  return Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
