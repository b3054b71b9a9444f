import { digest, type NewChangeRecord, recordId, type State, withDoubts } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { toIso } from '../../values/time.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { ignored } from './contract.ts';
import { type Named, serviceOf, withTier } from './environment.ts';
import { type Fields, fieldsOf, isWrapper, nameIn, namesOf, plainName, textIn } from './flat-fields.ts';
import { NAMES } from './flat-names.ts';
import {
  actorIn,
  appIn,
  artifactsIn,
  commitIn,
  environmentIn,
  linkIn,
  revisionIn,
  toNotification,
} from './flat-parts.ts';
import { readState, withoutState } from './flat-state.ts';
import { refOf, repositoryOf } from './revision.ts';
import type { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { quotedWord, short } from './text.ts';

const NAMING: ReadonlySet<string> = new Set([...NAMES.app, ...NAMES.name, ...NAMES.service, 'titlelink']);

/** A body that names an application, wherever in it, or has a field for its name. */
export const isFlat = (payload: object): boolean =>
  namesOf(payload).some((key) => NAMING.has(plainName(key))) || appIn(fieldsOf(payload)) !== undefined;

interface Flat {
  readonly body: object;
  readonly fields: Fields;
  readonly app: string;
  readonly service: string;
  readonly state: State;
  readonly notes: readonly string[];
  /** The app was unhealthy, and no sync failed. */
  readonly isDegraded: boolean;
  readonly isSettled: boolean;
  readonly namesHealth: boolean;
  readonly environment: Named;
  readonly notification: Notification;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

/** Shape E: what OpsLevel's, ServiceNow's and Port's templates, a dozen guides and the templates of teams send. */
export function mapFlat(payload: object, webhook: Webhook, settings: Settings): Mapped {
  const fields = fieldsOf(payload);
  const app = appIn(fields);
  if (!app) return ignored('unmapped', `A flat body in which nothing names the app. ${ADVICE}`);
  const reported = readState(fields);
  if (reported.kind === 'nothing')
    return ignored('unmapped', `A flat body of the app ${quotedWord(app)} without a status. ${ADVICE}`);
  if (reported.kind === 'ignored') return ignored(reported.reason, reported.detail);
  if (reported.isDegraded && settings.degraded === 'ignore') {
    return ignored('not_a_deployment', 'The application is degraded (setting degraded: ignore).');
  }
  const notification = toNotification(fields, app);
  const flat = { ...reported, body: payload, fields, app, notification, webhook, settings };
  const times = { startedAt: timeOf(fields, NAMES.started), finishedAt: timeOf(fields, ENDS) };
  const environment = environmentIn(fields, notification, settings);
  const service = nameIn(fields, NAMES.service) ?? serviceOf(notification, environment, settings).name;
  return mapUnlessOld({ ...flat, ...times, environment, service });
}

const ENDS = [...NAMES.finished, ...NAMES.sent];

const ADVICE =
  'Send at least an app, a status ("Succeeded", "Failed" or "Running"), a revision and a time, or the ' +
  'shiplog template of the README, which says more.';

/** A first subscription reports the last sync of every app. */
function mapUnlessOld(flat: Flat): Mapped {
  const { fields, state, startedAt, finishedAt, webhook, settings } = flat;
  const moment = startedAt ?? finishedAt;
  const sentAt = timeOf(fields, [...NAMES.started, ...NAMES.finished]) && timeOf(fields, NAMES.sent);
  const sentMs = Math.min(Date.parse(sentAt ?? ''), webhook.receivedAt.getTime()) || webhook.receivedAt.getTime();
  if (state !== 'running' && moment && sentMs - Date.parse(moment) > settings.maxAgeMs) {
    return ignored('too_old', `The sync was at ${moment}, longer ago than max_age_hours.`);
  }
  return { kind: 'records', records: [toRecord(flat)] };
}

function toRecord(flat: Flat): NewChangeRecord {
  const { fields, app, state, environment, webhook, settings } = flat;
  const key = keyOf(flat);
  const externalId = nameIn(fields, NAMES.dedupId);
  const { project } = flat.notification.app;
  return {
    id: recordId(key, state, ...whenTold(flat)),
    deployment: key,
    ...repeatableOf(flat),
    ...(isFinal(state) && flat.namesHealth && { reportsHealth: true }),
    source: 'argocd',
    instance: settings.instance,
    signal: 'argocd flat body',
    authoritative: true,
    app: joined(flat, [environment.name]),
    state,
    changeType: 'deployment',
    environment: withTier(environment.name),
    service: flat.service,
    ...detailsOf(flat),
    ...timesOf(flat),
    receivedAt: webhook.receivedAt.toISOString(),
    tags: ['argocd', `app:${app}`, ...(project ? [`project:${project}`] : [])],
    notes: notesOf(flat),
    ...withDoubts(isTimeless(flat) ? { occurredAt: NO_TIME } : {}),
    ...(externalId && { externalId }),
  };
}

function detailsOf(flat: Flat): Partial<NewChangeRecord> {
  const { fields, app, service, state, notification, settings } = flat;
  const source = notification.sources[0];
  const description = descriptionOf(flat);
  const repository = repositoryOf(notification, source, settings);
  const commit = commitIn(fields);
  const pipelineUrl = linkIn(fields, app);
  const actor = actorIn(fields);
  const artifacts = artifactsIn(fields, { service, isEnd: state === 'succeeded' });
  return {
    ...(description && { description }),
    ...(repository && { repository }),
    ...refOf(notification, source),
    ...(commit && { commit }),
    ...(pipelineUrl && { pipelineUrl }),
    ...(actor && { actor }),
    ...(artifacts.length > 0 && { artifacts: [...artifacts] }),
  };
}

const KEY_LIMIT = 200; // characters of each part

/**
 * Nothing in it depends on the time of arrival: the same body is the same deployment whenever it comes. The environment
 * is part of it because two clusters may have apps of one name; the revision is not where the start is known, as the
 * first report of a sync may not have it.
 */
function keyOf(flat: Flat): string {
  const { startedAt } = flat;
  const dedupId = nameIn(flat.fields, NAMES.dedupId);
  if (dedupId) return joined(flat, ['id', dedupId]);
  return startedAt ? joined(flat, [flat.environment.name, startedAt]) : keyOfMoment(flat, endOf(flat));
}

function keyOfMoment(flat: Flat, moment: string | undefined): string {
  const revision = revisionIn(flat.fields).text;
  if (!revision && moment === undefined) return keyWithoutRevision(flat);
  return joined(flat, [flat.environment.name, revision?.toLowerCase() ?? 'no-revision', moment ?? 'no-time']);
}

/** Of signals that know neither what is deployed nor when: the rest of the body is the same in all of them. */
const keyWithoutRevision = (flat: Flat): string =>
  joined(flat, [flat.environment.name, 'no-revision', digest(JSON.stringify(withoutState(contentOf(flat.body))))]);

/** What a gateway or a bus passed on, without its own fields: an id, the headers, the time are others each time. */
function contentOf(body: object): object {
  const inner = Object.entries(body).find(([name, part]) => isWrapper(name) && appIn(fieldsOf(part)) !== undefined);
  return inner ? contentOf(inner[1]) : body;
}

const joined = ({ fields, app }: Flat, rest: readonly string[]): string =>
  ['argocd-flat', textIn(fields, NAMES.uid) ?? app, ...rest].map((part) => part.slice(0, KEY_LIMIT)).join(':');

/** The end of this run, if it is one. A time beside the health alone may be when that was looked at. */
function endOf({ fields, state, finishedAt, isDegraded, isSettled }: Flat): string | undefined {
  if (!isFinal(state)) return undefined;
  return isDegraded || isSettled ? timeOf(fields, NAMES.finished) : finishedAt;
}

/**
 * A body that names neither its start nor a dedup_id: its next roll-out may have the same key, and its own start has
 * another one, also where the end names the start. The same revision may be reported again at any time, when its health
 * changes; it is another deployment only if something else has run since, or if it ended at another time.
 */
function repeatableOf(flat: Flat): Pick<NewChangeRecord, 'repeatable' | 'periodic' | RunField> {
  const isEnd = endOf(flat) !== undefined;
  if (nameIn(flat.fields, NAMES.dedupId) ?? (flat.startedAt && !isEnd)) return {};
  return {
    repeatable: true,
    ...(revisionIn(flat.fields).text !== undefined && { periodic: true }),
    ...(isEnd ? runOf(flat) : !isFinal(flat.state) && baseOfStart(flat)),
  };
}

/** The end of a failed sync may be reported without its revision, and its start perhaps was. */
const baseOfStart = (flat: Flat): Pick<NewChangeRecord, 'baseOfStart'> =>
  revisionIn(flat.fields).text === undefined ? {} : { baseOfStart: keyWithoutRevision(flat) };

type RunField = 'base' | 'baseOfStart' | 'runIsUncertain';

const runOf = (flat: Flat): Pick<NewChangeRecord, RunField> => ({
  base: keyOfMoment(flat, undefined),
  ...baseOfStart(flat),
  ...uncertainOf(flat),
});

/** `timestamp` is the end of the sync in some templates, and the time of sending (`now`) in others. */
const uncertainOf = ({ fields }: Flat): Pick<NewChangeRecord, 'runIsUncertain'> =>
  timeOf(fields, NAMES.finished) === undefined ? { runIsUncertain: true } : {};

/**
 * An end without a finish time may come again after another one: the app recovered. Only the time of sending, or its
 * webhook, distinguishes it.
 */
const whenTold = (flat: Flat): string[] =>
  isFinal(flat.state) && endOf(flat) === undefined && revisionIn(flat.fields).text === undefined
    ? [flat.finishedAt ?? flat.webhook.id]
    : [];

/** Between final states the later moment wins, so that an app must degrade later than its sync ended. */
function timesOf(flat: Flat): Pick<NewChangeRecord, 'occurredAt' | 'startedAt' | 'finishedAt'> {
  const { startedAt, finishedAt, isDegraded } = flat;
  const receivedAt = flat.webhook.receivedAt.toISOString();
  const started = startedAt ? { startedAt } : {};
  // an end that is not the end yet, as the app is not healthy: no time of a start
  if (!isFinal(flat.state))
    return { occurredAt: startedAt ?? timeOf(flat.fields, NAMES.sent) ?? receivedAt, ...started };
  if (!finishedAt) return { occurredAt: receivedAt, ...started };
  const after = receivedAt > finishedAt ? receivedAt : new Date(Date.parse(finishedAt) + 1).toISOString();
  const end = isDegraded ? timeOf(flat.fields, NAMES.finished) : finishedAt;
  return { occurredAt: isDegraded ? after : finishedAt, ...started, ...(end && { finishedAt: end }) };
}

const timeOf = (fields: Fields, names: readonly string[]): string | undefined =>
  names.map((name) => timeIn(fields.get(name))).find((time) => time !== undefined);

const timeIn = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? toIso(value) : undefined;

function descriptionOf({ fields, state }: Flat): string | undefined {
  const description =
    textIn(fields, NAMES.description) ??
    (state === 'failed' || state === 'canceled' ? textIn(fields, NAMES.message) : undefined);
  return description && short(description);
}

const NO_TIME = 'The time is when it arrived: the body names none with a zone.';
const isTimeless = ({ fields, state, startedAt, finishedAt }: Flat): boolean =>
  isFinal(state) ? !finishedAt : (startedAt ?? timeOf(fields, NAMES.sent)) === undefined;

function notesOf(flat: Flat): string[] {
  const { fields, environment, notes, startedAt, finishedAt, state } = flat;
  const { text: revision, sha, others } = revisionIn(fields);
  const hasId = nameIn(fields, NAMES.dedupId) !== undefined;
  const all = [
    ...notes,
    environment.note,
    sha !== undefined && LOW_CONFIDENCE,
    sha !== undefined && others && `The commit is the first of several revisions: ${revision?.slice(0, KEY_LIMIT)}.`,
    revision !== undefined && !sha && `There is no commit: the revision is ${revision.slice(0, KEY_LIMIT)}.`,
    !revision && 'There is no commit: the body names no revision.',
    isTimeless(flat) && NO_TIME,
    isFinal(state) && !startedAt && !finishedAt && !hasId && (revision ? SAME_REVISION : SAME_APP),
  ];
  return all.filter((note) => typeof note === 'string');
}

const LOW_CONFIDENCE =
  'The commit may be another one: most templates like this send the newest revision that was compared, not ' +
  'the one that was deployed.';
const SAME_REVISION =
  'The body names neither its start nor its end nor a dedup_id, so that an app reported again with the same ' +
  'revision is treated as the same deployment, until another revision was reported in between.';
const SAME_APP =
  'The body names no revision, time or dedup_id, so that what is reported for the app within an hour is ' +
  'treated as the same deployment.';
