import { DeliveryFailed } from '../../domain/errors.ts';
import {
  createSendJson,
  excerptOf,
  failure,
  isSuccess,
  type JsonAnswer,
  type JsonRequest,
  KEY_PROBE_MS,
  shown,
} from '../../outbound/http.ts';
import { adviceFor, withoutSecrets } from '../post.ts';
import type { PreviewedRequest } from '../sink.ts';
import { Granted, type Submission, TenantInfo, TokenRefusal } from './schema.ts';

/** The service itself: a name that resolves to a private address is refused. */
export const ATLASSIAN_URL = 'https://api.atlassian.com';
const AUDIENCE = 'api.atlassian.com';
/** A token is renewed this long before it expires: a request that begins with it may take a while. */
const RENEW_BEFORE_MS = 60_000;
const CREDENTIALS = 'a valid client_id and client_secret, of OAuth credentials with the permission for deployments';

export interface ApiConfig {
  readonly url: string;
  readonly site?: string | undefined;
  readonly cloud_id?: string | undefined;
  readonly client_id: string;
  readonly client_secret: string;
  readonly timeout_seconds: number;
}

/** Jira's deployments API, with its token. Each throws DeliveryFailed when there was no complete answer. */
export interface JiraApi {
  submit(submission: Submission, signal: AbortSignal): Promise<JsonAnswer>;
  /** Sends nothing: the cloud id may not be known yet. */
  preview(submission: Submission): PreviewedRequest;
  /** The id of the site, after a token was issued. Changes nothing. */
  check(signal: AbortSignal): Promise<string>;
}

export function createApi(config: ApiConfig, clockMs: () => number = Date.now): JiraApi {
  const reach = config.url === ATLASSIAN_URL ? 'public' : 'private';
  const send = createSendJson({ timeoutMs: config.timeout_seconds * 1000, reach });
  const token = createToken(config, clockMs, send);
  const cloud = createCloudId(config, createSendJson({ timeoutMs: config.timeout_seconds * 1000 }));
  const submission = (body: Submission, cloudId: string, bearer: string): JsonRequest => ({
    method: 'POST',
    url: `${config.url}/jira/deployments/0.1/cloud/${cloudId}/bulk`,
    headers: { authorization: `Bearer ${bearer}` },
    body,
  });
  return {
    async submit(body, signal) {
      const cloudId = await cloud.ask(signal);
      const once = async (bearer: string) =>
        withoutSecrets(await send({ ...submission(body, cloudId, bearer), signal }), [config.client_secret, bearer]);
      const bearer = await token.ask(signal);
      const answer = await once(bearer);
      if (answer.status !== 401) return answer;
      // It expired early. When the next one is refused as well, the credentials are wrong.
      token.forget(bearer);
      return once(await token.ask(signal));
    },
    preview: (body) => shown(submission(body, cloud.known() ?? '[cloud id of site]', SHOWN_TOKEN), SHOWN_TOKEN),
    async check(signal) {
      await token.ask(signal);
      return cloud.ask(signal);
    },
  };
}

const SHOWN_TOKEN = '[secret]';

/** The token is kept in memory until shortly before it expires. Two concurrent deliveries may each ask for one. */
function createToken(config: ApiConfig, clockMs: () => number, send: ReturnType<typeof createSendJson>) {
  const { client_id, client_secret } = config;
  const url = `${config.url}/oauth/token`;
  const body = { audience: AUDIENCE, grant_type: 'client_credentials', client_id, client_secret };
  let kept: { readonly text: string; readonly untilMs: number } | undefined;
  return {
    async ask(signal: AbortSignal): Promise<string> {
      if (kept && kept.untilMs > clockMs()) return kept.text;
      const answer = withoutSecrets(await send({ method: 'POST', url, body, signal }), [client_secret]);
      if (!isSuccess(answer)) throw tokenRefusal(answer);
      const granted = Granted.safeParse(answer.json).data;
      if (!granted) throw notAtlassian(answer, 'token', 'url');
      kept = { text: granted.access_token, untilMs: clockMs() + granted.expires_in * 1000 - RENEW_BEFORE_MS };
      return granted.access_token;
    },
    forget(refused: string): void {
      if (kept?.text === refused) kept = undefined;
    },
  };
}

/** A site keeps its cloud id for ever, whatever its name. */
function createCloudId({ site, cloud_id }: ApiConfig, send: ReturnType<typeof createSendJson>) {
  let cloudId = cloud_id;
  return {
    known: () => cloudId,
    async ask(signal: AbortSignal): Promise<string> {
      if (cloudId !== undefined) return cloudId;
      const answer = await send({ method: 'GET', url: `${site}/_edge/tenant_info`, signal });
      const advice = adviceFor(answer, { credential: 'cloud_id', address: 'site, or set cloud_id' });
      if (!isSuccess(answer)) throw failure(answer, `${site} does not show its cloud id`, advice);
      const tenant = TenantInfo.safeParse(answer.json).data;
      if (!tenant) throw notAtlassian(answer, 'cloud id', 'site');
      cloudId = tenant.cloudId;
      return cloudId;
    },
  };
}

/** Causes of a 400 that concern the credentials, not the request (RFC 6749, 5.2; Auth0's access_denied). */
const OF_CREDENTIALS = new Set(['invalid_client', 'unauthorized_client', 'access_denied', 'invalid_grant']);

function tokenRefusal(answer: JsonAnswer): DeliveryFailed {
  const what = 'Atlassian gave no token';
  if (answer.status === 400 && OF_CREDENTIALS.has(TokenRefusal.parse(answer.json ?? {}).error))
    return new DeliveryFailed(`${what}: 400 ${excerptOf(answer)}. The credentials are refused: set ${CREDENTIALS}`, {
      retry: { afterMs: KEY_PROBE_MS, hold: 'sink' },
      status: 400,
    });
  return failure(answer, what, adviceFor(answer, { credential: CREDENTIALS, address: 'url' }));
}

export const refusal = (answer: JsonAnswer, key: string): DeliveryFailed =>
  failure(
    answer,
    `Jira did not accept ${key}`,
    adviceFor(answer, { credential: CREDENTIALS, address: 'cloud_id or site' }),
  );

/** @throws never; the answer of a sign-in page or a proxy says nothing about what happened */
export const notAtlassian = ({ status }: JsonAnswer, what: string, setting: string): DeliveryFailed =>
  new DeliveryFailed(`the answer ${status} holds no ${what}: correct ${setting}, which does not seem to be Atlassian`, {
    retry: 'backoff',
    status,
  });
