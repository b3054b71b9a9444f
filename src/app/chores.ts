import type { Spool } from '../spool/spool.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Assembly } from './assembly.ts';
import type { Resources } from './shared.ts';

/** What was spooled is recorded so soon after Redis came back. */
const DRAIN_EVERY_MS = 1_000;
/** The inbox grows by the second: entries beyond its limit must not fill Redis. */
const PRUNE_EVERY_MS = 15_000;

type ChoreParts = Pick<Resources, 'spool' | 'replicas' | 'log' | 'onError'>;

/** The periodic work of a running bridge, whatever the configuration. */
export function startChores(current: () => Assembly, parts: ChoreParts): { stop(): void } {
  const { spool, replicas, log, onError } = parts;
  const drain = createDrain(spool, () => current().drainSpool(), log);
  const draining = setInterval(() => {
    void current()
      .checkServer()
      .catch(() => {}) // Redis is away: the connection logs that
      .then(drain);
  }, DRAIN_EVERY_MS);
  const prune = () => {
    replicas.check().catch(() => {}); // so that a failover is noticed soon after it
    return current()
      .prune()
      .catch((error: unknown) => onError('prune', error));
  };
  const pruning = setInterval(() => void prune(), PRUNE_EVERY_MS);
  return {
    stop() {
      clearInterval(pruning);
      clearInterval(draining);
    },
  };
}

/** Logs nothing while Redis is away: the connection does. */
function createDrain(spool: Spool, drainSpool: () => Promise<void>, log: Logger): () => void {
  let busy = false;
  return () => {
    const { entries, since } = spool.state();
    if (busy || entries === 0) return;
    busy = true;
    drainSpool()
      .then(
        () => log.info({ entries, since }, 'the spool was drained'),
        () => undefined,
      )
      .finally(() => {
        busy = false;
      });
  };
}
