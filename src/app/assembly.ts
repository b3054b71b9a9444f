import type { RequestListener } from 'node:http';
import type { Config } from '../config/config.ts';
import { createPriority } from '../queue/priority.ts';
import { type Backlog, forwardQueueName, RECORD_QUEUE } from '../queue/queues.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { lastWebhooksBySource } from '../store/inbox/last-webhooks.ts';
import type { Condition } from '../telemetry/conditions.ts';
import { expiringSecrets, watchExpiry } from '../telemetry/expiry.ts';
import { createKillPoints } from '../testing/kill-points.ts';
import { createMask } from '../values/mask.ts';
import { createTraffic } from '../web/deliveries-traffic.ts';
import { startProcessing } from './processing.ts';
import { startServing } from './serving.ts';
import type { Resources } from './shared.ts';

/** The running parts of one configuration. */
export interface Assembly {
  readonly app: RequestListener;
  /**
   * Moves the content of the spool to Redis.
   * @throws NotKept while Redis is away.
   */
  drainSpool(): Promise<void>;
  /** Writes to Redis again what a server that failed may have lost. @throws Error while Redis is away */
  checkServer(): Promise<void>;
  backlog(): Promise<Readonly<Record<string, Backlog>>>;
  /** What is wrong at the moment, in the terms of `shiplog_degraded`. */
  degraded(): Promise<ReadonlySet<Condition>>;
  /** How many deployments should have ended by now. */
  stale(): Promise<number>;
  /** Each sink, and whether it is on hold as a whole. */
  holds(): Readonly<Record<string, boolean>>;
  /** When each source last sent a webhook, epoch milliseconds, as far as the newest webhooks show. */
  lastWebhooks(): Promise<Readonly<Record<string, number>>>;
  /** When each secret expires, where an expiry date is known. */
  expiries(): Readonly<Record<string, Date>>;
  prune(): Promise<void>;
  /** Ends the responses that never end by themselves (event streams), so that the server can close. */
  hangUp(): void;
  /**
   * Lets running work finish, and leaves the rest in Redis. `atOnce`: Redis is away, so that nothing could be finished.
   */
  close(how: { readonly atOnce: boolean }): Promise<void>;
}

/** Builds and connects all parts of one configuration. */
export function assemble(config: Config, resources: Resources): Assembly {
  const secrets = secretsOf(config);
  resources.log.hide(secrets);
  resources.traces.hide(secrets);
  const shared = {
    ...resources,
    config,
    clock,
    mask: createMask(secrets),
    around: createKillPoints(config.testing),
    priority: createPriority(),
    traffic: createTraffic(clock),
  };
  resources.metrics.begin({
    sources: config.sources.map(({ name }) => name),
    queues: [RECORD_QUEUE, ...config.sinks.map(({ name }) => forwardQueueName(name))],
  });
  const processing = startProcessing(shared);
  const serving = startServing(shared, processing);
  const expiry = watchExpiry(expiringSecrets(config), clock);
  return {
    ...serving,
    holds() {
      const holds = processing.workers.holds();
      return Object.fromEntries(config.sinks.map(({ name }) => [name, name in holds]));
    },
    lastWebhooks: () => lastWebhooks(serving.inbox),
    expiries: expiry.known,
    prune: processing.prune,
    async close(how) {
      serving.hangUp();
      expiry.stop();
      await processing.close(how);
      await serving.close();
    },
  };
}

const clock = () => new Date();

/** Everything that must never be written to a log, stored or shown. */
const secretsOf = (config: Config): string[] => [
  config.admin_token,
  ...[config.metrics_token, config.viewer_token, config.auth?.oidc?.client_secret].flatMap((secret) => secret ?? []),
  ...config.tokens.map(({ token }) => token),
  ...[config.redis.password, config.redis.sentinel_password].flatMap((secret) => secret ?? []),
  ...config.sources.flatMap(({ secrets, hidden = [] }) => [...secrets, ...hidden]),
  ...config.sinks.flatMap(({ secrets }) => secrets),
];

/** A request of an unknown sender is no sign that the source is connected. */
async function lastWebhooks(inbox: Inbox): Promise<Record<string, number>> {
  const { newest } = await lastWebhooksBySource(inbox, ({ address }) => address === undefined);
  return Object.fromEntries([...newest].map(([source, { receivedAt }]) => [source, Date.parse(receivedAt)]));
}
