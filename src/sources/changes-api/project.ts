import { safeUrl } from '../../values/url.ts';

interface Project {
  readonly path: string;
  readonly url: string;
  /** The last part of the path: what GitLab and Bitbucket call the project's or repository's slug. */
  readonly service: string;
}

/**
 * The project of a pipeline: `<host>/<group>/<project>/-/pipelines/…` of GitLab,
 * `bitbucket.org/<workspace>/<repository>/pipelines/…`.
 */
export function projectOf(pipelineUrl: string | undefined): Project | undefined {
  const text = safeUrl(pipelineUrl);
  if (!text) return undefined;
  const { origin, hostname, pathname } = new URL(text);
  const path =
    hostname === 'bitbucket.org' ? /^\/([^/]+\/[^/]+)\/pipelines\b/.exec(pathname)?.[1] : pathBeforeDash(pathname);
  const service = path?.split('/').at(-1);
  return path && service ? { path, url: `${origin}/${path}`, service } : undefined;
}

/** GitLab: `/group/project/-/pipelines/7` is of `group/project`. */
function pathBeforeDash(pathname: string): string | undefined {
  const [path = '', rest = ''] = pathname.slice(1).split('/-/', 2);
  const isKnown = rest.startsWith('pipelines/') || rest.startsWith('jobs/');
  return isKnown && path.includes('/') ? path : undefined;
}
