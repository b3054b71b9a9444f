import { z } from 'zod';
import { digest, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { fullSha } from '../../values/sha.ts';
import { toIso } from '../../values/time.ts';
import type { Mapped, Webhook } from '../source.ts';
import { ignored } from './contract.ts';
import { environmentOf, type Named, withTier } from './environment.ts';
import { flattened } from './flat-nested.ts';
import { readState, withoutState } from './flat-state.ts';
import { commitText } from './origin.ts';
import { refOf, repositoryOf } from './revision.ts';
import { Notification, Text } from './schema.ts';
import type { Settings } from './settings.ts';
import { quotedWord, short, webUrl } from './text.ts';

type Body = Readonly<Record<string, unknown>>;

/** Guides use different names. In order of reliability; all of them occur in templates that people use. */
const ALIASES = {
  app: ['application', 'app', 'application_name', 'app_name', 'name', 'service'],
  revision: ['commit_sha', 'sha', 'revision', 'git_revision'],
  repository: ['repository', 'repo', 'repoURL', 'repo_url', 'git_repo'],
  url: ['deploy_url', 'titleLink', 'target_url', 'appUrl', 'app_url'],
  ref: ['ref', 'branch', 'target_revision', 'targetRevision'],
  environment: ['environment', 'env', 'stage'],
  cluster: ['cluster', 'destination_name'],
  namespace: ['destination_namespace', 'namespace'],
  actor: ['deployer', 'username', 'user'],
  commitMessage: ['commitMessage', 'commit_message'],
  commitAuthor: ['commitAuthor', 'commit_author'],
} as const;

const STARTED = ['started_at', 'startedAt'];
/** `timestamp` last: beside one of the others it is when the body was sent. */
const FINISHED = ['finished_at', 'finishedAt', 'deployed_at'];
const NAMING = [...ALIASES.app, 'titleLink'];

export const isFlat = (payload: object): boolean => NAMING.some((key) => Object.hasOwn(payload, key));

interface Flat {
  readonly body: Body;
  readonly app: string;
  readonly state: State;
  readonly notes: readonly string[];
  /** The app was unhealthy, and no sync failed. */
  readonly isDegraded: boolean;
  readonly environment: Named;
  readonly notification: Notification;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

/** Shape E: what OpsLevel's, ServiceNow's and Port's templates and a dozen guides send. */
export function mapFlat(payload: object, webhook: Webhook, settings: Settings): Mapped {
  const body: Body = flattened(payload);
  const app = read(body, 'app') ?? appOfLink(read(body, 'url'));
  if (!app) return ignored('unmapped', `A flat body in which nothing names the app. ${ADVICE}`);
  const reported = readState(body);
  if (reported.kind === 'nothing')
    return ignored('unmapped', `A flat body of the app ${quotedWord(app)} without a status. ${ADVICE}`);
  if (reported.kind === 'ignored') return ignored(reported.reason, reported.detail);
  if (reported.isDegraded && settings.degraded === 'ignore') {
    return ignored('not_a_deployment', 'The application is degraded (setting degraded: ignore).');
  }
  const notification = toNotification(body, app);
  const flat = { ...reported, body, app, notification, webhook, settings };
  const times = { startedAt: timeOf(body, STARTED), finishedAt: timeOf(body, [...FINISHED, 'timestamp']) };
  return mapUnlessOld({ ...flat, ...times, environment: environmentIn(body, notification, settings) });
}

const ADVICE =
  'Send at least an app, a status ("Succeeded", "Failed" or "Running"), a revision and a time, or the ' +
  'shiplog template of the README, which says more.';

/** A first subscription reports the last sync of every app. */
function mapUnlessOld(flat: Flat): Mapped {
  const { body, state, startedAt, finishedAt, webhook, settings } = flat;
  const moment = startedAt ?? finishedAt;
  const sentAt = timeOf(body, [...STARTED, ...FINISHED]) && timeOf(body, ['timestamp']);
  const sentMs = Math.min(Date.parse(sentAt ?? ''), webhook.receivedAt.getTime()) || webhook.receivedAt.getTime();
  if (state !== 'running' && moment && sentMs - Date.parse(moment) > settings.maxAgeMs) {
    return ignored('too_old', `The sync was at ${moment}, longer ago than max_age_hours.`);
  }
  return { kind: 'records', records: [toRecord(flat)] };
}

function toRecord(flat: Flat): NewChangeRecord {
  const { body, app, state, environment, webhook, settings } = flat;
  const key = keyOf(flat);
  const externalId = Text.parse(body['dedup_id']);
  const { project } = flat.notification.app;
  return {
    id: recordId(key, state, ...whenTold(flat)),
    deployment: key,
    ...(namesNoRun(flat) && { repeatable: true as const }),
    source: 'argocd',
    instance: settings.instance,
    signal: 'argocd flat body',
    authoritative: true,
    state,
    changeType: 'deployment',
    environment: withTier(environment.name),
    service: app,
    ...detailsOf(flat),
    ...timesOf(flat),
    receivedAt: webhook.receivedAt.toISOString(),
    tags: ['argocd', `app:${app}`, ...(project ? [`project:${project}`] : [])],
    notes: notesOf(flat),
    ...(externalId && { externalId }),
  };
}

function detailsOf(flat: Flat): Partial<NewChangeRecord> {
  const { body, notification, settings } = flat;
  const source = notification.sources[0];
  const description = descriptionOf(flat);
  const repository = repositoryOf(notification, source, settings);
  const commit = commitOf(body);
  const pipelineUrl = linkOf(body);
  const actor = actorOf(body);
  return {
    ...(description && { description }),
    ...(repository && { repository }),
    ...refOf(notification, source),
    ...(commit && { commit }),
    ...(pipelineUrl && { pipelineUrl }),
    ...(actor && { actor }),
  };
}

const KEY_LIMIT = 200; // characters of each part

/**
 * Nothing in it depends on the time of arrival: the same body is the same deployment whenever it comes. The environment
 * is part of it because two clusters may have apps of one name.
 */
function keyOf({ body, app, environment, startedAt, finishedAt }: Flat): string {
  const dedupId = Text.parse(body['dedup_id']);
  const revision = read(body, 'revision');
  const moment = startedAt ?? finishedAt;
  const rest = dedupId
    ? ['id', dedupId]
    : [
        environment.name,
        revision?.toLowerCase() ?? 'no-revision',
        moment ?? (revision ? 'no-time' : digest(JSON.stringify(withoutState(body)))),
      ];
  return ['argocd-flat', Text.parse(body['uid']) ?? app, ...rest].map((part) => part.slice(0, KEY_LIMIT)).join(':');
}

/** An end without a time may come again after another one: the app recovered. Only its webhook distinguishes it. */
const whenTold = ({ state, finishedAt, webhook }: Flat): string[] =>
  isFinal(state) && !finishedAt ? [webhook.id] : [];

/** Such a body names only the app: its next roll-out has an identical body. */
const namesNoRun = ({ body, startedAt, finishedAt }: Flat): boolean =>
  !(Text.parse(body['dedup_id']) ?? read(body, 'revision') ?? startedAt ?? finishedAt);

/** Between final states the later moment wins, so that an app must degrade later than its sync ended. */
function timesOf(flat: Flat): Pick<NewChangeRecord, 'occurredAt' | 'startedAt' | 'finishedAt'> {
  const { startedAt, finishedAt, isDegraded } = flat;
  const receivedAt = flat.webhook.receivedAt.toISOString();
  const started = startedAt ? { startedAt } : {};
  if (!isFinal(flat.state)) return { occurredAt: startedAt ?? finishedAt ?? receivedAt, ...started };
  if (!finishedAt) return { occurredAt: receivedAt, ...started };
  const after = receivedAt > finishedAt ? receivedAt : new Date(Date.parse(finishedAt) + 1).toISOString();
  return { occurredAt: isDegraded ? after : finishedAt, ...started, finishedAt };
}

function read(body: Body, field: keyof typeof ALIASES): string | undefined {
  return ALIASES[field].map((key) => Text.parse(body[key])).find((text) => text !== undefined);
}

function timeOf(body: Body, keys: readonly string[]): string | undefined {
  return keys.map((key) => timeIn(body[key])).find((time) => time !== undefined);
}

const EPOCH_SECONDS_LIMIT = 100_000_000_000; // as seconds the year 5138, as milliseconds 1973

function timeIn(value: unknown): string | undefined {
  if (typeof value === 'string') return toIso(value);
  if (typeof value !== 'number') return undefined;
  return toIso(value < EPOCH_SECONDS_LIMIT ? value * 1000 : value);
}

/** `https://argocd.example.com/applications/argocd/my-app`: ServiceNow's template says the name nowhere else. */
function appOfLink(link: string | undefined): string | undefined {
  const path = webUrl(link)?.pathname;
  const name = path && /\/applications\/(?:[^/]+\/)?([^/]+)\/*$/.exec(path)?.[1];
  return name && /^[\w.-]+$/.test(name) ? name : undefined;
}

function linkOf(body: Body): string | undefined {
  const link = read(body, 'url');
  return link?.includes('<no value>') ? undefined : webUrl(link)?.href;
}

function toNotification(body: Body, app: string): Notification {
  const namespace = read(body, 'namespace');
  // the namespace of the Application, not that of its target
  const isArgoCds = namespace && /^argo-?cd/i.test(namespace);
  return Notification.parse({
    app: { name: app, project: body['project'] },
    destination: { name: read(body, 'cluster'), ...(!isArgoCds && { namespace }) },
    sources: [{ repo_url: read(body, 'repository'), target_revision: read(body, 'ref') }],
  });
}

function environmentIn(body: Body, notification: Notification, settings: Settings): Named {
  const reported = read(body, 'environment');
  return reported ? { name: reported } : environmentOf(notification, settings, 'send "environment"');
}

function commitOf(body: Body): NewChangeRecord['commit'] {
  const sha = fullSha(read(body, 'revision'));
  const text = commitText({
    message: read(body, 'commitMessage'),
    author: read(body, 'commitAuthor'),
    date: undefined,
  });
  return sha || Object.keys(text).length > 0 ? { ...(sha && { sha }), ...text } : undefined;
}

const Person = z.object({ name: Text, email: Text }).catch({ name: undefined, email: undefined });

function actorOf(body: Body): string | undefined {
  const { name, email } = Person.parse(body['deployer']);
  return read(body, 'actor') ?? name ?? email;
}

function descriptionOf({ body, state }: Flat): string | undefined {
  const description =
    Text.parse(body['description']) ??
    (state === 'failed' || state === 'canceled' ? Text.parse(body['message']) : undefined);
  return description && short(description);
}

function notesOf({ body, environment, notes, startedAt, finishedAt, state }: Flat): string[] {
  const revision = read(body, 'revision');
  const sha = fullSha(revision);
  const hasMoment = finishedAt || startedAt;
  const all = [
    ...notes,
    environment.note,
    sha !== undefined && LOW_CONFIDENCE,
    revision !== undefined && !sha && `There is no commit: the revision is ${revision.slice(0, KEY_LIMIT)}.`,
    !revision && 'There is no commit: the body names no revision.',
    (isFinal(state) ? !finishedAt : !hasMoment) && 'The time is when it arrived: the body names none with a zone.',
    !isFinal(state) && !startedAt && !body['dedup_id'] && NO_START,
    !hasMoment && !body['dedup_id'] && (revision ? SAME_REVISION : SAME_APP),
  ];
  return all.filter((note) => typeof note === 'string');
}

const LOW_CONFIDENCE =
  'The commit may be another one: most templates like this send the newest revision that was compared, not ' +
  'the one that was deployed.';
const SAME_REVISION =
  'The body names no time and no dedup_id, so that an app reported again with the same revision is treated ' +
  'as the same deployment.';
const SAME_APP =
  'The body names no revision, time or dedup_id, so that what is reported for the app within an hour is ' +
  'treated as the same deployment.';
const NO_START =
  'The body of a running sync names neither its start nor a dedup_id: an end that names a time becomes ' +
  'another deployment. Send started_at or dedup_id in both.';
