/**
 * Package URLs are written here and never read. packageurl-js, which parses and validates them, would replace only the
 * encoding: which kind of purl an image or a commit is would stay ours.
 */
import type { Deployment } from '../../domain/deployment.ts';
import { trimChars, withoutEnd } from '../../values/text.ts';

/** Hosts whose repositories have a purl type of their own (package-url/purl-spec, PURL-TYPES). GitLab has none. */
const TYPES: Readonly<Record<string, string>> = { 'github.com': 'github', 'bitbucket.org': 'bitbucket' };

/** What was deployed, as a package URL: one that the sender gave, else the image, else the commit of the repository. */
export function artifactId(deployment: Deployment): string {
  const { artifacts } = deployment;
  const given = artifacts.find((artifact) => /^pkg:[a-z][a-z0-9.-]*\/\S+$/.test(artifact));
  return given ?? artifacts.map(ofImage).find((image) => image !== undefined) ?? ofCommit(deployment);
}

/**
 * `registry.example.com/harbor/lamp:1.2` and `…@sha256:…`. In purl the version of an image is its digest; a tag is a
 * qualifier.
 */
function ofImage(image: string): string | undefined {
  if (image.startsWith('chart:') || !/[:/]/.test(image)) return undefined; // `lamp.jar` may be anything
  const parts = /^(?<path>[^@\s]+?)(?::(?<tag>[\w.-]+))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/.exec(image)?.groups;
  const path = parts?.['path']?.toLowerCase();
  const name = path?.split('/').at(-1);
  if (!path || !name) return undefined;
  const { tag, digest } = parts ?? {};
  const qualifiers = [path.includes('/') && `repository_url=${encode(path)}`, tag && `tag=${encode(tag)}`];
  return purl({ type: 'oci', path: name, version: digest, qualifiers });
}

function ofCommit({ repository, commit, service }: Deployment): string {
  const version = commit?.sha;
  const url = repository?.url && URL.canParse(repository.url) ? new URL(repository.url) : undefined;
  const path = url && withoutEnd(trimChars(url.pathname, '/'), '.git');
  const type = url && TYPES[url.hostname];
  if (type && path?.includes('/')) return purl({ type, path: path.toLowerCase(), version, qualifiers: [] });
  const vcs = url && `vcs_url=${encode(`git+${url.origin}/${path}.git${version ? `@${version}` : ''}`)}`;
  return purl({ type: 'generic', path: repository?.name ?? service, version, qualifiers: [vcs] });
}

function purl(parts: {
  type: string;
  path: string;
  version: string | undefined;
  qualifiers: readonly (string | false | undefined)[];
}): string {
  const { type, path, version } = parts;
  const qualifiers = parts.qualifiers.filter(Boolean).join('&');
  const encodedPath = path.split('/').filter(Boolean).map(encode).join('/');
  return `pkg:${type}/${encodedPath}${version ? `@${encode(version)}` : ''}${qualifiers && `?${qualifiers}`}`;
}

/** As the purl specification encodes: everything but letters, digits and `.-_~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
