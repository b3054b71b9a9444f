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

interface Holder extends BodyOwner {
  bytes: number;
  readonly sinceMs: number;
  evict: () => void;
  isSettled: boolean;
}

/**
 * Bytes of bodies under way, in all, by source and by address. What does not fit is answered 503.
 *
 * Among those that have proved nothing the one that cost most so far (bytes times the time it has held them) gives way
 * to the others: an authentic signed webhook is there in milliseconds, and a body that never ends loses its room to it.
 */
export function createBodyBudget(
  limits: BodyLimits,
  clock: () => number = performance.now.bind(performance),
): BodyBudget {
  const holders = new Set<Holder>();
  const sum = (fits: (holder: Holder) => boolean) => {
    let bytes = 0;
    for (const holder of holders) if (fits(holder)) bytes += holder.bytes;
    return bytes;
  };
  const held = { proved: 0, unproved: 0 };
  const poolOf = ({ proved }: Holder) => (proved ? 'proved' : 'unproved');
  const add = (holder: Holder, bytes: number) => {
    holder.bytes += bytes;
    held[poolOf(holder)] += bytes;
  };
  const drop = (holder: Holder) => {
    if (holders.delete(holder)) held[poolOf(holder)] -= holder.bytes;
  };
  const cost = ({ bytes, sinceMs }: Holder, more = 0) => (bytes + more) * (clock() - sinceMs + 1);

  /**
   * Frees room by dropping bodies of `rivals` until `isFree`. False: none of them has cost more than the one that asks.
   */
  const evictUntil = (isFree: () => boolean, rivals: (holder: Holder) => boolean, askedCost: number): boolean => {
    while (!isFree()) {
      let dearest: Holder | undefined;
      for (const holder of holders)
        if (!holder.isSettled && !holder.proved && rivals(holder) && cost(holder) > cost(dearest ?? NOBODY))
          dearest = holder;
      if (!dearest || cost(dearest) <= askedCost) return false;
      drop(dearest);
      dearest.evict();
    }
    return true;
  };
  const takeProved = (holder: Holder, bytes: number): boolean => {
    if (held.proved + bytes > limits.provedBytes) return false;
    if (held.proved + bytes <= limits.provedBytes * LARGEST_SHARE) return true;
    const bySource = sum(({ proved, source }) => proved && source === holder.source);
    return bySource + bytes <= limits.provedBytes * LARGEST_SHARE;
  };
  const takeUnproved = (holder: Holder, bytes: number): boolean => {
    const askedCost = cost(holder, bytes);
    const isNeighbour = (other: Holder) => other !== holder && other.address === holder.address;
    const ofAddress = () => sum(({ proved, address }) => !proved && address === holder.address);
    const addressFits = () =>
      held.unproved + bytes <= limits.unprovedBytes * LARGEST_SHARE ||
      ofAddress() + bytes <= limits.unprovedBytes * LARGEST_SHARE;
    return (
      evictUntil(addressFits, isNeighbour, askedCost) &&
      evictUntil(
        () => held.unproved + bytes <= limits.unprovedBytes,
        (other) => other !== holder,
        askedCost,
      )
    );
  };
  return {
    open(owner) {
      const holder: Holder = { ...owner, bytes: 0, sinceMs: clock(), evict() {}, isSettled: false };
      holders.add(holder);
      return {
        take(bytes) {
          if (!holders.has(holder)) return false;
          const fits = holder.proved ? takeProved(holder, bytes) : takeUnproved(holder, bytes);
          if (fits) add(holder, bytes);
          return fits;
        },
        onEvicted(listener) {
          holder.evict = listener;
        },
        settle() {
          holder.isSettled = true;
        },
        release: () => drop(holder),
      };
    },
    held: () => ({ ...held }),
  };
}

const NOBODY: Holder = {
  address: '',
  source: '',
  proved: false,
  bytes: 0,
  sinceMs: Number.MAX_SAFE_INTEGER,
  evict() {},
  isSettled: true,
};
