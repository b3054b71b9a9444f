import type { Config } from '../config/config.ts';
import type { Token } from '../http/access.ts';

/** Which token may do what. The secrets of a source that may read its own changes are tokens as well. */
export const tokensOf = ({ admin_token, viewer_token, tokens, sources }: Config): Token[] => [
  { name: 'admin', token: admin_token, may: 'admin' },
  ...(viewer_token ? [{ name: 'viewer', token: viewer_token, may: 'read' } as const] : []),
  ...tokens,
  ...sources.flatMap(({ name, secrets, secretsMayRead }) =>
    secretsMayRead ? secrets.map((token) => ({ name, token, may: 'write', source: name }) as const) : [],
  ),
];
