import type { Config } from '../config/config.ts';
import type { Redis } from '../queue/connection.ts';
import type { createPriority } from '../queue/priority.ts';
import type { ReplicaMemory } from '../queue/replication.ts';
import type { Spool } from '../spool/spool.ts';
import type { OnError } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Traces } from '../telemetry/span.ts';
import type { createKillPoints } from '../testing/kill-points.ts';
import type { Mask } from '../values/mask.ts';
import type { createTraffic } from '../web/deliveries-traffic.ts';

/** What outlives a configuration: connections, files, counters. */
export interface Resources {
  /** For receivers and pages: commands fail soon. */
  readonly quick: Redis;
  /** For workers: commands wait. */
  readonly steady: Redis;
  readonly spool: Spool;
  /** Knows whether this Redis has had replicas. */
  readonly replicas: ReplicaMemory;
  readonly metrics: Metrics;
  readonly traces: Traces;
  readonly log: Logger;
  readonly onError: OnError;
  /** True from the stop signal on: a load balancer must send nothing more. */
  readonly isStopping: () => boolean;
}

/** What the parts of one configuration share: those that answer requests and those that process. */
export interface Shared extends Resources {
  readonly config: Config;
  readonly clock: () => Date;
  readonly mask: Mask;
  /** Kills the bridge at a point, for tests. */
  readonly around: ReturnType<typeof createKillPoints>;
  readonly priority: ReturnType<typeof createPriority>;
  readonly traffic: ReturnType<typeof createTraffic>;
}
