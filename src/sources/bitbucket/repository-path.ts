import type { Lookup } from '../../domain/change-event.ts';
import { bareUuid, withoutUndefined } from './parts.ts';
import { Text } from './schema.ts';

/**
 * The path of a repository in Bitbucket Cloud. Both parts are slugs, or uuids in braces, which the API accepts as well.
 */
export interface RepositoryPath {
  readonly workspace: string;
  readonly repository: string;
}

/** `<workspace>/<slug>`; nothing that would lead to another path of the API. */
export function repositoryPathOf(fullName: string | undefined): RepositoryPath | undefined {
  const [workspace, repository, ...more] = fullName?.split('/') ?? [];
  if (!isSlug(workspace) || !isSlug(repository) || more.length > 0) return undefined;
  return { workspace, repository };
}

const isSlug = (text: string | undefined): text is string =>
  text !== undefined && /^[\w.-]{1,128}$/.test(text) && !/^\.+$/.test(text);

export function repoOfUuids(workspace: string | undefined, repository: string | undefined): RepositoryPath | undefined {
  const [owner, own] = [inBraces(workspace), inBraces(repository)];
  return owner && own ? { workspace: owner, repository: own } : undefined;
}

export function repoOf(
  repository:
    | {
        readonly full_name?: string | undefined;
        readonly uuid?: string | undefined;
        readonly workspace?: { readonly uuid?: string | undefined } | undefined;
        readonly owner?: { readonly uuid?: string | undefined } | undefined;
      }
    | undefined,
): RepositoryPath | undefined {
  const workspace = repository?.workspace?.uuid ?? repository?.owner?.uuid;
  return repositoryPathOf(repository?.full_name) ?? repoOfUuids(workspace, repository?.uuid);
}

export const nameOf = ({ workspace, repository }: RepositoryPath): string => `${workspace}/${repository}`;

/** As the API wants a uuid; undefined for what is none. */
export function inBraces(uuid: string | undefined): string | undefined {
  const bare = bareUuid(uuid);
  return bare && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(bare) ? `{${bare}}` : undefined;
}

/** The question which deployments a pipeline made. */
export const pipelineLookup = (
  repo: RepositoryPath,
  reported: {
    readonly pipeline?: string | undefined;
    readonly build?: string | undefined;
    readonly commit?: string | undefined;
    readonly status?: string | undefined;
  },
): Lookup => withoutUndefined<Record<string, string>>({ ask: 'pipeline', ...repo, ...reported });

export interface AskedPipeline {
  readonly repo: RepositoryPath;
  readonly pipeline?: string;
  readonly build?: string;
  readonly commit?: string;
  readonly status?: string;
}

/** Validated again: another version of this program may have written the data in Redis. */
export function askedPipeline(lookup: Lookup): AskedPipeline | undefined {
  const { workspace, repository } = lookup;
  const repo = repositoryPathOf(`${workspace}/${repository}`) ?? repoOfUuids(workspace, repository);
  if (lookup['ask'] !== 'pipeline' || !repo) return undefined;
  const text = (name: string) => Text.parse(lookup[name]);
  return withoutUndefined<AskedPipeline>({
    repo,
    pipeline: inBraces(lookup['pipeline']),
    build: text('build'),
    commit: text('commit'),
    status: text('status'),
  });
}
