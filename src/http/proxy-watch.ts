import type { IncomingMessage } from 'node:http';

export interface ProxyWatch {
  look(request: IncomingMessage): void;
  /**
   * A sentence, when requests come through a proxy that is not configured. Any sender can write the header, so that it
   * is only a hint.
   */
  hint(): string | undefined;
}

/** Behind a proxy that is not configured every sender has the proxy's address, and cookies are sent without Secure. */
export function watchProxies(trustProxy: number): ProxyWatch {
  let isUnasked = false;
  return {
    look({ headers }) {
      if (trustProxy === 0 && headers['x-forwarded-for'] !== undefined) isUnasked = true;
    },
    hint: () =>
      isUnasked
        ? 'requests have the header X-Forwarded-For, but trust_proxy is 0: if the bridge is behind a proxy, set ' +
          'SHIPLOG_TRUST_PROXY=1 (or how many there are)'
        : undefined,
  };
}
