import { safeUrl } from '../values/url.ts';

/** The project or repository that a pipeline belongs to. */
export interface PipelineProject {
  readonly path: string;
  readonly url: string;
  /** The last part of the path: what GitLab and Bitbucket call the slug. */
  readonly slug: string;
}

/**
 * The project in the address of a pipeline or job: `<host>/<group>/<project>/-/pipelines/…` of GitLab, which scripts
 * also compose without the dash (`$CI_PROJECT_URL/pipelines/$CI_PIPELINE_ID`),
 * `bitbucket.org/<workspace>/<repository>/pipelines/…`, and its older `…/addon/pipelines/home#!/results/7`.
 */
export function projectOfPipeline(pipelineUrl: string | undefined): PipelineProject | undefined {
  const text = safeUrl(pipelineUrl);
  if (!text) return undefined;
  const { origin, hostname, pathname } = new URL(text);
  const path =
    hostname === 'bitbucket.org'
      ? /^\/([^/]+\/[^/]+)\/(?:addon\/)?pipelines\b/.exec(pathname)?.[1]
      : (pathBeforeDash(pathname) ?? pathBeforeNumber(pathname));
  const slug = path?.split('/').at(-1);
  return path && slug ? { path, url: `${origin}/${path}`, slug } : undefined;
}

/** GitLab: `/group/project/-/pipelines/7` is of `group/project`. */
function pathBeforeDash(pathname: string): string | undefined {
  const [path = '', rest = ''] = pathname.slice(1).split('/-/', 2);
  const isRun = rest.startsWith('pipelines/') || rest.startsWith('jobs/');
  return isRun && path.includes('/') ? path : undefined;
}

/** GitLab forwards `/group/project/pipelines/7` to the address with the dash. */
function pathBeforeNumber(pathname: string): string | undefined {
  const segments = pathname.split('/').filter(Boolean);
  const [kind = '', number = ''] = segments.slice(-2);
  const path = segments.slice(0, -2);
  const isRun = (kind === 'pipelines' || kind === 'jobs') && /^\d{1,20}$/.test(number);
  return isRun && path.length >= 2 && !path.includes('-') ? path.join('/') : undefined;
}
