import type { Config } from '../config/config.ts';
import type { Redis } from '../queue/connection.ts';
import { createJudge } from '../record.ts';
import { createChangeLog } from '../recording/change-log.ts';
import { createDeployments } from '../store/changes/deployments.ts';
import { createGaps } from '../store/changes/gaps.ts';
import { createReconciledUntil } from '../store/changes/reconciled-until.ts';
import { MARGIN_DAYS } from '../store/changes/retention.ts';
import { createRuleHits } from '../store/changes/rule-hits.ts';
import { createRunning } from '../store/changes/running.ts';
import { createEchoes } from '../store/deliveries/echoes.ts';
import { createLedger } from '../store/deliveries/ledger.ts';
import { createFeed } from '../store/feed.ts';
import { createInbox } from '../store/inbox/inbox.ts';
import { createRows } from '../store/rows.ts';
import { MEBIBYTE } from '../values/settings.ts';

export type Stores = ReturnType<typeof createStores>;

const SECONDS_A_DAY = 86_400;

/** Twice, on two connections: whoever answers a request gives up soon, whoever processes waits. */
export function createStores(redis: Redis, config: Config, clock: () => Date) {
  const keepSeconds = Math.ceil((config.changes.days + MARGIN_DAYS) * SECONDS_A_DAY);
  const echoes = createEchoes(redis, keepSeconds);
  const deployments = createDeployments(redis, config.changes);
  const { rules, routing } = config;
  return {
    deployments,
    running: createRunning(deployments),
    changeLog: createChangeLog(deployments, createJudge({ rules, routing, before: deployments.before })),
    inbox: createInbox(redis, { ...config.inbox, maxBytes: config.inbox.max_mib * MEBIBYTE }),
    feed: createFeed(redis),
    ledger: createLedger(redis, { echoes, clock, keepSeconds }),
    echoes,
    gaps: createGaps(redis, config.changes.days),
    reconciledUntil: createReconciledUntil(redis),
    rows: createRows(redis),
    ruleHits: createRuleHits(redis),
  };
}
