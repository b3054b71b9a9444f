/** Why a webhook was refused. http/ turns each into a status. */
export type RejectionCode =
  | 'bad_signature'
  | 'not_json'
  /** Authentic, claims to be a deployment, and lacks what a change needs. */
  | 'bad_payload'
  | 'too_large'
  /** A connection test that its tool does not sign. Answered 2xx all the same. */
  | 'unproved'
  /** Sent to an address that belongs to no source. */
  | 'no_such_source'
  /** Sent by GET or another method that the address does not take. */
  | 'wrong_method';

/** A webhook that is rejected. The message says what is wrong and what to do; it holds no secret and no payload. */
export class WebhookRejected extends Error {
  override readonly name = 'WebhookRejected';
  readonly code: RejectionCode;
  constructor(code: RejectionCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The webhook could not be made durable in time. Nothing was acknowledged; the sender should send it again. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
}

/**
 * What a retry could do: `never` the destination's answer is final · `backoff` retry with growing delays · `afterMs`
 * retry at that time; `hold: 'sink'` puts the whole sink on hold (its key is wrong, it asked to wait), `hold: 'job'`
 * just this delivery.
 */
export type Retry = 'never' | 'backoff' | { readonly afterMs: number; readonly hold: 'job' | 'sink' };

/** A delivery that did not succeed. The message has the destination's words, shortened, and what to do. */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed';
  readonly retry: Retry;
  /** HTTP status of the answer, absent when there was none. */
  readonly status: number | undefined;
  /** The part of the destination that it concerns, such as a project: its failures say nothing about the others. */
  readonly concerns: string | undefined;
  constructor(
    message: string,
    details: { retry: Retry; status?: number | undefined; concerns?: string | undefined; cause?: unknown },
  ) {
    super(message, { cause: details.cause });
    this.retry = details.retry;
    this.status = details.status;
    this.concerns = details.concerns;
  }
}

/** A question to a tool's API that got no answer. The message says which, and what to do; it holds no secret. */
export class ResolveFailed extends Error {
  override readonly name = 'ResolveFailed';
  readonly retry: Retry;
  constructor(message: string, details: { retry: Retry; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.retry = details.retry;
  }
}
