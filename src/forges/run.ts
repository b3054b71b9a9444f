/** A run of a pipeline or job on a forge, as its address names it. */
export interface Run {
  /** Lower case. */
  readonly host: string;
  /** Path of the repository in the address: with the root under which the forge runs. */
  readonly path: string;
  readonly pipeline?: string;
  readonly job?: string;
}

/** The separator between a repository and its runs. GitLab wrote no dash before 9.0. */
const SEPARATORS = ['-', 'pipelines', 'jobs', 'builds', 'addon'];

/**
 * Which pipeline, and which of its jobs, an address leads to: GitLab's `/-/pipelines/7` and `/-/jobs/9`, Bitbucket's
 * `/pipelines/results/12` and `/addon/pipelines/home#!/results/12/steps/{…}`. Undefined for any other address.
 */
export function runOf(url: string | undefined): Run | undefined {
  if (!url || !URL.canParse(url)) return undefined;
  const { protocol, host, pathname, hash } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const segments = pathname.split('/').filter(Boolean);
  const end = segments.findIndex((segment, at) => at >= 2 && SEPARATORS.includes(segment));
  if (end === -1) return undefined;
  const rest = [...segments.slice(end), ...hash.split('/')].filter((segment) => segment !== '');
  const after = (...names: string[]) => {
    const at = rest.findIndex((segment) => names.includes(segment));
    return at === -1 ? undefined : idOf(rest[at + 1]);
  };
  const pipeline = after('results') ?? after('pipelines');
  const job = after('jobs', 'builds', 'steps');
  if (pipeline === undefined && job === undefined) return undefined;
  const path = segments.slice(0, end).join('/').toLowerCase();
  return { host: host.toLowerCase(), path, ...(pipeline && { pipeline }), ...(job && { job }) };
}

/** A number, or the id of a step in braces, encoded or not. */
function idOf(segment: string | undefined): string | undefined {
  const id = segment?.replaceAll('%7B', '').replaceAll('%7D', '').replaceAll('{', '').replaceAll('}', '').toLowerCase();
  return id !== undefined && /^[0-9a-f-]{1,40}$/.test(id) ? id : undefined;
}
