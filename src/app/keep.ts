import type { ChangeEvent } from '../domain/change-event.ts';
import { toChangeRecord } from '../domain/change-record.ts';
import { NotKept, type WebhookRejected } from '../domain/errors.ts';
import { KEEP_WITHIN_MS } from '../queue/connection.ts';
import type { Flush } from '../queue/flush.ts';
import { keptWithin, type Queues } from '../queue/queues.ts';
import type { Mapped } from '../sources/mapped.ts';
import type { ReadWebhook, Webhook } from '../sources/received-webhook.ts';
import type { Rows } from '../sources/rows.ts';
import type { Source } from '../sources/source.ts';
import type { Spool } from '../spool/spool.ts';
import type { InboxEntry } from '../store/inbox/entry.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { refusalIdOf } from '../store/inbox/refusals.ts';
import { currentTraceparent } from '../telemetry/current-span.ts';
import type { Mask } from '../values/mask.ts';
import { redactBody } from '../values/redact.ts';
import { type EntryOwner, rejectedEntry, toEntry } from './inbox-entry.ts';
import { fromLine, headOf, type KeptWebhook, type Reported, toKept, toLine, withHead } from './kept-webhook.ts';
import { createRecentlyKept } from './recently-kept.ts';
import type { RedisMemory } from './redis-memory.ts';
import { createWhyRefused, type WhyRefusedParts } from './why-refused.ts';

export interface KeepParts extends WhyRefusedParts {
  readonly queues: Queues;
  readonly inbox: Inbox;
  readonly rows: Pick<Rows, 'put'>;
  readonly spool: Spool;
  /** Secrets that somebody put into a body are not kept. */
  readonly mask: Mask;
  /** Sends what was written to Redis in this turn of the event loop. */
  readonly send: () => void;
  /** The durability level. */
  readonly flush: Flush;
  /** Which server answers. */
  readonly serverId: () => Promise<string>;
  /** Resolves when the spool may delete what was moved to Redis. */
  readonly mayForget: () => Promise<void>;
  readonly clock: () => Date;
  /** Whether Redis has memory for more than it holds (redis-memory.ts). */
  readonly room: RedisMemory;
  /** The address was refused too often: its requests are counted, and not written down. */
  readonly isHeldBack: (address: string) => boolean;
  /** The line of an ignored or refused webhook was lost, which is no part of a change. */
  readonly onLoss: (error: unknown) => void;
}

/** After Redis has failed to accept something in time, the next webhooks do not wait for it. */
const DISTRUST_MS = 1_000;
/** A refusal is answered at once, with or without Redis. */
const NOTE_WITHIN_MS = 250;

