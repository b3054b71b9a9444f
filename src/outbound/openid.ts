import type * as OpenIdClient from 'openid-client';
import { LoginFailed, type LoginFailure } from '../domain/login.ts';
import { withProxyNamed } from './egress.ts';
import { createExchange, reasonOf } from './exchange.ts';

/** What the browser that began a login has to send back. */
export interface LoginFlow {
  readonly state: string;
  readonly nonce: string;
  /** PKCE: proves to the provider that the client that redeems the code is the one that asked for it. */
  readonly verifier: string;
}

export type Claims = Readonly<Record<string, unknown>>;

/** An OpenID Connect provider: the authorization code flow with PKCE, state and nonce. */
export interface OpenIdProvider {
  readonly host: string;
  /** Where to send the browser. @throws LoginFailed */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly flow: LoginFlow }>;
  /**
   * Identifies the person who came back. The code is redeemed, and the signature and every claim of the id_token about
   * its audience are checked.
   * @param callback the redirect URI with the query that the browser sent
   * @throws LoginFailed
   */
  finish(callback: URL, flow: LoginFlow): Promise<Claims>;
  /**
   * Where the browser ends its session at the provider (RP-initiated logout). Undefined: the provider names no such
   * address, or does not answer.
   */
  logoutUrl(): Promise<string | undefined>;
}

export interface OpenIdSettings {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly scopes: readonly string[];
  /** Claims that are requested from the provider's userinfo where the id_token lacks one of them. */
  readonly wanted: readonly string[];
}

const TIMEOUT_MS = 10_000; // a person waits for it
/**
 * After this time a login asks for the metadata again: a browser that is sent to a provider that is down shows an error
 * page of its own.
 */
const METADATA_KEPT_MS = 30_000;
/** Anybody can open the login page repeatedly: the provider must not be asked each time. */
const FAILURE_KEPT_MS = 5_000;
/** Two clocks that are synchronised by NTP differ by less. */
const CLOCK_TOLERANCE_SECONDS = 30;

export function createOpenIdProvider(settings: OpenIdSettings, clockMs: () => number = Date.now): OpenIdProvider {
  const { host } = new URL(settings.issuer);
  const discover = createDiscovery(settings, clockMs);
  return {
    host,
    async begin(redirectUri) {
      const { client, configuration } = await discover();
      const { randomState, randomNonce, randomPKCECodeVerifier } = client;
      const flow = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const asked = {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      };
      try {
        return { url: client.buildAuthorizationUrl(configuration, asked).href, flow };
      } catch (error) {
        throw failureOf(error, { client, host, otherwise: 'misconfigured' });
      }
    },
    async finish(callback, { state, nonce, verifier }) {
      const { client, configuration } = await discover();
      try {
        const checks = {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        };
        const tokens = await client.authorizationCodeGrant(configuration, callback, checks);
        const claims: Claims & { readonly sub?: string } = tokens.claims() ?? {};
        const isWhole = settings.wanted.every((name) => Object.hasOwn(claims, name));
        if (isWhole || !configuration.serverMetadata().userinfo_endpoint || claims.sub === undefined) return claims;
        const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
        return { ...more, ...claims };
      } catch (error) {
        throw failureOf(error, { client, host, otherwise: 'refused' });
      }
    },
    logoutUrl: () =>
      discover().then(
        (discovered) => endSessionUrl(discovered, host),
        () => undefined,
      ),
  };
}

/**
 * By client_id alone. No id_token is kept for an id_token_hint, since it names the person. A redirect back has to be
 * registered at the provider, which otherwise shows an error in the place of its log-out: none is asked for.
 */
function endSessionUrl({ client, configuration }: Discovered, host: string): string | undefined {
  const named = configuration.serverMetadata().end_session_endpoint;
  if (named === undefined || !URL.canParse(named)) return undefined;
  const { protocol, host: itsHost } = new URL(named);
  if (protocol !== 'https:' && !(protocol === 'http:' && itsHost === host)) return undefined;
  return client.buildEndSessionUrl(configuration, {}).href;
}

interface Discovered {
  readonly client: typeof OpenIdClient;
  readonly configuration: OpenIdClient.Configuration;
}

/**
 * The provider's metadata, fetched when it is first needed: a bridge whose provider is down starts all the same.
 * Concurrent requests share one fetch.
 */
function createDiscovery(settings: OpenIdSettings, clockMs: () => number): () => Promise<Discovered> {
  let kept: { readonly outcome: Promise<Discovered>; readonly untilMs: number } | undefined;
  return () => {
    if (kept && kept.untilMs > clockMs()) return kept.outcome;
    const outcome = discover(settings);
    const mine = { outcome, untilMs: clockMs() + METADATA_KEPT_MS };
    kept = mine;
    outcome.catch(() => {
      if (kept === mine) kept = { outcome, untilMs: clockMs() + FAILURE_KEPT_MS };
    });
    return outcome;
  };
}

