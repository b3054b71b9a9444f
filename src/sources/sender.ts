import { WebhookRejected } from '../domain/errors.ts';
import type { Outcome } from './outcome.ts';
import type { Webhook, WebhookHead } from './received-webhook.ts';
import type { Source } from './source.ts';

export type Candidates = readonly [Source, ...Source[]];

/** Who sent a webhook, as far as it is known: the headers prove one source, or its body will show which of several. */
export type Sender = { readonly proved: Source } | { readonly candidates: Candidates };

export const likeliest = (from: Sender): Source => ('proved' in from ? from.proved : from.candidates[0]);

/** Whether its body is read at all, and against whose budget. */
export type Admission =
  | { readonly kind: 'read'; readonly from: Sender }
  | { readonly kind: 'refused'; readonly source: Source; readonly outcome: Outcome };

/** Before the body is read: the sender, as far as the headers show. */
export function admit(candidates: Candidates, head: WebhookHead): Admission {
  const open: Source[] = [];
  let refusal: WebhookRejected | undefined;
  for (const source of candidates) {
    try {
      const proof = source.verifyHeaders?.(head) ?? 'needs_body';
      if (proof === 'proved') return { kind: 'read', from: { proved: source } };
      open.push(source);
    } catch (error) {
      if (!(error instanceof WebhookRejected)) throw error;
      refusal ??= error;
    }
  }
  const [first, ...more] = open;
  if (first) return { kind: 'read', from: { candidates: [first, ...more] } };
  const tested = candidates.find((source) => source.isUnsignedTest?.(head));
  if (tested) return { kind: 'refused', source: tested, outcome: { kind: 'unproved' } };
  const error = refusal ?? new WebhookRejected('bad_signature', 'nothing proves who sent this');
  return { kind: 'refused', source: candidates[0], outcome: { kind: 'rejected', error } };
}

/**
 * The source that the headers have proved, else the first that recognises its sender. Nothing of the body has been
 * parsed yet.
 * @throws WebhookRejected
 */
export function sender(from: Sender, webhook: Webhook): Source {
  if ('proved' in from) return from.proved;
  let refusal: unknown;
  for (const source of from.candidates) {
    try {
      source.verify(webhook);
      return source;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}