/** Makes webhooks durable: in Redis, or in the spool while Redis is away. */
export function createKeep(parts: KeepParts) {
  const { queues, inbox, rows, spool, mask, send, flush, mayForget, serverId, clock, room, onLoss } = parts;
  const whyRefused = createWhyRefused(parts);
  let distrustedUntilMs = 0;
  let whySpooled: string | undefined;
  const toRedis = ({ entry, entryJson, body, event, eventJson, row }: KeptWebhook) => {
    const flushed = flush.begin();
    const writes = [inbox.add(entry, body, entryJson), event && queues.keep(event, eventJson), row && rows.put(row)];
    // Right after the batches of this turn (store/batch.ts) are written: the sender waits for the answer.
    setImmediate(send);
    return keptWithin(KEEP_WITHIN_MS, Promise.all(writes).then(flushed));
  };
  const toSpool = (kept: KeptWebhook): Promise<void> =>
    spool.append(toLine(kept)).catch((cause: unknown) => {
      throw new NotKept('neither Redis nor the spool could store it', { cause });
    });
  const recent = createRecentlyKept({
    serverId,
    keepAgain: (head, body) => {
      const kept = withHead(head, body);
      return toRedis(kept).catch(() => toSpool(kept));
    },
    clock,
  });

  const keepSomewhere = async (webhook: ReadWebhook, reported: Reported): Promise<void> => {
    const kept = toKept(reported, safeBody(webhook, mask), mask);
    if (clock().getTime() >= distrustedUntilMs && room.hasSpace()) {
      const failure = await toRedis(kept).then(
        () => undefined,
        (error: unknown) => error,
      );
      whySpooled = failure === undefined ? undefined : reasonOf(failure);
      if (failure === undefined) return recent.add(headOf(kept), kept.body);
      room.note(failure);
      distrustedUntilMs = clock().getTime() + DISTRUST_MS;
    }
    await toSpool(kept);
  };
  /**
   * The sender of a refused request finds it in the inbox by the id that is returned. The body of an unknown sender is
   * not kept.
   */
  const noteRefused = async (source: EntryOwner, webhook: Webhook, error: WebhookRejected): Promise<string> => {
    const { code: reason, message } = error;
    const { address = '' } = webhook;
    if (parts.isHeldBack(address)) return refusalIdOf({ address, source: source.name, reason, detail: message });
    const detail = withCause(whyRefused(source, webhook, reason), message);
    const { id: _, verdict: __, deployments: ___, ...seen } = toEntry(source, webhook, { verdict: 'rejected' });
    const refusal = mask.value({ ...seen, address, reason, detail });
    await keptWithin(NOTE_WITHIN_MS, inbox.addRefusal(refusal)).catch(onLoss);
    return refusalIdOf(refusal);
  };
  return {
    /** Why webhooks lie in the spool: the error with which Redis refused the last one that it was given. */
    whySpooled: () => whySpooled,
    /**
     * Writes to Redis again what a server that failed over may have lost.
     * @throws Error while Redis is away
     */
    checkServer: recent.check,
    /**
     * An ignored webhook has nothing to lose but its line in the inbox.
     * @throws NotKept when records could be made durable nowhere
     */
    async keep(source: Source, webhook: ReadWebhook, mapped: Mapped): Promise<void> {
      const otherwise = mapped.kind === 'ignored' ? ignoredAs(mapped) : undefined;
      const entry = toEntry(
        source,
        webhook,
        otherwise ? { verdict: 'ignored', ...otherwise } : { verdict: 'accepted' },
      );
      if (mapped.kind === 'ignored' && !mapped.hints?.length) return keepSomewhere(webhook, { entry }).catch(onLoss);
      const contents: MappedRecords = mapped.kind === 'ignored' ? { records: mapped.hints ?? [] } : mapped;
      await keepSomewhere(webhook, { entry, event: toEvent(entry, contents, otherwise), row: contents.row });
    },
    /**
     * Moves the content of the spool to Redis. Running it twice changes nothing, since the ids are the same.
     * @throws NotKept while Redis is still away
     */
    async drainSpool(): Promise<void> {
      const move = async (texts: readonly string[]) => {
        if (!(await room.check())) throw new NotKept('Redis is nearly full');
        await Promise.all(texts.map((text) => toRedis(fromLine(text, mask))));
        await keptWithin(KEEP_WITHIN_MS, mayForget());
      };
      await spool.drain(move).catch((error: unknown) => {
        whySpooled = reasonOf(error);
        throw error;
      });
    },
    /** An authentic webhook that reports nothing. Its body is kept: its sender looks for it in the inbox. */
    async noteRejected(source: Source, webhook: Webhook, error: WebhookRejected): Promise<string> {
      if (error.code === 'bad_signature') return noteRefused(source, webhook, error);
      const entry = mask.value(rejectedEntry(source, webhook, error));
      await keptWithin(NOTE_WITHIN_MS, inbox.add(entry, safeBody(webhook, mask))).catch(onLoss);
      return webhook.id;
    },
    noteRefused,
  };
}

/** The cause that the inbox names, and what the sender was answered. */
const withCause = (cause: string | undefined, answered: string): string =>
  cause === undefined ? answered : `${cause} (answered: ${answered})`;

function toEvent(
  { id, source, receivedAt }: InboxEntry,
  { records, alerts, omitted, lookups }: MappedRecords,
  otherwise: ChangeEvent['otherwise'],
): ChangeEvent {
  const traceparent = currentTraceparent();
  return {
    webhookId: id,
    source,
    receivedAt,
    records: records.map((record) => toChangeRecord({ webhook: id, ...record })),
    ...(alerts && { alerts: alerts.map((alert) => ({ webhook: id, ...alert })) }),
    ...(omitted && { omitted }),
    ...(otherwise && { otherwise }),
    ...(lookups && { lookups }),
    ...(traceparent && { traceparent }),
  };
}

type MappedRecords = Omit<Extract<Mapped, { kind: 'records' }>, 'kind'>;

const ignoredAs = ({ reason, detail }: Extract<Mapped, { kind: 'ignored' }>) => ({ reason, ...(detail && { detail }) });

function safeBody({ body, json }: ReadWebhook, mask: Mask): Buffer {
  const masked = mask.bytes(body);
  return redactBody(masked, masked === body ? json : undefined);
}

/** Redis's own message, where there is one. */
function reasonOf(failure: unknown): string {
  const { message, cause } = failure instanceof Error ? failure : new Error(String(failure));
  return cause instanceof Error ? cause.message : message;
}
