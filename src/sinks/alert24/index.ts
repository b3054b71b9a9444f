import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { certainlyRefused, isApiSuccess, isSuccess, type JsonAnswer, neverSent } from '../../outbound/http.ts';
import { BaseUrl, Credential, Name } from '../../values/settings.ts';
import { normalized } from '../normalized.ts';
import { Concurrency, type SharedOptions, States, TimeoutSeconds } from '../options.ts';
import type { Delivered, DeliveryContext, DeliveryLedger, Sink } from '../sink.ts';
import { ALERT24_URL, type Alert24Api, createApi, refusal } from './api.ts';
import { type FindResult, findChange } from './find-change.ts';
import { externalId, toChange } from './request.ts';
import { Created, type Listed } from './schema.ts';

/** The change log of Alert24. Without a key the sink is off. */
export const alert24 = z
  .strictObject({
    type: z.literal('alert24'),
    name: Name.default('alert24'),
    url: BaseUrl.default(ALERT24_URL),
    api_key: Credential('API key').optional(),
    /** Alert24 has no states and cannot change a record, so that by default only successes are sent, once. */
    states: States(['succeeded']),
    late_after_minutes: z.number().positive().default(5),
    concurrency: Concurrency(10),
    timeout_seconds: TimeoutSeconds(),
  })
  .transform(({ api_key, ...config }): Sink | undefined =>
    api_key === undefined ? undefined : createSink({ ...config, api_key }),
  );

interface Config extends SharedOptions {
  readonly url: string;
  readonly api_key: string;
  readonly states: readonly State[];
  readonly late_after_minutes: number;
}

function createSink(config: Config): Sink {
  const api = createApi(config);
  const lateAfterMs = config.late_after_minutes * 60_000;
  return {
    type: 'alert24',
    productName: 'Alert24',
    name: config.name,
    secrets: [config.api_key],
    concurrency: config.concurrency,
    ratePerMinute: undefined,
    takenBy: 'api',
    wants({ state }) {
      if (config.states.includes(state)) return { wanted: true };
      return { wanted: false, why: `${config.name} only accepts: ${config.states.join(', ')}; this one is ${state}` };
    },
    deliver: (deployment, ledger, context) =>
      deliver(api, { deployment: normalized(deployment), ledger, lateAfterMs, ...context }),
    preview(deployment, { sourceName, pageUrl } = {}) {
      const now = new Date(deployment.receivedAt); // a late retry says how late it is
      const cleaned = normalized(deployment);
      const change = toChange(cleaned, { now, lateAfterMs, possibleDuplicate: false, sourceName, pageUrl });
      return api.preview(change, cleaned.serviceId);
    },
    async check(signal) {
      const answer = await api.list({ limit: '1' }, undefined, signal);
      if (!isSuccess(answer)) throw refusal(answer, `Alert24 at ${new URL(config.url).host} refused the API key`);
      const { host } = new URL(config.url);
      if (answer.json === undefined)
        throw new DeliveryFailed(`${host} answers, but not as Alert24 does: correct url`, { retry: 'backoff' });
      return `Alert24 at ${host} answers and takes the API key`;
    },
  };
}

interface Delivery extends DeliveryContext {
  readonly deployment: Deployment;
  readonly ledger: DeliveryLedger;
  readonly lateAfterMs: number;
}

async function deliver(api: Alert24Api, delivery: Delivery): Promise<Delivered> {
  const { deployment, ledger, signal } = delivery;
  const seen = await earlierAttempt(api, delivery);
  if (seen.kind === 'found') return { message: 'already there', ...(seen.id && { remoteId: seen.id }) };
  const possibleDuplicate = seen.kind === 'unknown';
  // While the outcome of an earlier attempt is unknown, its time stays stored, whatever the outcome of this one.
  if (!possibleDuplicate) await ledger.attempting();
  const forget = async () => {
    if (!possibleDuplicate) await ledger.notAttempted();
  };
  const change = toChange(deployment, { possibleDuplicate, ...delivery });
  const answer = await api.post(change, deployment.serviceId, signal).catch(async (error: unknown) => {
    if (neverSent(error)) await forget();
    throw error;
  });
  if (isApiSuccess(answer)) return made(answer, possibleDuplicate);
  if (certainlyRefused(answer)) await forget();
  throw refusal(answer, `Alert24 did not accept ${deployment.key}`, deployment.serviceId);
}

function made(answer: JsonAnswer, possibleDuplicate: boolean): Delivered {
  const { data, change, id } = Created.parse(answer.json ?? {});
  const remoteId = data?.id ?? change?.id ?? id;
  const outcome = possibleDuplicate ? 'created, perhaps twice: the list cannot be read' : 'created';
  return { message: `${answer.status} ${outcome}`, status: answer.status, ...(remoteId && { remoteId }) };
}

async function earlierAttempt(api: Alert24Api, { deployment, ledger, signal }: Delivery): Promise<FindResult> {
  const { attemptedAt, delivered, remoteId } = ledger.known;
  if (attemptedAt === undefined) return { kind: 'absent' };
  const tag = `status:${deployment.state}`;
  /** A sender's own id may stand for several states: the change of an earlier state is not this one. */
  const isIt = (change: Listed) => {
    if (delivered && remoteId !== undefined && change.id === remoteId) return false;
    const status = change.tags?.filter((text) => text.startsWith('status:') && !deployment.tags.includes(text));
    return !status || (deployment.state === 'succeeded' ? status.length === 0 : status.includes(tag));
  };
  const look = { externalId: externalId(deployment), serviceId: deployment.serviceId, attemptedAt, isIt };
  return findChange(api, look, signal);
}
