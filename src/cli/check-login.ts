import type { Config } from '../config/config.ts';
import { LOGIN_CALLBACK } from '../domain/login.ts';

/** Whether the login provider answers. Whether it accepts the client is seen only when somebody logs in. */
export async function checkLogin({ auth, public_url }: Pick<Config, 'auth' | 'public_url'>) {
  const login = auth?.oidc;
  if (!login) return [];
  const { host } = login.provider;
  const redirectUri = `${public_url}${LOGIN_CALLBACK}`;
  try {
    await login.provider.begin(redirectUri);
    return [{ ok: true, what: `login: ${host} answers; its client needs the redirect URI ${redirectUri}` }];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ ok: false, what: `login: ${why}; correct auth.oidc, or check the provider` }];
  }
}
