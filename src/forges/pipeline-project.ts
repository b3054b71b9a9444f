import { safeUrl } from '../values/url.ts';

/** The project or repository that a pipeline belongs to. */
export interface PipelineProject {
  readonly path: string;
  readonly url: string;
  /** The last part of the path: what GitLab and Bitbucket call the slug. */
  readonly slug: string;
}

/**
 * The project in the address of a pipeline or job: `<host>/<group>/<project>/-/pipelines/…` of GitLab,
 * `bitbucket.org/<workspace>/<repository>/pipelines/…`.
 */
export function projectOfPipeline(pipelineUrl: string | undefined): PipelineProject | undefined {
  const text = safeUrl(pipelineUrl);
  if (!text) return undefined;
  const { origin, hostname, pathname } = new URL(text);
  const path =
    hostname === 'bitbucket.org' ? /^\/([^/]+\/[^/]+)\/pipelines\b/.exec(pathname)?.[1] : pathBeforeDash(pathname);
  const slug = path?.split('/').at(-1);
  return path && slug ? { path, url: `${origin}/${path}`, slug } : undefined;
}

/** GitLab: `/group/project/-/pipelines/7` is of `group/project`. */
function pathBeforeDash(pathname: string): string | undefined {
  const [path = '', rest = ''] = pathname.slice(1).split('/-/', 2);
  const isRun = rest.startsWith('pipelines/') || rest.startsWith('jobs/');
  return isRun && path.includes('/') ? path : undefined;
}
