import type { Deployment, Moment } from '../domain/deployment.ts';

/** What is remembered of one deployment at one sink, in Redis (store/deliveries/ledger.ts). */
export interface DeliveryState {
  /** The last state that the destination took. */
  readonly told?: Moment;
  /** The destination's own id of what it made. */
  readonly remoteId?: string;
  /**
   * Set before a request that creates something and cleared by its answer. Still set at the next attempt = the answer
   * was lost (or we were killed): look before creating again. ISO 8601, when the first such request went out.
   */
  readonly attemptedAt?: string;
  /**
   * The latest moment that the destination took in the same lane, of whichever deployment. Only for sinks with a lane.
   */
  readonly toldInLane?: Moment;
}

/**
 * What a sink may read and write down about one deployment while it delivers. Each write is in Redis before it returns.
 */
export interface DeliveryLedger {
  readonly known: DeliveryState;
  /** Write `attemptedAt` down: a request that creates something goes out next. */
  attempting(): Promise<void>;
  /**
   * The destination certainly did nothing with the request of this delivery: forget `attemptedAt`, unless it was set
   * before, since an earlier request whose answer was lost may yet show what it did.
   */
  notAttempted(): Promise<void>;
  /**
   * Write the remote id down as soon as it is known. False: it already belongs to another deployment.
   * @param madeMsAgo the age of what the destination knows by this id, by its own clock. Who claimed the id before that
   * knew something else by it: a destination that was restored from a backup gives its ids again. The claim passes on.
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

/** What a sink is given beside the deployment. */
export interface DeliveryContext {
  /** Fires when the attempt has to end. */
  readonly signal: AbortSignal;
  /** The time of the attempt. */
  readonly now: Date;
  /** How a change log names the tool that reported it (ToolFacts.changeLogName), where the sender named none. */
  readonly sourceName?: string | undefined;
  /** Our own page of the deployment; absent where nobody configured where people reach it (`public_url`). */
  readonly pageUrl?: string | undefined;
}

/** A request as it would be sent. A header that proves who we are holds `[secret]`. */
export interface PreviewedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** What the destination's own answers would decide: sentences for a person. */
  readonly notes?: readonly string[];
}

/** One configured place where changes go. Called twice, same result. */
export interface Sink {
  /** `type` in the configuration, and the name of its folder. */
  readonly type: string;
  /** What people call the destination: "Alert24". */
  readonly productName: string;
  /** The name in the configuration, in queues, logs and metrics. */
  readonly name: string;
  /** What it proves who it is with. Never shown. */
  readonly secrets: readonly string[];
  /** Deliveries under way at once. */
  readonly concurrency: number;
  /**
   * Attempts that may begin in a minute, of all processes together: the queue keeps to it (queue/limiter.ts). Undefined
   * where the destination names no limit, or where it differs: its 429 then says how long to wait.
   */
  readonly ratePerMinute: number | undefined;
  /**
   * What proves that the destination took it. `status`: any 2xx, whatever the body is. `body`: a 2xx of which the body
   * confirms it; any other body, as of a sign-in page, fails the attempt.
   */
  readonly takenBy: 'status' | 'body';
  /** Whether this deployment in this state is sent to the destination, and the reason when it is not. */
  wants(deployment: Deployment): { readonly wanted: true } | { readonly wanted: false; readonly why: string };
  /**
   * Deliveries with the same lane are never under way at once. The deployment key is always one; a sink that finds
   * its own lost writes by other marks (project, environment, sha) names those.
   */
  lane?(deployment: Deployment): string;
  /**
   * For a destination that sends our own writes back by webhook: what marks this deployment there
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
   * When its key ends. Undefined: never, or nobody can tell.
   * @throws DeliveryFailed
   */
  tokenExpiresAt?(signal: AbortSignal): Promise<Date | undefined>;
  /** Is the destination reachable and the key valid? One sentence. @throws DeliveryFailed */
  check(signal: AbortSignal): Promise<string>;
}
