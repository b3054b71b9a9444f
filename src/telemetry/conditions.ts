/** Every reason for a degraded bridge, as `shiplog_degraded{reason}` names it. */
export const CONDITIONS = [
  'redis_refuses',
  'redis_unsafe',
  'not_durable',
  'spool_in_use',
  'spool_refuses',
  'workers_stopped',
  'sink_on_hold',
  'deliveries_left',
  'configurations_differ',
  'stopping',
] as const;
export type Condition = (typeof CONDITIONS)[number];
