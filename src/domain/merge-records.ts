import type { ChangeRecord } from './change-record.ts';
import { isNamedByDefault } from './service.ts';

/** Two records of one deployment as one: `over` wins wherever it has a value; lists are united. */
export function mergeRecords(under: ChangeRecord, over: ChangeRecord): ChangeRecord {
  // the same keys, fewer of them
  const defined = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) as ChangeRecord;
  return {
    ...Object.assign({}, under, defined),
    environment: mergeEnvironment(under, over),
    service: serviceIn(under, over),
    ...(under.repository && { repository: mergeRepository(under.repository, over.repository) }),
    ...(under.commit && { commit: { ...under.commit, ...over.commit } }),
    ...(under.pullRequest && { pullRequest: { ...under.pullRequest, ...over.pullRequest } }),
    ...(under.manifests && { manifests: { ...under.manifests, ...over.manifests } }),
    ...(under.changeType !== 'deployment' && over.changeType === 'deployment' && { changeType: under.changeType }),
    // The revision that a later record reports replaces the one that an earlier record announced.
    artifacts: over.artifacts.length > 0 ? over.artifacts : under.artifacts,
    paths: unite(under.paths, over.paths),
    tags: unite(under.tags, over.tags),
  };
}

/** A name that somebody gave counts more than one after the repository, whose present name the forge knows best. */
function serviceIn(under: ChangeRecord, over: ChangeRecord): string {
  if (!isNamedByDefault(over) || under.service === 'unknown') return over.service;
  const isOutdated = over.repository?.id !== undefined && under.repository?.id === undefined && isNamedByDefault(under);
  return isOutdated && over.service !== 'unknown' ? over.service : under.service;
}

type Repository = NonNullable<ChangeRecord['repository']>;

function mergeRepository(under: Repository, over: Repository | undefined): Repository {
  const isForgesName = under.id !== undefined && over?.id === undefined;
  return { ...under, ...over, ...(isForgesName && { name: under.name, ...(under.url && { url: under.url }) }) };
}

/** A signal without an environment must not hide the environment of another. */
function mergeEnvironment(under: ChangeRecord, over: ChangeRecord): ChangeRecord['environment'] {
  if (over.environment.name === 'unknown') return { ...over.environment, ...under.environment };
  if (under.environment.name !== over.environment.name) return over.environment;
  return { ...under.environment, ...over.environment };
}

/** Each record has its limit; this one is for a deployment with a thousand records. */
const MAX_UNITED = 200;
const unite = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].slice(0, MAX_UNITED);
