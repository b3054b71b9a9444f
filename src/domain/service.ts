import { hash } from 'node:crypto';
import { boundaryIn, withinBoundary } from './boundary.ts';
import type { ChangeRecord } from './change-record.ts';

/** The fields that name the service of a deployment or of one of its records. */
type Named = Pick<ChangeRecord, 'service' | 'serviceId' | 'repository' | 'job' | 'environment'>;

/** Case and word separators differ between a project's name and its path. */
const wordsIn = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
const slug = (text: string): string => wordsIn(text).join('-');

/** True where the service only has its repository's name, for want of a name of its own. */
export const isNamedByDefault = (named: Pick<Named, 'service' | 'repository'>): boolean =>
  named.service === 'unknown' || repositoryNaming(named) !== undefined;

/** The path of the repository that the service is called after. */
export function repositoryNaming({ service, repository }: Pick<Named, 'service' | 'repository'>): string | undefined {
  const paths = [repository?.name, repository?.gitlabProject].filter((path) => path !== undefined);
  return paths.find((path) => slug(lastPart(path)) === slug(service));
}

/** The name of its service: one that is called after its repository keeps the first name, as the repository does. */
function lastingName(named: Named): string {
  const formerly = named.repository?.formerly;
  return formerly !== undefined && repositoryNaming(named) !== undefined ? lastPart(formerly) : named.service;
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * The identity of a service, wherever two must not be confused: lineage, alerts, roll-backs. The id that the sender
 * gave, else the name; where that is only the repository's, the words of the job's name that say more than "deploy to
 * production": a repository may deploy several services.
 */
export function serviceIdentity(named: Named): string {
  if (named.serviceId) return named.serviceId;
  const part = partOf(named);
  const service = lastingName(named);
  return part === '' ? service : `${service} ${part}`;
}

function partOf(named: Named): string {
  if (!isNamedByDefault(named) || named.job === undefined) return '';
  return distinctWordsOf(named.job, named.environment.name, `${named.service} ${lastingName(named)}`);
}

/** A service among those of all projects. */
type KeyedService = Named & { readonly key: string };

/**
 * Which service of which project it is: what every grouping by service goes by, so that two services that share a name
 * are never taken for one. A repository that was renamed keeps the key that it had. Without a repository the senders
 * are distinguished: each of several teams has an `api`.
 */
export function serviceKeyOf(named: KeyedService): string {
  const project = named.repository?.formerly ?? named.repository?.name ?? senderOf(named);
  return [project, serviceIdentity(named)].join('\n').toLowerCase();
}

const senderOf = ({ key }: Pick<KeyedService, 'key'>): string => {
  const name = boundaryIn(key);
  return name === undefined ? '' : withinBoundary(name, '');
};

/** 72 bits: an entry of the timeline has it, of which there are a million. */
const DIGEST_CHARS = 12;

/** The service key in few characters. */
export const serviceDigest = (named: KeyedService): string =>
  hash('sha256', serviceKeyOf(named), 'base64url').slice(0, DIGEST_CHARS);

/** Distinguishes it from another service with its name, for a person: the other parts of its key. */
export function qualifierOf(named: KeyedService): string {
  const project = named.repository?.name ?? boundaryIn(named.key) ?? 'no repository';
  const part = named.serviceId ?? partOf(named);
  return part === '' || part === named.service ? project : `${project}, ${part}`;
}

/** Words that most jobs that deploy have in their names; they do not distinguish services. */
const COMMON_WORDS = new Set(
  [
    'deploy deploys deployed deployment deployer release released rollout roll out rollback back revert undo redeploy',
    'retry run start apply sync publish push ship promote job jobs step stage stages pipeline ci cd manual auto',
    'automatic now again to on in at into from for the and with of by via helm helmfile kubectl k8s kubernetes ' +
      'terraform',
    'ansible docker compose ssh production prod prd live staging stage stg testing test qa uat development dev ' +
      'review preview',
  ].flatMap((line) => line.split(' ')),
);

function distinctWordsOf(job: string, environment: string, service: string): string {
  const namedElsewhere = new Set([...wordsIn(environment), ...wordsIn(service)]);
  return wordsIn(job)
    .filter((word) => !COMMON_WORDS.has(word) && !namedElsewhere.has(word) && !/^\d+$/.test(word))
    .join('-');
}

/** The note of a sender that named none. It is dropped where another signal names it. */
export const NO_SERVICE = 'service is unknown: send service or service_id';
