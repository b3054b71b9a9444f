import type { AlertReport } from '../domain/alert.ts';
import type { Lookup } from '../domain/change-event.ts';
import type { NewChangeRecord } from '../domain/change-record.ts';
import type { WebhookRejected } from '../domain/errors.ts';
import type { IgnoredReason } from './mapped.ts';
import type { Webhook } from './received-webhook.ts';
import type { KeptRow, Rows } from './rows.ts';

/** The answer to the sender, before it is turned into HTTP. */
export type Outcome =
  | {
      readonly kind: 'accepted';
      /** It repeats what is known: set where `tellsRepeats` is. */
      readonly isRepeat?: true;
      readonly records: readonly NewChangeRecord[];
      readonly alerts?: readonly AlertReport[];
      readonly lookups?: readonly Lookup[];
      /** The answer of an imitated API. */
      readonly answer?: Answer;
    }
  /** A read request to an imitated API: nothing was reported. */
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason; readonly detail?: string }
  /** `noted`: its id in the inbox, where that differs from the webhook's. */
  | { readonly kind: 'rejected'; readonly error: WebhookRejected; readonly noted?: string }
  /** A connection test that its tool does not sign: answered 2xx, and neither read nor kept. */
  | { readonly kind: 'unproved' }
  /** Redis did not accept it in time, or too many bodies are being received. */
  | { readonly kind: 'not_kept'; readonly reason?: 'busy' };

/** An HTTP answer in the format of the sender's tool. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON; undefined as nothing. */
  readonly body: unknown;
  /** Lower-case names. A `content-type` replaces ours. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The result of a request to an imitated API. */
export type Served =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** It reports something: the webhook to map and keep, with the numbers that are in the answer. */
  | {
      readonly kind: 'webhook';
      readonly webhook: Webhook;
      /** Absent: as for any webhook. */
      readonly answer?: Answer;
      /** Made durable together with the webhook. */
      readonly row?: KeptRow;
    };

/** An API of a tool that a source answers in the tool's place, for clients with that API built in. */
export interface ImitatedApi {
  /** Whether the path belongs to it: there it accepts every method. */
  covers(path: string): boolean;
  /** Whether a deployment is written there. */
  isWrittenAt(path: string): boolean;
  /**
   * Handles an authentic request, given what was reported before.
   * @throws WebhookRejected, which `answer` translates for the API; NotKept when Redis is needed for it and is away.
   */
  serve(webhook: Webhook, rows: Rows): Promise<Served>;
}
