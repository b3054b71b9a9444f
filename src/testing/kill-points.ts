/**
 * Points at which a test can kill the bridge as `kill -9` does: before or after a call of one part. Off unless the
 * configuration names a point. app/ wraps the parts, so that product code does not depend on it.
 */
export const KILL_POINTS = ['keep', 'enqueue', 'apply', 'forward', 'conclude', 'deliver'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

export interface KillOrder {
  /** For example `deliver:after`: after a sink has its answer, before it is in the ledger. */
  readonly kill_at: `${KillPoint}:${'before' | 'after'}`;
  /** At which call of the point it happens: 1 is the first. */
  readonly pass: number;
  /** `hang`: the main thread waits for good, and answers nothing. */
  readonly how?: 'kill' | 'hang';
}

type Kill = (point: KillOrder['kill_at']) => void;

/** Wraps calls. Without a point they are returned unchanged. */
export function createKillPoints(
  order: KillOrder | undefined,
  die: () => void = order?.how === 'hang' ? hang : killProcess,
) {
  let passes = 0;
  const kill: Kill = (point) => {
    if (point !== order?.kill_at) return;
    passes += 1;
    if (passes === order.pass) die();
  };
  return function around<Given extends readonly unknown[], Got>(
    point: KillPoint,
    call: (...given: Given) => Promise<Got>,
  ): (...given: Given) => Promise<Got> {
    if (!order?.kill_at.startsWith(`${point}:`)) return call;
    return async (...given) => {
      kill(`${point}:before`);
      const got = await call(...given);
      kill(`${point}:after`);
      return got;
    };
  };
}

/** Without an endless loop, which would take the processor from everything that is tested beside it. */
function hang(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** SIGKILL: no handler runs and no buffer is flushed. */
function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
