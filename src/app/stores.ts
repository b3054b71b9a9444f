import type { Config } from '../config/config.ts';
import { createView } from '../domain/view.ts';
import type { Redis } from '../queue/connection.ts';
import { createDeployments } from '../store/deployments.ts';
import { createEchoes } from '../store/echoes.ts';
import { createFeed } from '../store/feed.ts';
import { createGaps } from '../store/gaps.ts';
import { createInbox } from '../store/inbox.ts';
import { createLedger } from '../store/ledger.ts';
import { readPredecessors } from '../store/lineage.ts';
import { createMilestones } from '../store/milestones.ts';
import { createRuleHits } from '../store/rule-hits.ts';

export type Stores = ReturnType<typeof createStores>;

/** Twice, on two connections: whoever answers a request gives up soon, whoever works in the background waits. */
export function createStores(redis: Redis, config: Config, clock: () => Date) {
  const echoes = createEchoes(redis);
  const view = createView({
    rules: config.rules,
    routing: config.routing,
    before: (lineage, wanted) => readPredecessors(redis, lineage, wanted),
  });
  return {
    deployments: createDeployments(redis, config.changes, view),
    inbox: createInbox(redis, config.inbox),
    feed: createFeed(redis),
    ledger: createLedger(redis, echoes, clock),
    echoes,
    gaps: createGaps(redis, config.changes.days),
    milestones: createMilestones(redis),
    ruleHits: createRuleHits(redis),
  };
}
