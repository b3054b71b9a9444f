import { trimChars } from '../../values/text.ts';

/** A request to GitLab's API, by its path. */
export type Route =
  | { readonly kind: 'deployments'; readonly project: string }
  | { readonly kind: 'deployment'; readonly project: string; readonly id: string }
  | { readonly kind: 'merge_requests'; readonly project: string; readonly id: string }
  | { readonly kind: 'project'; readonly project: string }
  | { readonly kind: 'user' }
  | { readonly kind: 'version' }
  /** The part for the project's id or path is neither. */
  | { readonly kind: 'no_project' }
  /** It is below the API, and not imitated. */
  | { readonly kind: 'other' };

const PROJECT_LIMIT = 500; // characters of a full path; GitLab allows 255 for each part and nobody needs two

/**
 * Reads `/api/v4/projects/:id/deployments` and its siblings, also below `/webhooks/<name>` and there also without
 * `/api/v4`: GitLab's documented ConfigMap has the path `/projects/:id/deployments` and any url before it. A project's
 * path should be percent-encoded; proxies decode it.
 * @returns undefined for a path that is not of the API.
 */
export function routeOf(path: string): Route | undefined {
  const below = belowApi(path);
  if (below === undefined) return undefined;
  const [first, ...rest] = below;
  if (rest.length === 0 && (first === 'user' || first === 'version')) return { kind: first };
  if (rest.length === 0 && first === 'metadata') return { kind: 'version' }; // what newer clients ask for
  return first === 'projects' ? projectRoute(rest) : { kind: 'other' };
}

/** The collection is last, or before an id, or before that and `merge_requests`: what is before it is the project. */
function projectRoute(segments: readonly string[]): Route {
  const at = [1, 2, 3].map((back) => segments.length - back).find((index) => segments[index] === 'deployments');
  const [, id, more] = at === undefined ? [] : segments.slice(at);
  const project = projectName(decoded(segments.slice(0, at).join('/')));
  if (project === undefined) return { kind: 'no_project' };
  if (at === undefined) return segments.length === 1 ? { kind: 'project', project } : { kind: 'other' };
  if (id === undefined) return { kind: 'deployments', project };
  if (more === undefined) return { kind: 'deployment', project, id };
  return more === 'merge_requests' ? { kind: 'merge_requests', project, id } : { kind: 'other' };
}

/** The segments that follow `/api/v4`; undefined for a path that is not of the API. */
function belowApi(path: string): readonly string[] | undefined {
  const segments = trimChars(path, '/').split('/');
  const isOfSource = segments[0] === 'webhooks';
  const rest = isOfSource ? segments.slice(2) : segments;
  if (rest[0] === 'api' && rest[1] === 'v4') return rest.slice(2);
  return isOfSource && rest[0] === 'projects' ? rest : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ''; // a "%" that begins no percent-encoding
  }
}

/** An id or a full path; not `$PROJECT_ID` or `<your-project-id>`, which was not replaced. */
export function projectName(text: string): string | undefined {
  if (text.length > PROJECT_LIMIT) return undefined;
  const name = trimChars(text, '/');
  if (name.split('/').some((part) => part === '.' || part === '..')) return undefined;
  return /^[\p{L}\p{N}_.-]+(\/[\p{L}\p{N}_.-]+)*$/u.test(name) ? name : undefined;
}

export function serviceOf(project: string | undefined): string {
  if (!project) return 'unknown';
  return /^\d+$/.test(project) ? `project-${project}` : (project.split('/').at(-1) ?? project);
}
