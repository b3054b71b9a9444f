import type { Deployment, Moment } from '../domain/deployment.ts';
import type { Wanted } from '../domain/wanted.ts';

/** What is remembered of one deployment at one sink, in Redis (store/deliveries/ledger.ts). */
export interface DeliveryState {
  /** The last state that the destination accepted. */
  readonly delivered?: Moment;
  /** The destination's own id of its object. */
  readonly remoteId?: string;
  /**
   * Set before a request that creates something and cleared by its answer. Still set at the next attempt: the answer
   * was lost (or we were killed), so check before creating again. ISO 8601, when the first such request went out.
   */
  readonly attemptedAt?: string;
  /**
   * The latest moment that the destination accepted in the same lane, of whichever deployment. Only for sinks with a
   * lane.
   */
  readonly deliveredInLane?: Moment;
}

/** What a sink may read and write about one deployment while it delivers. Each write is in Redis before it returns. */
export interface DeliveryLedger {
  readonly known: DeliveryState;
  /** Stores `attemptedAt`: a request that creates something goes out next. */
  attempting(): Promise<void>;
  /**
   * The destination certainly did nothing with the request of this delivery: deletes `attemptedAt`, unless it was set
   * before, since an earlier request whose answer was lost may still have had an effect.
   */
  notAttempted(): Promise<void>;
  /**
   * Stores the remote id as soon as it is known. False: it already belongs to another deployment.
   * @param madeMsAgo the age of the destination's object with this id, by its own clock. A claim on the id that is
   * older was for another object: a destination that was restored from a backup assigns its ids again. The claim passes
   * to this deployment.
   */
  claim(remoteId: string, madeMsAgo?: number): Promise<boolean>;
  /** True when the remote id belongs to another deployment at this sink. */
  claimedByOther(remoteId: string, madeMsAgo?: number): Promise<boolean>;
}

/** What the destination made of it. `message` is for a person: "201 created", "already there". */
export interface Delivered {
  readonly message: string;
  readonly status?: number;
  readonly remoteId?: string;
  readonly remoteUrl?: string;
}

/** What a sink gets beside the deployment. */
export interface DeliveryContext {
  /** Fires when the attempt has to end. */
  readonly signal: AbortSignal;
  /** The time of the attempt. */
  readonly now: Date;
  /** The change log's name for the tool that reported it (ToolFacts.changeLogName), where the sender named none. */
  readonly sourceName?: string | undefined;
  /** Our own page of the deployment; absent without a configured public address (`public_url`). */
  readonly pageUrl?: string | undefined;
}

/** A request as it would be sent. Credentials in headers are replaced by `[secret]`. */
export interface PreviewedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** What depends on the destination's own answers: sentences for a person. */
  readonly notes?: readonly string[];
}

/** One configured destination of changes. Called twice, same result. */
export interface Sink {
  /** `type` in the configuration, and the name of its folder. */
  readonly type: string;
  /** What people call the destination: "Alert24". */
  readonly productName: string;
  /** The name in the configuration, in queues, logs and metrics. */
  readonly name: string;
  /** Its credentials. Never shown. */
  readonly secrets: readonly string[];
  /** Deliveries under way at once. */
  readonly concurrency: number;
  /**
   * Attempts that may begin in a minute, of all processes together: the queue enforces it (queue/limiter.ts). Undefined
   * where the destination documents no limit, or where it varies: its 429 then says how long to wait.
   */
  readonly ratePerMinute: number | undefined;
  /**
   * What proves that the destination accepted it. `status`: any 2xx, whatever the body is. `api`: a 2xx that is no web
   * page, such as a sign-in form. `body`: a 2xx whose body confirms it. Anything else fails the attempt.
   */
  readonly takenBy: 'status' | 'api' | 'body';
  /** Whether this deployment in this state is sent to the destination, and the reason when it is not. */
  wants(deployment: Deployment): Wanted;
  /**
   * Whether an object that was made before must be brought to this state, although the deployment is not wanted (any
   * more): another tool's signal has shown that the destination has it already. Nothing is made for it.
   */
  follows?(deployment: Deployment): boolean;
  /**
   * Deliveries with the same lane never run at the same time. The deployment key is always one; a sink that finds its
   * own lost writes by other marks (project, environment, sha) names those.
   */
  lane?(deployment: Deployment): string;
  /**
   * For a destination that sends our own writes back by webhook: what identifies this deployment there
   * (store/deliveries/echoes.ts recognises it, so that it never becomes a change).
   */
  echo?(
    deployment: Deployment,
  ): { readonly project: string; readonly environment: string; readonly sha: string } | undefined;
  /**
   * One attempt to bring the destination to `deployment.state`.
   * @throws DeliveryFailed and nothing else.
   */
  deliver(deployment: Deployment, ledger: DeliveryLedger, context: DeliveryContext): Promise<Delivered>;
  /**
   * The request that would be sent if this deployment were new to the destination. Sends nothing.
   * @throws DeliveryFailed when `deliver` would refuse it without asking anybody.
   */
  preview(deployment: Deployment, context?: Pick<DeliveryContext, 'sourceName' | 'pageUrl'>): PreviewedRequest;
  /**
   * When its credential expires. Undefined: never, or unknown.
   * @throws DeliveryFailed
   */
  tokenExpiresAt?(signal: AbortSignal): Promise<Date | undefined>;
  /**
   * Whether the destination is reachable and the credential valid, as one sentence.
   * @throws DeliveryFailed
   */
  check(signal: AbortSignal): Promise<string>;
}
