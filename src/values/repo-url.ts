import { trimChars, trimCharsEnd } from './text.ts';

/** A Git (or chart) repository, by the address that a deployment tool was configured with. */
export interface RepoUrl {
  /** Host name, lower case, without port and user. */
  readonly host: string;
  /** The whole path with all subgroups, without `.git`: `harbor/apps/lighthouse-api`. */
  readonly path: string;
  /** For a browser. Never holds the user or password of the address. */
  readonly url: string;
}

const LONGEST = 2000; // characters; what is longer is not an address
const SCHEMES = ['https', 'http', 'ssh', 'git', 'git+ssh', 'git+https', 'oci'];

/**
 * Reads `https://host/path`, `ssh://git@host:2222/path`, `git@host:path` and `host/path`, as Argo CD and Git do:
 * in the scp-like layout all that follows the colon is path, never a port.
 */
export function parseRepoUrl(text: string | null | undefined): RepoUrl | undefined {
  const address = text?.trim() ?? '';
  if (!address || address.length > LONGEST || /[\s\\<>"]/.test(address)) return undefined;
  const withScheme = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i.exec(address);
  if (!withScheme) return parseWithoutScheme(address);
  const [, scheme = '', rest = ''] = withScheme;
  return SCHEMES.includes(scheme.toLowerCase()) ? parseAuthority(rest, scheme.toLowerCase()) : undefined;
}

function parseWithoutScheme(address: string): RepoUrl | undefined {
  const colon = address.indexOf(':');
  const slash = address.indexOf('/');
  const isPort = /^\d{1,5}\//.test(address.slice(colon + 1)) && !address.includes('@');
  if (colon > 1 && (slash === -1 || colon < slash) && !isPort) {
    return build({ authority: address.slice(0, colon), path: address.slice(colon + 1), scheme: 'ssh' });
  }
  const first = address.slice(0, Math.max(slash, 0)).replace(/:\d+$/, '');
  // not `group/project`, not `./charts`
  const isHost = first.includes('@') || /^[^.].*\.[^.]/.test(first) || first === 'localhost';
  return isHost ? parseAuthority(address, 'https') : undefined;
}

function parseAuthority(rest: string, scheme: string): RepoUrl | undefined {
  const slash = rest.indexOf('/');
  return slash < 1 ? undefined : build({ authority: rest.slice(0, slash), path: rest.slice(slash + 1), scheme });
}

function build(parts: { authority: string; path: string; scheme: string }): RepoUrl | undefined {
  const server = /^(\[[0-9a-f:.]+\]|[^:@/[\]]+)(?::(\d{1,5}))?$/i.exec(
    parts.authority.slice(parts.authority.lastIndexOf('@') + 1),
  );
  const bare = trimChars(parts.path.split(/[?#]/, 1)[0] ?? '', '/');
  const path = trimCharsEnd(bare.toLowerCase().endsWith('.git') ? bare.slice(0, -'.git'.length) : bare, '/');
  const host = server?.[1] && webHost(server[1].toLowerCase(), server[2], parts.scheme);
  if (!host || !path || path === '.') return undefined;
  return { host, path: decodeOrKeep(path), url: `${origin(host, server?.[2], parts.scheme)}/${path}` };
}

/** The host for SSH over the port of HTTPS has no web pages: `altssh.…`, or `ssh.…` with the port 443. */
function webHost(host: string, port: string | undefined, scheme: string): string {
  const isSsh = (scheme === 'ssh' || scheme === 'git+ssh') && port === '443';
  return host.replace(isSsh ? /^(?:alt)?ssh\.(?=[^.]+\.)/ : /^altssh\./, '');
}

/** The port of SSH is not that of the web pages; a port of plain HTTP answers no HTTPS. */
function origin(host: string, port: string | undefined, scheme: string): string {
  if (scheme === 'http' && port && port !== '80') return `http://${host}:${port}`;
  const keepsPort = (scheme === 'https' || scheme === 'git+https' || scheme === 'oci') && port && port !== '443';
  return `https://${host}${keepsPort ? `:${port}` : ''}`;
}

export function decodeOrKeep(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a lone "%" in a path is literal
  }
}
