import type { Proxies } from '../outbound/egress.ts';
import { ConfigError } from './config-error.ts';

/**
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as curl reads them: lower-case names take precedence.
 * @throws ConfigError, without the value, which may hold a password
 */
export function proxiesOf(environment: Readonly<Record<string, string | undefined>>): Proxies {
  const read = (name: string) => environment[name.toLowerCase()]?.trim() || environment[name]?.trim() || undefined;
  return {
    http: proxy('HTTP_PROXY', read('HTTP_PROXY')),
    https: proxy('HTTPS_PROXY', read('HTTPS_PROXY')),
    except: read('NO_PROXY'),
  };
}

function proxy(name: string, written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  const text = written.includes('://') ? written : `http://${written}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new ConfigError([`${name}: write the address of an HTTP proxy, such as http://proxy.example.com:3128`]);
}
