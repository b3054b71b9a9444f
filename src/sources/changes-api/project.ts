/** An absolute http(s) URL without user and password: GitLab's CI_REPOSITORY_URL holds a job token. */
export function httpUrl(text: string | undefined): string | undefined {
  if (!text || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!url.username && !url.password) return text;
  url.username = '';
  url.password = '';
  return url.href;
}

interface Project {
  readonly path: string;
  readonly url: string;
  /** The last part of the path: what GitLab and Bitbucket call the project's or repository's slug. */
  readonly service: string;
}

/** The project of a pipeline: `<host>/<group>/<project>/-/pipelines/…` of GitLab, `bitbucket.org/<workspace>/<repository>/pipelines/…`. */
export function projectOf(pipelineUrl: string | undefined): Project | undefined {
  const text = httpUrl(pipelineUrl);
  if (!text) return undefined;
  const { origin, hostname, pathname } = new URL(text);
  const pattern =
    hostname === 'bitbucket.org' ? /^\/([^/]+\/[^/]+)\/pipelines\b/ : /^\/(.+?\/.+?)\/-\/(?:pipelines|jobs)\//;
  const path = pattern.exec(pathname)?.[1];
  const service = path?.split('/').at(-1);
  return path && service ? { path, url: `${origin}/${path}`, service } : undefined;
}
