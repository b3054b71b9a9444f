import type { NewChangeRecord } from '../../domain/change-record.ts';
import { forgeOf } from '../../forges/index.ts';
import { nameRef } from '../../values/ref.ts';
import type { Project } from './project.ts';

/** A deployment's ref as GitLab writes it, and what else shows the merge request that it belongs to. */
export interface SignalRef {
  readonly ref: string | undefined;
  /** GitLab's own flag, where the signal has one. */
  readonly tag?: boolean | null | undefined;
  /** The commit's message: of a merge commit it names the merge request. */
  readonly message?: string | undefined;
}

/**
 * Branch, tag and merge request. Jobs of a merge request's pipeline have a ref that nobody uses
 * (`refs/merge-requests/42/merge`): its number counts, and the branch is left to a signal that has it.
 */
export function refFacts(
  { ref: text, tag: flag, message }: SignalRef,
  project: Project,
): Pick<NewChangeRecord, 'ref' | 'tag' | 'pullRequest'> {
  const { ref, tag = flag ?? undefined, mergeRequest } = nameRef(text);
  const request = mergeRequest ? requestOf(mergeRequest, project) : requestIn(message, project);
  return {
    ...(ref && { ref }),
    ...(ref && tag !== undefined && { tag }),
    ...(request && { pullRequest: request }),
  };
}

const repositoryOf = ({ url, path, id }: Project) => forgeOf({ url, gitlabProject: path ?? id });

function requestOf(number: string, project: Project): NewChangeRecord['pullRequest'] {
  const url = repositoryOf(project)?.mergeRequestUrl(number);
  return { number, ...(url && { url }) };
}

function requestIn(message: string | undefined, project: Project): NewChangeRecord['pullRequest'] {
  // As in `See merge request harbor/lamp!7`. Most messages name none, and the address takes long to parse.
  const request = message?.includes('!') ? repositoryOf(project)?.mergeRequestOf(message) : undefined;
  return request ? { number: request.number, url: request.url } : undefined;
}
