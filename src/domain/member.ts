import { runOf } from '../forges/run.ts';
import { fullSha } from '../values/sha.ts';
import type { ChangeRecord, Witness } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import type { Member } from './join-member.ts';
import { isNamedByDefault } from './service.ts';

/** A member before it has a position in its group. */
export type NewMember = Omit<Member, 'order'>;

interface JoinCandidate {
  /** One record, folded and with its final names. */
  readonly deployment: Deployment;
  readonly witness: Witness;
  readonly stage?: ChangeRecord['stage'];
  readonly signal?: string;
  readonly endsOnce?: true | undefined;
  /** Its service is taken from the name of the repository: it was not reported. */
  readonly isInferred?: boolean;
  /** The application whose history numbers its syncs. */
  readonly app?: string | undefined;
  /** The signal, if it reports the end. */
  readonly end?: string | undefined;
  /** The value of a rule's `join`. */
  readonly join: string | false | undefined;
}

/**
 * What one record reports, and of which deployment. Undefined where no repository is known: nothing can tie it to
 * others then.
 */
export function memberOf(candidate: JoinCandidate): NewMember | undefined {
  const { deployment, witness, signal, endsOnce, stage, app, end, join } = candidate;
  const { key, source, instance, environment, commit, job, occurredAt, startedAt, finishedAt } = deployment;
  const grouping = groupingOf(deployment);
  if (!grouping) return undefined;
  const sha = fullSha(commit?.sha);
  const from = Date.parse(startedAt ?? occurredAt);
  const endedAt = finishedAt ?? (end === undefined ? undefined : occurredAt);
  return {
    key,
    witness,
    source,
    instance,
    ...grouping,
    ...(job && { job }),
    ...(environment.name !== 'unknown' && { environment: environment.name.toLowerCase() }),
    ...(sha && { commit: sha }),
    ...serviceIn(candidate),
    ...(stage && { stage: stage.of, isPart: (stage.part ?? stage.by) !== undefined }),
    ...(witness === 'report' && signal && { signal }),
    ...(witness === 'report' && endsOnce && { endsOnce }),
    ...(app && { app }),
    fromMs: Math.min(from, Date.parse(occurredAt)),
    ...(startedAt && { startKnown: true as const }),
    ...(endedAt && { toMs: Date.parse(endedAt) }),
    ...(end !== undefined && { endedBy: { [`${instance}/${end}`]: Date.parse(deployment.receivedAt) } }),
    ...(end !== undefined && { [deployment.state === 'succeeded' ? 'endedWell' : 'endedBadly']: true }),
    ...(join !== undefined && { join }),
  };
}

/** The name of a repository stands for all of its services, unless a post names a service that is called the same. */
function serviceIn({ deployment, witness, isInferred }: JoinCandidate) {
  const { service, serviceId } = deployment;
  const name = service.toLowerCase();
  if (witness === 'sync') return service === 'unknown' ? {} : { appService: name };
  if (serviceId) return { service: serviceId.toLowerCase() };
  if (!isNamedByDefault(deployment)) return { service: name };
  return witness === 'report' && !isInferred && service !== 'unknown' ? { namesake: name } : {};
}

function groupingOf({ repository, pipelineUrl, parentPipelineUrl, pipelineId, jobUrl }: Deployment) {
  const [pipelineRun, jobRun] = [runOf(pipelineUrl), runOf(jobUrl)];
  const run = pipelineRun ?? jobRun;
  const address = run ?? addressOf(repository?.url) ?? addressOf(repository?.gitlabProject);
  const named = address?.path ?? pathOf(repository?.gitlabProject) ?? pathOf(repository?.name);
  if (named === undefined) return undefined;
  const path = lastingPath(named, repository);
  const pipeline = pipelineRun?.pipeline ?? jobRun?.pipeline ?? pipelineId;
  const parent = runOf(parentPipelineUrl)?.pipeline;
  const jobId = jobRun?.job ?? pipelineRun?.job;
  return {
    path,
    ...(address && { host: address.host }),
    ...(pipeline && { pipeline }),
    ...(parent && { parent }),
    ...(jobId && { jobId }),
  };
}

/** Signals of a renamed repository may have its old or its new path: all count under the first one. */
function lastingPath(path: string, repository: Deployment['repository']): string {
  const [now, first] = [pathOf(repository?.name), pathOf(repository?.formerly)];
  if (now === undefined || first === undefined) return path;
  if (path === now) return first;
  return path.endsWith(`/${now}`) ? `${path.slice(0, -now.length)}${first}` : path;
}

function addressOf(url: string | undefined): { host: string; path: string } | undefined {
  if (!url || !URL.canParse(url)) return undefined;
  const { host, pathname } = new URL(url);
  const path = pathOf(pathname);
  return host !== '' && path !== undefined ? { host: host.toLowerCase(), path } : undefined;
}

/** `Harbor/Pay.git` and `/harbor/pay/` are the same. A number is no path. */
function pathOf(text: string | undefined): string | undefined {
  const whole = text?.split('/').filter(Boolean).join('/').toLowerCase();
  const path = whole?.endsWith('.git') ? whole.slice(0, -'.git'.length) : whole;
  return path?.includes('/') ? path : undefined;
}

/**
 * The name of the group in which members that may be joined are kept: a post may leave out the path under which the
 * forge runs.
 */
export const groupOf = ({ path }: Pick<Member, 'path'>): string => path.split('/').slice(-2).join('/');
