import { z } from 'zod';
import { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { Match, mismatchOf } from '../../domain/rules/match.ts';
import { createSendJson, failure, type JsonAnswer, shown } from '../../outbound/http.ts';
import { Name } from '../../values/settings.ts';
import { normalized } from '../normalized.ts';
import { alertOf, isReportedLater } from '../one-alert.ts';
import { Concurrency, type SharedOptions, TimeoutSeconds } from '../options.ts';
import { adviceFor, answersAt, postToApi, withoutSecrets } from '../post.ts';
import { SecretUrl, secretsOf, withoutPath } from '../secret-url.ts';
import type { Sink } from '../sink.ts';
import { type Message, type SourceStatus, toMessage } from './message.ts';

const ALERTOPS_HOST = 'notify.alertops.com';
const STATUSES = ['open', 'update', 'close'] as const satisfies readonly SourceStatus[];

/** An inbound integration of AlertOps. Without a URL the sink is off. */
export const alertops = z
  .strictObject({
    type: z.literal('alertops'),
    name: Name.default('alertops'),
    /** Its path holds the key. */
    url: SecretUrl.optional(),
    /** In which states a deployment opens, updates and closes the alert of its service and environment. */
    open: z.array(State).min(1).default(['failed']),
    update: z.array(State).default([]),
    close: z.array(State).default(['succeeded']),
    /** Only deployments that match are sent, as in a rule. */
    match: Match.default({}),
    concurrency: Concurrency(5),
    timeout_seconds: TimeoutSeconds(),
  })
  .superRefine((config, context) => {
    for (const [index, status] of STATUSES.entries())
      for (const earlier of STATUSES.slice(0, index))
        for (const state of config[status].filter((one) => config[earlier].includes(one)))
          context.addIssue({ code: 'custom', path: [status], message: `${state} is already listed under ${earlier}` });
  })
  .transform(({ url, ...config }): Sink | undefined =>
    url === undefined ? undefined : createSink({ ...config, url }),
  );

interface Config extends SharedOptions {
  readonly url: string;
  readonly open: readonly State[];
  readonly update: readonly State[];
  readonly close: readonly State[];
  readonly match: Match;
}

function createSink(config: Config): Sink {
  const { name, url, match } = config;
  const secrets = secretsOf(url);
  const { host } = new URL(url);
  const reach = host === ALERTOPS_HOST ? 'public' : 'private';
  const send = createSendJson({ timeoutMs: config.timeout_seconds * 1000, reach });
  return {
    type: 'alertops',
    productName: 'AlertOps',
    name,
    secrets,
    concurrency: config.concurrency,
    ratePerMinute: undefined,
    takenBy: 'api',
    wants(deployment) {
      const { state } = deployment;
      if (!statusOf(state, config)) return { wanted: false, why: `${name} ${listsOf(config)}; this one is ${state}` };
      const mismatch = mismatchOf(match, deployment);
      return mismatch ? { wanted: false, why: `not sent to ${name}: ${mismatch}` } : { wanted: true };
    },
    lane: (deployment) => alertOf(normalized(deployment)),
    async deliver(deployment, ledger, { signal, pageUrl }) {
      const later = isReportedLater(deployment, ledger, 'AlertOps');
      if (later) return later;
      return postToApi({
        requests: [messageOf(deployment, config, pageUrl)],
        ledger,
        send: async (body) => withoutSecrets(await send({ method: 'POST', url, body, signal }), secrets),
        refusal: (answer) => refusal(answer, `AlertOps did not accept ${deployment.key}`),
        again: 'perhaps twice: the answer to an earlier attempt was lost; AlertOps appends a repeat to the open alert',
      });
    },
    preview: (deployment, { pageUrl } = {}) => ({
      ...shown({ method: 'POST', url: withoutPath(url), body: messageOf(deployment, config, pageUrl) }, url),
      notes: ['Whether AlertOps maps it shows in its Inbound Log; a "close" with nothing open is ignored there.'],
    }),
    async check(signal) {
      await answersAt(send, url, signal);
      return (
        `${host} answers; whether it takes this url shows in AlertOps under Inbound Log, when a deployment ` +
        `was sent`
      );
    },
  };
}

type Lists = Pick<Config, SourceStatus>;

const statusOf = (state: State, lists: Lists) => STATUSES.find((status) => lists[status].includes(state));

/** @throws DeliveryFailed for a state in none of the lists. */
function messageOf(deployment: Deployment, lists: Lists, pageUrl: string | undefined): Message {
  const status = statusOf(deployment.state, lists);
  if (status) return toMessage(normalized(deployment), status, pageUrl);
  throw new DeliveryFailed(`nothing is sent to AlertOps for a deployment that is ${deployment.state}`, {
    retry: 'never',
  });
}

function listsOf(lists: Lists): string {
  const used = STATUSES.filter((status) => lists[status].length > 0);
  return used.map((status) => `${status}s on ${lists[status].join(', ')}`).join('; ');
}

const refusal = (answer: JsonAnswer, what: string): DeliveryFailed =>
  failure(answer, what, adviceFor(answer, { credential: 'the url that the integration shows', address: 'url' }));