async function discover({ issuer, client_id, client_secret }: OpenIdSettings): Promise<Discovered> {
  const client = await import('openid-client'); // loaded only where somebody logs in by a provider
  const server = new URL(issuer);
  try {
    const insecure = server.protocol === 'http:' ? [client.allowInsecureRequests] : [];
    const configuration = await client.discovery(
      server,
      client_id,
      { client_secret, [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
      proofOf(client, client_secret),
      {
        execute: [...insecure, client.enableNonRepudiationChecks],
        [client.customFetch]: createFetch(server),
        timeout: TIMEOUT_MS / 1000,
      },
    );
    return { client, configuration };
  } catch (error) {
    throw failureOf(error, { client, host: server.host, otherwise: 'misconfigured' });
  }
}

/**
 * By the Authorization header, which every provider has to accept (RFC 6749, 2.3.1), unless its metadata says
 * otherwise.
 */
function proofOf(client: typeof OpenIdClient, secret: string): OpenIdClient.ClientAuth {
  const basic = client.ClientSecretBasic(secret);
  const posted = client.ClientSecretPost(secret);
  return (server, ...others) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return methods.includes('client_secret_basic') ? basic(server, ...others) : posted(server, ...others);
  };
}

/** The same rules for addresses, sizes and times as for every other request. */
function createFetch(issuer: URL): OpenIdClient.CustomFetch {
  const exchange = createExchange({ timeoutMs: TIMEOUT_MS });
  return async (url, { method, headers, body, signal }) => {
    // The metadata names further addresses: without TLS they may only be the provider's own.
    if (new URL(url).protocol !== 'https:' && new URL(url).host !== issuer.host)
      throw new LoginFailed('misconfigured', `${issuer.host} names an address without TLS: ${new URL(url).host}`);
    const text = body === null || body === undefined ? null : String(body);
    const answer = await exchange({ method, url, headers, body: text, signal }).catch((error: unknown) => {
      const cause = withProxyNamed(error);
      const detail = reasonOf(cause, TIMEOUT_MS);
      throw new LoginFailed('unreachable', `no answer from ${new URL(url).host}`, { cause, detail });
    });
    const named = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    );
    const isEmpty = [204, 205, 304].includes(answer.status);
    return new Response(isEmpty ? null : answer.body.toString('utf8'), { status: answer.status, headers: named });
  };
}

const WORDS_LIMIT = 200; // in one sentence of the login page

interface Failing {
  readonly client: typeof OpenIdClient;
  readonly host: string;
  /** Why an answer cannot be used. */
  readonly otherwise: LoginFailure;
}

function failureOf(error: unknown, { client, host, otherwise }: Failing): LoginFailed {
  const known = chainOf(error).find((one) => one instanceof LoginFailed);
  if (known) return known;
  if (error instanceof client.AuthorizationResponseError)
    return new LoginFailed('denied', `${host} says: ${wordsOf(error)}`, { cause: error });
  const refusal = chainOf(error).find((one) => one instanceof client.ResponseBodyError);
  if (refusal?.error === 'invalid_grant')
    return new LoginFailed('refused', `${host} does not take the code: ${wordsOf(refusal)}`, { cause: error });
  if (refusal) return new LoginFailed('misconfigured', `${host} says: ${wordsOf(refusal)}`, { cause: error });
  if (chainOf(error).some((one) => one instanceof client.WWWAuthenticateChallengeError))
    return new LoginFailed('misconfigured', `${host} does not take client_id and client_secret`, { cause: error });
  const answer = chainOf(error).find((one) => one instanceof Response);
  if (answer && answer.status >= 400)
    return new LoginFailed('unreachable', `${host} answers ${answer.status}`, { cause: error });
  const message = error instanceof Error ? error.message : 'it is no answer of a provider';
  const failure = answer ? 'unreachable' : otherwise;
  return new LoginFailed(failure, `the answer of ${host} cannot be used: ${message}`.slice(0, WORDS_LIMIT), {
    cause: error,
  });
}

const wordsOf = ({ error, error_description }: { error: string; error_description?: string | undefined }): string =>
  [error, error_description]
    .filter((words) => words !== undefined)
    .join(', ')
    .slice(0, WORDS_LIMIT);

/** An error and some of its causes. */
function chainOf(error: unknown): unknown[] {
  const chain = [error];
  for (let step = 0; step < 5; step += 1) {
    const last = chain.at(-1);
    if (!(last instanceof Error) || last.cause === undefined) break;
    chain.push(last.cause);
  }
  return chain;
}
