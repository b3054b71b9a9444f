import type { RequestHandler } from 'express';

export interface ProxyWatch {
  readonly handle: RequestHandler;
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
    handle(request, _response, next) {
      if (trustProxy === 0 && request.headers['x-forwarded-for'] !== undefined) isUnasked = true;
      next();
    },
    hint: () =>
      isUnasked
        ? 'requests come with X-Forwarded-For, and trust_proxy is 0: if a proxy stands before the bridge, set ' +
          'SHIPLOG_TRUST_PROXY=1 (or how many there are)'
        : undefined,
  };
}
