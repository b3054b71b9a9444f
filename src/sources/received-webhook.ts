/** A webhook as it came over the wire. */
export interface Webhook {
  /** Ours, random, for the inbox and the logs. */
  readonly id: string;
  readonly method: string;
  /** The path as sent, still percent-encoded, without the query. */
  readonly path: string;
  /** What follows "?", as sent. It is not kept: some senders put tokens there. */
  readonly query?: string;
  /** Lower-case names. A header that came twice is joined with ", ": two tokens are then one wrong token. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The raw bytes: signatures are over these and nothing else. */
  readonly body: Buffer;
  readonly receivedAt: Date;
  /** Of the sender, as far as the proxies in front of us are trusted. Undefined: it came from ourselves. */
  readonly address?: string;
}

/** A webhook whose body was read. */
export interface ReadWebhook extends Webhook {
  /** What exactly these bytes are as JSON: it need not be parsed again. Undefined: it was not parsed, or is no JSON. */
  readonly json?: unknown;
}

/** The part of a webhook that is known before its body is read. */
export type WebhookHead = Omit<Webhook, 'body'>;
