/** Whose share of the budget a body counts against. */
export interface BodyOwner {
  /** Of the sender; an IPv6 network counts as one address. */
  readonly address: string;
  readonly source: string;
  /** The headers alone have authenticated the sender. Otherwise the body has to be read first. */
  readonly proved: boolean;
}

/** The share of one body in the budget. */
export interface BodyShare {
  /** Asks for this many more bytes. False: there is no room, and the body is not read further. */
  take(bytes: number): boolean;
  /**
   * Called when another body needs the room more: the bytes read so far must be dropped. Called at most once, and not
   * after `settle`.
   */
  onEvicted(listener: () => void): void;
  /** The body is complete: its room is not taken any more, since that would free nothing. */
  settle(): void;
  release(): void;
}

export interface BodyBudget {
  open(owner: BodyOwner): BodyShare;
  /** Bytes held now. */
  held(): { readonly proved: number; readonly unproved: number };
}

export interface BodyLimits {
  /** For all bodies whose senders are authenticated by a header, bytes. */
  readonly provedBytes: number;
  /** For all others, bytes: a pool of its own, so that unauthenticated senders take nothing from the others. */
  readonly unprovedBytes: number;
}

/** No single source, and no single unauthenticated address, takes a larger part of its pool. */
const LARGEST_SHARE = 3 / 4;

/** One body under way. */
class Holder implements BodyShare {
  bytes = 0;
  isSettled = false;
  evict = () => {};
  private readonly budget: Budget;
  readonly owner: BodyOwner;
  readonly sinceMs: number;

  constructor(budget: Budget, owner: BodyOwner) {
    this.budget = budget;
    this.owner = owner;
    this.sinceMs = budget.clock();
  }

  take(bytes: number): boolean {
    return this.budget.take(this, bytes);
  }

  onEvicted(listener: () => void): void {
    this.evict = listener;
  }

  settle(): void {
    this.isSettled = true;
  }

  release(): void {
    this.budget.drop(this);
  }

  /** What it has cost so far, with this many more bytes: bytes times milliseconds. */
  cost(more = 0): number {
    return (this.bytes + more) * (this.budget.clock() - this.sinceMs + 1);
  }
}

class Budget implements BodyBudget {
  private readonly limits: BodyLimits;
  readonly clock: () => number;
  private readonly holders = new Set<Holder>();
  private readonly bytes = { proved: 0, unproved: 0 };

  constructor(limits: BodyLimits, clock: () => number) {
    this.limits = limits;
    this.clock = clock;
  }

  open(owner: BodyOwner): BodyShare {
    const holder = new Holder(this, owner);
    this.holders.add(holder);
    return holder;
  }

  held(): ReturnType<BodyBudget['held']> {
    return { ...this.bytes };
  }

  take(holder: Holder, bytes: number): boolean {
    if (!this.holders.has(holder)) return false;
    const { proved } = holder.owner;
    if (!(proved ? this.hasRoomForProved(holder, bytes) : this.makeRoomForUnproved(holder, bytes))) return false;
    holder.bytes += bytes;
    this.bytes[proved ? 'proved' : 'unproved'] += bytes;
    return true;
  }

  drop(holder: Holder): void {
    if (this.holders.delete(holder)) this.bytes[holder.owner.proved ? 'proved' : 'unproved'] -= holder.bytes;
  }

  private hasRoomForProved({ owner }: Holder, bytes: number): boolean {
    const { provedBytes } = this.limits;
    const total = this.bytes.proved + bytes;
    if (total > provedBytes) return false;
    if (total <= provedBytes * LARGEST_SHARE) return true;
    return this.sum((other) => other.proved && other.source === owner.source) + bytes <= provedBytes * LARGEST_SHARE;
  }

  private makeRoomForUnproved(holder: Holder, bytes: number): boolean {
    const { unprovedBytes } = this.limits;
    const shareBytes = unprovedBytes * LARGEST_SHARE;
    const total = () => this.bytes.unproved + bytes;
    if (total() <= shareBytes) return true;
    const { address } = holder.owner;
    const askedCost = holder.cost(bytes);
    const addressFits = () =>
      total() <= shareBytes || this.sum((other) => !other.proved && other.address === address) + bytes <= shareBytes;
    const isNeighbour = (other: Holder) => other !== holder && other.owner.address === address;
    return (
      this.evictUntil(addressFits, isNeighbour, askedCost) &&
      this.evictUntil(
        () => total() <= unprovedBytes,
        (other) => other !== holder,
        askedCost,
      )
    );
  }

  private sum(fits: (owner: BodyOwner) => boolean): number {
    let bytes = 0;
    for (const holder of this.holders) if (fits(holder.owner)) bytes += holder.bytes;
    return bytes;
  }

  /**
   * Frees room by dropping bodies of `rivals` until `isFree`. False: none of them has cost more than the one that asks.
   */
  private evictUntil(isFree: () => boolean, rivals: (holder: Holder) => boolean, askedCost: number): boolean {
    while (!isFree()) {
      let dearest: Holder | undefined;
      for (const holder of this.holders)
        if (!holder.isSettled && !holder.owner.proved && rivals(holder) && holder.cost() > (dearest?.cost() ?? 0))
          dearest = holder;
      if (!dearest || dearest.cost() <= askedCost) return false;
      this.drop(dearest);
      dearest.evict();
    }
    return true;
  }
}

/**
 * Bytes of bodies under way, in all, by source and by address. What does not fit is answered 503.
 *
 * Among those that have proved nothing the one that cost most so far (bytes times the time it has held them) gives way
 * to the others: an authentic signed webhook is there in milliseconds, and a body that never ends loses its room to it.
 */
export const createBodyBudget = (
  limits: BodyLimits,
  clock: () => number = performance.now.bind(performance),
): BodyBudget => new Budget(limits, clock);
