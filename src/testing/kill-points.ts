/**
 * Points at which a test can have the bridge killed as by `kill -9`: before or after a call of one part. Off unless the
 * configuration names a point, so that product code knows nothing of it (app/ wraps the parts).
 */
export const KILL_POINTS = ['keep', 'enqueue', 'apply', 'forward', 'conclude', 'deliver'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

export interface KillOrder {
  /** `deliver:after`: when a sink has its answer, before it is in the ledger. */
  readonly kill_at: `${KillPoint}:${'before' | 'after'}`;
  /** At which pass of the point it happens: 1 is the first. */
  readonly pass: number;
  /** `hang`: it computes for ever, and answers nothing. */
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

function hang(): void {
  for (;;);
}

/** No handler, no buffer and no file is given a chance. */
function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
