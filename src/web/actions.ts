import { randomUUID } from 'node:crypto';
import type { ChangeEvent } from '../domain/change-event.ts';
import type { ChangeRecord } from '../domain/change-record.ts';
import type { DeadLetterFilter } from '../domain/dead-letter-filter.ts';
import type { WebhookParts } from '../http/webhooks.ts';
import type { DeadLetters } from '../queue/dead-letters.ts';
import type { Remap, Revise } from '../recording/remap.ts';
import { answerTo } from '../sources/answer.ts';
import type { Outcome } from '../sources/outcome.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import type { Source } from '../sources/source.ts';

/** Dead letters that are retried or dropped by one click. The next click handles the next ones. */
export const BATCH = 500;

/** Marks a test event, which did not come from the tool itself. */
export const TEST_AGENT = 'Shiplog test event';

/** What an admin can do by a button. */
export interface Actions {
  /** Retries up to BATCH of them. With `remap` the webhooks are mapped again first. Returns how many. */
  replay(filter: DeadLetterFilter, order: { readonly remap: boolean }): Promise<number>;
  /** Deletes up to BATCH of them. Returns how many. */
  drop(filter: DeadLetterFilter): Promise<number>;
  /**
   * Maps a kept webhook again, and returns the number of its records. 0: its body is not kept, or there is nothing to
   * record.
   */
  mapWebhook(webhook: string): Promise<number>;
  /** Maps every kept webhook of a deployment again, with today's mappers and rules. Returns how many there were. */
  mapDeployment(deployment: string): Promise<number>;
  /** Sends a sample as the tool would. Undefined: there is no such source. */
  sendSample(source: string): Promise<{ readonly webhook: string; readonly verdict: Outcome['kind'] } | undefined>;
}

export interface ActionParts {
  readonly sources: readonly Source[];
  readonly deadLetters: DeadLetters;
  readonly remap: Remap;
  readonly revise: Revise;
  readonly records: (deployment: string) => Promise<readonly ChangeRecord[]>;
  readonly keep: (event: ChangeEvent) => Promise<void>;
  readonly receive: WebhookParts['receive'];
  readonly onAnswered: WebhookParts['onAnswered'];
  readonly clock: () => Date;
}

export function createActions(parts: ActionParts): Actions {
  const { deadLetters, remap, revise, records, keep, clock } = parts;
  const mapWebhook = async (webhook: string) => {
    const event = await remap(webhook);
    if (!event) return 0;
    await keep(event);
    return event.records.length + (event.lookups?.length ?? 0);
  };
  return {
    replay: (filter, order) =>
      deadLetters.replay(filter, {
        limit: BATCH,
        now: clock(),
        revise: (deployment) => revise(deployment, { fromBodies: order.remap }),
        ...(order.remap && { remap }),
      }),
    drop: (filter) => deadLetters.drop(filter, BATCH),
    mapWebhook,
    async mapDeployment(deployment) {
      await revise(deployment, { fromBodies: true });
      const webhooks = new Set((await records(deployment)).flatMap(({ webhook }) => webhook ?? []));
      let mapped = 0;
      // recording delivers to the sinks what is new
      for (const webhook of webhooks) if ((await mapWebhook(webhook)) > 0) mapped += 1;
      return mapped;
    },
    sendSample: async (name) => {
      const source = parts.sources.find((candidate) => candidate.name === name);
      return source && sendSample(source, parts);
    },
  };
}

/** Exactly as a webhook is received, signature included; only the network is left out. */
async function sendSample(source: Source, { receive, onAnswered, clock }: ActionParts) {
  const receivedAt = clock();
  const startedMs = performance.now();
  const { path, headers, body } = source.sample(receivedAt);
  const webhook: Webhook = {
    id: randomUUID(),
    method: 'POST',
    path,
    headers: { ...headers, 'user-agent': TEST_AGENT },
    body: Buffer.from(body),
    receivedAt,
  };
  const received = await receive({ candidates: [source] }, webhook);
  const { status } = answerTo(source, received.outcome, webhook);
  onAnswered({ webhook, ...received, proved: true, status, ms: performance.now() - startedMs });
  return { webhook: webhook.id, verdict: received.outcome.kind };
}
