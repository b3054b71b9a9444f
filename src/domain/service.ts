import type { ChangeRecord } from './change-record.ts';

/** What names the service of a deployment or of one of its records. */
type Named = Pick<ChangeRecord, 'service' | 'serviceId' | 'repository' | 'job' | 'environment'>;

/** Upper and lower case, and what stands between two words, differ between a project's name and its path. */
const wordsIn = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
const slug = (text: string): string => wordsIn(text).join('-');

/** True where the service is only called after its repository, for want of a name of its own. */
export const isNamedByDefault = (named: Pick<Named, 'service' | 'repository'>): boolean =>
  named.service === 'unknown' || repositoryNaming(named) !== undefined;

/** The path of the repository that the service is called after. */
export function repositoryNaming({ service, repository }: Pick<Named, 'service' | 'repository'>): string | undefined {
  const paths = [repository?.name, repository?.gitlabProject].filter((path) => path !== undefined);
  return paths.find((path) => slug(path.slice(path.lastIndexOf('/') + 1)) === slug(service));
}

/**
 * Which service it is, for all that must not mix two of them up: what follows what, alerts, roll-backs. The id that
 * the sender gave, else the name; where that is only the repository's, the words of the job's name that say more than
 * "deploy to production": a repository may deploy several services.
 */
export function serviceIdentity(named: Named): string {
  if (named.serviceId) return named.serviceId;
  if (!isNamedByDefault(named) || named.job === undefined) return named.service;
  const part = distinctWordsOf(named.job, named.environment.name, named.service);
  return part === '' ? named.service : `${named.service} ${part}`;
}

/** Words that most jobs that deploy have in their names; they tell no service from another. */
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

/** Of a sender that named none. It goes where another signal names it. */
export const NO_SERVICE = 'service is unknown: send service or service_id';
