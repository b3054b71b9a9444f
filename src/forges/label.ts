import { forgeOf, type RepositoryAddress } from './index.ts';

/** `!101` of GitLab, `#13` elsewhere: decided by its own address, else by its repository. */
export function mergeRequestLabel(
  { number, url }: { readonly number: string; readonly url?: string | undefined },
  repository: RepositoryAddress | undefined,
): string {
  const sign = url?.includes('/merge_requests/') ? '!' : (forgeOf({ url }) ?? forgeOf(repository))?.mergeRequestSign;
  return `${sign ?? '#'}${number}`;
}
