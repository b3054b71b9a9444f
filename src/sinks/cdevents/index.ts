import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { createSendJson, failure, type JsonAnswer, type JsonRequest, shown } from '../../outbound/http.ts';
import { BaseUrl, Credential, MIN_SECRET_CHARS, Name, tooShort } from '../../values/settings.ts';
import { Concurrency, type SharedOptions, States, TimeoutSeconds } from '../options.ts';
import { adviceFor, answersAt, post, withoutSecrets } from '../post.ts';
import type { Sink } from '../sink.ts';
import { type Mode, toRequest } from './binding.ts';
import { toEvents } from './event.ts';

/** A receiver of CDEvents 0.5 over CloudEvents. Without a URL the sink is off. */
export const cdevents = z
  .strictObject({
    type: z.literal('cdevents'),
    name: Name.default('cdevents'),
    url: BaseUrl.optional(),
    mode: z.enum(['binary', 'structured']).default('binary'),
    /** `source` of every event: the sender. Together with the id it identifies an event. */
    source: z
      .string()
      .regex(/^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+$/i, 'write a URI or a path, such as /shiplog')
      .default('/shiplog'),
    token: Credential('token').optional(),
    signing_secret: z.string().min(MIN_SECRET_CHARS, tooShort('a secret')).optional(),
    states: States(['running', 'succeeded', 'failed', 'canceled']),
    /** Whether a success also sends an event about its environment, as `environment.modified`. */
    environment_events: z.boolean().default(false),
    concurrency: Concurrency(5),
    timeout_seconds: TimeoutSeconds(),
  })
  .transform(({ url, ...config }): Sink | undefined =>
    url === undefined ? undefined : createSink({ ...config, url }),
  );

interface Config extends SharedOptions {
  readonly url: string;
  readonly mode: Mode;
  readonly source: string;
  readonly token?: string | undefined;
  readonly signing_secret?: string | undefined;
  readonly states: readonly State[];
  readonly environment_events: boolean;
}

function createSink(config: Config): Sink {
  const { name, url, states, source, token, signing_secret } = config;
  const secrets = [token, signing_secret].filter((secret) => secret !== undefined);
  const send = createSendJson({ timeoutMs: config.timeout_seconds * 1000 });
  const includesRuns = states.includes('running') || states.includes('pending');
  const eventsOf = (deployment: Deployment, pageUrl: string | undefined) =>
    toEvents(deployment, { source, includesRuns, includesEnvironments: config.environment_events, pageUrl });
  const requestsFor = (deployment: Deployment, pageUrl: string | undefined) =>
    eventsOf(deployment, pageUrl).map((event) => toRequest(url, event, config.mode));
  return {
    type: 'cdevents',
    productName: 'CDEvents',
    name,
    secrets,
    concurrency: config.concurrency,
    ratePerMinute: undefined,
    takenBy: 'status',
    wants({ state }) {
      if (states.includes(state)) return { wanted: true };
      return { wanted: false, why: `${name} only accepts: ${states.join(', ')}; this one is ${state}` };
    },
    deliver: async (deployment, ledger, { signal, pageUrl }) =>
      post({
        requests: requestsFor(deployment, pageUrl),
        ledger,
        send: async (request) =>
          withoutSecrets(await send({ ...withProof(request, { token, signing_secret }), signal }), secrets),
        refusal: (answer) => refusal(answer, `${new URL(url).host} did not accept ${deployment.key}`),
        again: 'perhaps twice, with the same id: the answer to an earlier attempt was lost',
      }),
    preview: (deployment, { pageUrl } = {}) => previewOf(eventsOf(deployment, pageUrl), config),
    async check(signal) {
      const host = await answersAt(send, url, signal);
      return `${host} answers; whether it takes events shows only when a deployment is sent`;
    },
  };
}

/** The most important event, as a request; a note names each one before it. */
function previewOf(events: ReturnType<typeof toEvents>, { url, mode, token, signing_secret }: Config) {
  const [event, ...before] = events.toReversed();
  if (!event) throw new DeliveryFailed('there is no event for this state', { retry: 'never' }); // every state has one
  const hidden = { ...(token && { token: HIDDEN }), ...(signing_secret && { signature: HIDDEN }) };
  const notes = before.toReversed().map(({ context }) => `Before it goes ${context.type}, with the id ${context.id}.`);
  return { ...shown(withHeaders(toRequest(url, event, mode), hidden), HIDDEN), notes };
}

const HIDDEN = '[secret]';

/** Both are optional, and both may be set. */
function withProof(request: JsonRequest, { token, signing_secret }: Pick<Config, 'token' | 'signing_secret'>) {
  const sign = (secret: string) => createHmac('sha256', secret).update(JSON.stringify(request.body)).digest('hex');
  return withHeaders(request, {
    ...(token && { token }),
    ...(signing_secret && { signature: sign(signing_secret) }),
  });
}

function withHeaders(request: JsonRequest, { token, signature }: { token?: string; signature?: string }): JsonRequest {
  return {
    ...request,
    headers: {
      ...request.headers,
      ...(token && { authorization: `Bearer ${token}` }),
      ...(signature && { 'x-hub-signature-256': `sha256=${signature}` }),
    },
  };
}

const refusal = (answer: JsonAnswer, what: string): DeliveryFailed =>
  failure(answer, what, adviceFor(answer, { credential: 'a valid token or signing_secret', address: 'url' }));
