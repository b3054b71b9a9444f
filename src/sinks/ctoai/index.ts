import { z } from 'zod';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { createSendJson, failure, type JsonAnswer, shown } from '../../outbound/http.ts';
import { BaseUrl, bothOrNeither, Credential, Name } from '../../values/settings.ts';
import { normalized } from '../normalized.ts';
import { Concurrency, type SharedOptions, TimeoutSeconds } from '../options.ts';
import { adviceFor, answersAt, postToApi, withoutSecrets } from '../post.ts';
import type { Sink } from '../sink.ts';
import { type DeploymentEvent, ReportedState, toEvent } from './event.ts';

/** The service itself: a name that resolves to a private address is refused. */
const CTOAI_URL = 'https://events.cto.ai';

/** CTO.ai Insights. With neither token nor team the sink is off. */
export const ctoai = z
  .strictObject({
    type: z.literal('ctoai'),
    name: Name.default('ctoai'),
    url: BaseUrl.default(CTOAI_URL),
    token: Credential('token').optional(),
    team_id: z.string().min(1).optional(),
    /** Insights counts these two. */
    states: z.array(ReportedState).min(1).default(['succeeded', 'failed']),
    concurrency: Concurrency(5),
    timeout_seconds: TimeoutSeconds(),
  })
  .transform(({ token, team_id, ...config }, context): Sink | undefined => {
    const account = bothOrNeither({ token, team_id }, context, 'to switch this sink off');
    return account && createSink({ ...config, ...account });
  });

interface Config extends SharedOptions {
  readonly url: string;
  readonly token: string;
  readonly team_id: string;
  readonly states: readonly ReportedState[];
}

function createSink({ name, url, token, states, concurrency, ...config }: Config): Sink {
  const { host } = new URL(url);
  const send = createSendJson({
    timeoutMs: config.timeout_seconds * 1000,
    reach: url === CTOAI_URL ? 'public' : 'private',
  });
  const creation = (event: DeploymentEvent) =>
    ({ method: 'POST', url: `${url}/`, headers: { authorization: `Bearer ${token}` }, body: event }) as const;
  const eventOf: EventOf = (deployment) => {
    const state = ReportedState.safeParse(deployment.state).data;
    if (state) return toEvent(normalized(deployment), { state, teamId: config.team_id });
    throw new DeliveryFailed(`CTO.ai has no word for a deployment that is ${deployment.state}`, { retry: 'never' });
  };
  return {
    type: 'ctoai',
    productName: 'CTO.ai',
    name,
    secrets: [token],
    concurrency,
    ratePerMinute: undefined,
    takenBy: 'api',
    wants({ state }) {
      if (states.some((sent) => sent === state)) return { wanted: true };
      const noWord = state === 'canceled' ? '; CTO.ai has no word for it' : '';
      return { wanted: false, why: `${name} only accepts: ${states.join(', ')}; this one is ${state}${noWord}` };
    },
    deliver: async (deployment, ledger, { signal }) =>
      postToApi({
        requests: [eventOf(deployment)],
        ledger,
        send: async (event) => withoutSecrets(await send({ ...creation(event), signal }), [token]),
        refusal: (answer) => refusal(answer, `CTO.ai did not accept ${deployment.key}`),
        again: 'perhaps twice: the answer to an earlier attempt was lost, and CTO.ai cannot be asked',
      }),
    preview: (deployment) => shown(creation(eventOf(deployment)), token),
    async check(signal) {
      await answersAt(send, url, signal);
      return `${host} answers; whether it takes token and team_id shows only when a deployment is sent`;
    },
  };
}

type EventOf = (deployment: Deployment) => DeploymentEvent;

const refusal = (answer: JsonAnswer, what: string): DeliveryFailed =>
  failure(answer, what, adviceFor(answer, { credential: 'a valid token and its team_id', address: 'url' }));
