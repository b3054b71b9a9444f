import { Alert, AlertDetail, Suspect } from './alert.ts';
import { Change, CreatedChange } from './change.ts';
import { DeadLetter, DeadLetterMeta, Dropped, Replayed } from './dead-letter.ts';
import { Attempt, Delivery, Deployment, DeploymentDetail, StoredRecord } from './deployment.ts';
import { FeedItem, FeedMeta } from './feed.ts';
import { EndedSessions, Reconciled, Redelivered, ReplayedWebhook, RuleHits } from './orders.ts';
import { Performance, PerformanceMeta } from './performance.ts';
import { Running, RunningMeta } from './running.ts';
import { Failure, PageMeta } from './shared.ts';
import { TimelineLane, TimelineMeta } from './timeline.ts';
import { Explanation, SourceTraffic, Webhook, WebhookWithBody } from './webhook.ts';

/**
 * What our own API answers, by the names under which openapi.ts publishes it. All objects are strict: a field that is
 * answered and not described here makes a test fail, so that the published description is complete.
 */
export const SCHEMAS = {
  Alert,
  AlertDetail,
  Change,
  ChangeRecord: StoredRecord,
  CreatedChange,
  Deployment,
  DeploymentDetail,
  Delivery,
  Attempt,
  Webhook,
  WebhookWithBody,
  FeedItem,
  FeedMeta,
  PageMeta,
  Performance,
  PerformanceMeta,
  Running,
  RunningMeta,
  Suspect,
  SourceTraffic,
  TimelineLane,
  TimelineMeta,
  DeadLetter,
  DeadLetterMeta,
  Replayed,
  Dropped,
  ReplayedWebhook,
  EndedSessions,
  Reconciled,
  Redelivered,
  RuleHits,
  Explanation,
  Failure,
} as const;
export type SchemaName = keyof typeof SCHEMAS;
