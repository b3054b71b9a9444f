import { WebhookRejected } from '../domain/errors.ts';
import type { Outcome } from './outcome.ts';
import type { Webhook, WebhookHead } from './received-webhook.ts';
import type { Source } from './source.ts';

/** Whether its body is read at all, and against whose budget. */
export type Admission =
  | { readonly kind: 'read'; readonly candidates: readonly [Source, ...Source[]]; readonly proved: boolean }
  | { readonly kind: 'refused'; readonly source: Source; readonly outcome: Outcome };

/** Before the body is read: the sender, as far as the headers show. */
export function admit(candidates: readonly [Source, ...Source[]], head: WebhookHead): Admission {
  const open: Source[] = [];
  let refusal: WebhookRejected | undefined;
  for (const source of candidates) {
    try {
      const proof = source.verifyHeaders?.(head) ?? 'needs_body';
      if (proof === 'proved') return { kind: 'read', candidates: [source], proved: true };
      open.push(source);
    } catch (error) {
      if (!(error instanceof WebhookRejected)) throw error;
      refusal ??= error;
    }
  }
  const [first, ...more] = open;
  if (first) return { kind: 'read', candidates: [first, ...more], proved: false };
  const tested = candidates.find((source) => source.isUnsignedTest?.(head));
  if (tested) return { kind: 'refused', source: tested, outcome: { kind: 'unproved' } };
  const error = refusal ?? new WebhookRejected('bad_signature', 'nothing proves who sent this');
  return { kind: 'refused', source: candidates[0], outcome: { kind: 'rejected', error } };
}

/**
 * The first source that recognises its sender. Nothing of the body has been parsed yet.
 * @throws WebhookRejected
 */
export function sender(candidates: readonly [Source, ...Source[]], webhook: Webhook): Source {
  let refusal: unknown;
  for (const source of candidates) {
    try {
      source.verify(webhook);
      return source;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}
