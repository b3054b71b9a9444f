import { parseRepoUrl } from '../values/repo-url.ts';
import { bitbucketRepository, dataCenterRepository, isDataCenterPage } from './bitbucket.ts';
import type { ForgeAddress, Repository } from './forge.ts';
import { githubRepository } from './github.ts';
import { gitlabRepository } from './gitlab.ts';

export interface RepositoryAddress {
  /** The address as the tool was given it: of a web page, of HTTPS, of SSH. */
  readonly url?: string | undefined;
  /** True where it is known that the repository is a project of a GitLab, wherever that runs. */
  readonly gitlabProject?: string | undefined;
  /** Where GitLabs run: `gitlab.example.com`, or with port and root as in `https://example.com:8443/gitlab`. */
  readonly gitlabHosts?: readonly string[];
}

/** Hosts for SSH over port 443, which serve no pages. */
const WEB_HOSTS: Readonly<Record<string, string>> = {
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
  'ssh.github.com': 'github.com',
};

/**
 * The repository at an address, where it is certain which forge it is on: by the host, by the shape of the address, or
 * because the source says so. Undefined for any other host: a wrong link is worse than none.
 * @example forgeOf({ url: 'git@gitlab.com:harbor/api.git' })?.commitUrl(sha)
 */
export function forgeOf(repository: RepositoryAddress | undefined): Repository | undefined {
  const { url, gitlabProject, gitlabHosts = [] } = repository ?? {};
  const address = addressOf(url);
  if (!address) return undefined;
  const { host } = address;
  if (host === 'bitbucket.org') return bitbucketRepository(address);
  if (host === 'github.com' || host.startsWith('github.')) return githubRepository(address);
  const site = siteOf(address, gitlabHosts);
  if (site) return gitlabRepository({ ...address, origin: site.origin ?? address.origin }, site.root);
  if (host === 'gitlab.com' || host.startsWith('gitlab.')) return gitlabRepository(address, []);
  return (gitlabProject && named(address, gitlabProject)) || dataCenterRepository(address);
}

/**
 * The path of a project shows how much of the address is the root, and whether the address is of this project at all;
 * an id does not.
 */
function named(address: ForgeAddress, gitlabProject: string): Repository | undefined {
  if (/^\d+$/.test(gitlabProject)) return isDataCenterPage(address) ? undefined : gitlabRepository(address, 'unknown');
  const project = gitlabProject.toLowerCase().split('/').filter(Boolean);
  const { segments } = address;
  const dash = segments.indexOf('-');
  const end = dash === -1 ? segments.length : dash;
  const start = end - project.length;
  const isIt = start >= 0 && project.every((segment, at) => segments[start + at]?.toLowerCase() === segment);
  return isIt ? gitlabRepository(address, segments.slice(0, start)) : undefined;
}

function addressOf(text: string | undefined): ForgeAddress | undefined {
  const parsed = parseRepoUrl(text);
  if (!parsed || !URL.canParse(parsed.url)) return undefined;
  const host = Object.hasOwn(WEB_HOSTS, parsed.host) ? WEB_HOSTS[parsed.host] : undefined;
  const { origin, pathname } = new URL(parsed.url);
  const segments = pathname.split('/').filter(Boolean);
  return {
    origin: host === undefined ? origin : `https://${host}`,
    host: host ?? parsed.host,
    segments,
    port: portOf(text ?? ''),
  };
}

/** The port of an address with a scheme: for SSH, it distinguishes the products. */
function portOf(text: string): string | undefined {
  const start = text.indexOf('://');
  if (start === -1) return undefined;
  const [authority = ''] = text.slice(start + 3).split('/', 1);
  const port = authority.slice(authority.lastIndexOf(':') + 1);
  return /^\d{1,5}$/.test(port) ? port : undefined;
}

interface ForgeHost {
  readonly host: string;
  readonly root: readonly string[];
  /** Undefined where only the host was given: then the root is taken from the address. */
  readonly origin: string | undefined;
}

/** The one with the longest root that fits, since one host may have several. */
function siteOf({ host, segments }: ForgeAddress, gitlabHosts: readonly string[]): ForgeHost | undefined {
  const fitting = gitlabHosts.flatMap((text) => toSite(text) ?? []).filter((site) => site.host === host);
  const isBelow = ({ root }: ForgeHost) =>
    root.every((segment, at) => segments[at]?.toLowerCase() === segment.toLowerCase());
  const sorted = fitting.toSorted((a, b) => b.root.length - a.root.length);
  return sorted.find(isBelow) ?? sorted[0]; // SSH addresses have no root
}

function toSite(text: string): ForgeHost | undefined {
  const written = text.trim();
  const withScheme = written.includes('://') ? written : `https://${written}`;
  if (!URL.canParse(withScheme)) return undefined;
  const { protocol, origin, hostname, port, pathname } = new URL(withScheme);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return {
    host: hostname.toLowerCase(),
    root: pathname.split('/').filter(Boolean),
    origin: isWeb && (port !== '' || written.includes('://')) ? origin : undefined,
  };
}
