import { NotKept, WebhookRejected } from './domain/errors.ts';
import type { Mapped } from './sources/mapped.ts';
import type { Outcome, Served } from './sources/outcome.ts';
import type { ReadWebhook, Webhook } from './sources/received-webhook.ts';
import type { Rows } from './sources/rows.ts';
import { likeliest, type Sender, sender } from './sources/sender.ts';
import type { Source } from './sources/source.ts';
import { jsonOfForm } from './values/form-payload.ts';
import { parseJson } from './values/parse-json.ts';
import { inUtf8 } from './values/utf8.ts';

export interface ReceiveParts {
  /** Makes the webhook and its records durable, or throws NotKept within 2 s. */
  readonly keep: (source: Source, webhook: ReadWebhook, mapped: Mapped) => Promise<void>;
  /**
   * Notes a webhook that was refused, and returns the id by which it is found in the inbox. Never fails, and never
   * takes long.
   */
  readonly noteRejected: (source: Source, webhook: Webhook, error: WebhookRejected) => Promise<string>;
  /** Whether it repeats what was acknowledged before. Never fails, and never takes long. */
  readonly isRepeat: (source: Source, mapped: Mapped, webhook: Webhook) => Promise<boolean>;
  /** Where imitated APIs store their rows. */
  readonly rows: Rows;
}

/** Story 1: a webhook comes in. Who sent it? What does it say? Is it durable? Only then is it acknowledged. */
export function createReceive({ keep, noteRejected, isRepeat, rows }: ReceiveParts) {
  return async function receive(from: Sender, webhook: Webhook): Promise<{ source: Source; outcome: Outcome }> {
    let source = likeliest(from);
    try {
      source = sender(from, webhook);
      const served = await serve(source, webhook, rows);
      if (served.kind === 'answer') return { source, outcome: { kind: 'answered', answer: served.answer } };
      const { mapped: reported, json } = read(source, served.webhook);
      const mapped = served.row ? { ...reported, row: served.row } : reported;
      // Asked before it is kept: the worker may record it a moment later.
      const isKnown = await isRepeat(source, mapped, served.webhook);
      await keep(source, { ...served.webhook, json }, mapped);
      const outcome = outcomeOf(mapped, served);
      return { source, outcome: outcome.kind === 'accepted' && isKnown ? { ...outcome, isRepeat: true } : outcome };
    } catch (error) {
      if (error instanceof NotKept) return { source, outcome: { kind: 'not_kept' } };
      if (!(error instanceof WebhookRejected)) throw error;
      return { source, outcome: { kind: 'rejected', error, noted: await noteRejected(source, webhook, error) } };
    }
  };
}

/**
 * A request to an imitated API is interpreted by that API. Any other webhook is taken as it is, or is the JSON in its
 * form, in UTF-8: the sender has proved itself by the bytes that came.
 * @throws WebhookRejected, NotKept
 */
export async function serve({ imitates }: Source, sent: Webhook, rows: Rows): Promise<Served> {
  const type = sent.headers['content-type'];
  const webhook = withBody(sent, inUtf8(sent.body, type));
  if (imitates?.covers(webhook.path)) return imitates.serve(webhook, rows);
  return { kind: 'webhook', webhook: withBody(webhook, jsonOfForm(webhook.body, type)) };
}

const withBody = (webhook: Webhook, body: Buffer): Webhook => (body === webhook.body ? webhook : { ...webhook, body });

export function outcomeOf(mapped: Mapped, { answer }: Pick<Served, 'answer'>): Exclude<Outcome, { kind: 'not_kept' }> {
  return mapped.kind === 'records' ? { ...mapped, kind: 'accepted', ...(answer && { answer }) } : mapped;
}

/**
 * Reads and maps the webhook.
 * @throws WebhookRejected
 */
export function read(source: Source, webhook: Webhook): Pick<ReadWebhook, 'json'> & { readonly mapped: Mapped } {
  const parsed = parseJson(webhook.body, source);
  if (parsed.ok)
    return { mapped: source.map(parsed.value, webhook), json: parsed.isRepaired ? undefined : parsed.value };
  if (!source.keepsBrokenJson) throw new WebhookRejected('not_json', parsed.message);
  const detail = `${parsed.message} (offset ${parsed.offset})`;
  return { mapped: { kind: 'ignored', reason: 'invalid_json', detail } };
}
