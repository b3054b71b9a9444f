import type { Config } from '../config/config.ts';
import type { Redis } from '../queue/connection.ts';
import { type Flush, noFlush } from '../queue/flush.ts';
import { createReplication } from '../queue/replication.ts';
import { serverIdOf } from '../queue/server-id.ts';
import { createBuildView } from '../record.ts';
import { createChangeLog } from '../recording/change-log.ts';
import { createFollowRename } from '../recording/follow-rename.ts';
import { createJoins } from '../recording/joins.ts';
import { createRepeats } from '../recording/repeats.ts';
import { toolOf } from '../sources/boundary.ts';
import { createAlerts } from '../store/alerts/alerts.ts';
import { createSuspects } from '../store/alerts/suspects.ts';
import { createDeployments } from '../store/changes/deployments.ts';
import { createNaming, withDirectory } from '../store/changes/directory.ts';
import { createJoinGroups } from '../store/changes/join-groups.ts';
import { createRecentPosts } from '../store/changes/recent-posts.ts';
import { createReconciledUntil } from '../store/changes/reconciled-until.ts';
import { createRepeatNames } from '../store/changes/repeat-names.ts';
import { createRepositories } from '../store/changes/repositories.ts';
import { MARGIN_DAYS } from '../store/changes/retention-days.ts';
import { createRuleHits } from '../store/changes/rule-hits.ts';
import { createSerialHistory } from '../store/changes/serial-history.ts';
import { createRunning } from '../store/changes/timeline/running.ts';
import { createEchoes } from '../store/deliveries/echoes.ts';
import { createLedger } from '../store/deliveries/ledger.ts';
import { createFeed } from '../store/feed.ts';
import { createInbox } from '../store/inbox/inbox.ts';
import { createRows } from '../store/rows.ts';
import { MEBIBYTE } from '../values/settings.ts';
import { DAY_SECONDS } from '../values/units.ts';

/** A claim that is lost in a failover would be made twice. */
const flushOfLedger = (redis: Redis, { durability, redis: { replicas } }: Config): Flush =>
  durability === 'replicated' ? createReplication(redis, replicas) : noFlush;

export type Stores = ReturnType<typeof createStores>;

/** Called twice, for two connections: requests use the one that gives up soon, workers the one that waits. */
export function createStores(redis: Redis, config: Config, clock: () => Date) {
  const keepSeconds = Math.ceil((config.changes.days + MARGIN_DAYS) * DAY_SECONDS);
  const echoes = createEchoes(redis, keepSeconds);
  // A Redis that may not be asked counts as one server.
  const serverId = () => serverIdOf(redis).catch(() => '');
  const deployments = withDirectory(createDeployments(redis, config.changes, { serverId }), config);
  const { rules, routing } = config;
  const repositories = createRepositories(redis, config.changes.days + MARGIN_DAYS);
  const { formerName } = repositories;
  const buildView = createBuildView({ rules, routing, before: deployments.before, formerName });
  const changeLog = createChangeLog(deployments, buildView);
  const groups = createJoinGroups(redis);
  const joins = createJoins({
    groups,
    changeLog,
    rules,
    routing,
    options: { mayJoin: mayJoinBy(config) },
    settleMs: config.join.settle_seconds * 1000,
    witnessOf: (instance) => config.sources.find(({ name }) => name === instance)?.witness,
    formerName,
  });
  return {
    deployments,
    named: createNaming(config),
    changeLog,
    repeats: createRepeats({ names: createRepeatNames(redis, config.changes.days), changeLog }),
    joins,
    followRename: createFollowRename({ repositories, groups, changeLog, joins }),
    running: createRunning(deployments, config.owners),
    alerts: createAlerts(redis, config.alerts),
    suspectsOf: createSuspects(deployments, config.owners),
    inbox: createInbox(redis, { ...config.inbox, maxBytes: config.inbox.max_mib * MEBIBYTE }),
    feed: createFeed(redis),
    ledger: createLedger(redis, { echoes, clock, keepSeconds, safety: flushOfLedger(redis, config) }),
    echoes,
    history: createSerialHistory(redis, config.changes.days),
    recentPosts: createRecentPosts(redis),
    reconciledUntil: createReconciledUntil(redis),
    rows: createRows(redis),
    ruleHits: createRuleHits(redis),
  };
}

/**
 * Signals of different sources may be joined where the configuration lists them together. Without such a list all may
 * be joined, except those of a tool that has several sources: each of these is a boundary.
 */
function mayJoinBy({ join, sources }: Config): (one: string, other: string) => boolean {
  const lists = join.sources;
  if (lists) return (one, other) => one === other || lists.some((list) => list.includes(one) && list.includes(other));
  const alone = sources.filter((source) => sources.filter((other) => toolOf(other) === toolOf(source)).length === 1);
  const names = new Set(alone.map(({ name }) => name));
  return (one, other) => one === other || (names.has(one) && names.has(other));
}
