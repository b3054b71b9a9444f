import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export const CLIENT_ID = 'shiplog-of-the-harbor';
export const CLIENT_SECRET = 'a-client-secret-of-thirty-letters';

export interface ProviderUser {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface TestProvider {
  readonly issuer: string;
  /** Who sits at the browser and logs in. Undefined: somebody who says no. */
  user: ProviderUser | undefined;
  /** How often each path was asked. */
  readonly asked: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

interface Options {
  readonly redirectUri: string;
  /** Claims that stand in the id_token; the others are in userinfo alone. */
  readonly inIdToken?: boolean;
  /** How the client proves itself at the token endpoint. Default: both ways that there are. */
  readonly proof?: 'client_secret_basic' | 'client_secret_post';
}

/** A real OpenID Connect provider over a real socket, which logs in whoever `user` is. */
export async function startProvider({ redirectUri, inIdToken = false, proof }: Options): Promise<TestProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server has an AddressInfo
  const users = new Map<string, ProviderUser>();
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        ...(proof && { token_endpoint_auth_method: proof }),
      },
    ],
    ...(proof && { clientAuthMethods: [proof] }),
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: !inIdToken,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, id: string) => {
      const user = users.get(id);
      return user && { accountId: id, claims: async () => user };
    },
    /** Whoever logs in has agreed. */
    async loadExistingGrant({ oidc }: GrantContext) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    cookies: { keys: ['a-key-of-a-test'] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
  });
  const answer = provider.callback();
  const test: TestProvider = {
    issuer,
    user: undefined,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
    const { user } = test;
    if (user) users.set(user.sub, user);
    const result = user
      ? { login: { accountId: user.sub, remember: false } }
      : { error: 'access_denied', error_description: 'the person said no' };
    void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  return test;
}

interface GrantContext {
  readonly oidc: { readonly client: { readonly clientId: string }; readonly session: { readonly accountId: string } };
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/** A browser as far as cookies and redirects go; each host has its own cookies. */
export function createTestBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  async function ask(url: string, init: RequestInit = {}) {
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: { ...(cookie && { cookie }), ...(init.headers as Record<string, string>) },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      const isOver = attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one)) || pair.length === at + 1;
      if (isOver) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
  /** Every address on the way; the last one is where it ended. */
  async function open(url: string, init?: RequestInit): Promise<Page & { readonly way: readonly string[] }> {
    const way: string[] = [];
    let next = url;
    for (let step = 0; step < 20; step += 1) {
      way.push(next);
      const answer = await ask(next, step === 0 ? init : {});
      const location = answer.headers.get('location');
      if (location === null) return { url: next, way, status: answer.status, text: await answer.text() };
      await answer.arrayBuffer();
      next = new URL(location, next).href;
    }
    throw new Error(`it goes round: ${way.join(' ')}`);
  }
  return { ask, open, cookies: (url: string) => jarOf(url) };
}
