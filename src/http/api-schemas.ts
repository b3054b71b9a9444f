import { z } from 'zod';
import { ALERT_STATES } from '../domain/alert.ts';
import { ChangeRecord, ChangeType, RiskLevel, State, Tier } from '../domain/change-record.ts';
import { Time } from '../values/time.ts';

/**
 * What our own API answers. Strict: a field that is answered and not written here makes a test fail, so that the
 * published
 * description (openapi.ts) is never behind.
 */
const Count = z.int().nonnegative();

/** Who is called when the service breaks, as the configuration says. */
const Owner = z.strictObject({
  team: z.string(),
  channel: z.string().optional(),
  runbook: z.string().optional(),
  on_call: z.string().optional(),
});
export const Change = z.strictObject({
  id: z.string(),
  deployment: z.string(),
  status: State,
  summary: z.string(),
  change_type: ChangeType,
  description: z.string().nullable(),
  source: z.string(),
  environment: z.string(),
  environment_tier: Tier.nullable(),
  environment_url: z.string().nullable(),
  service: z.string(),
  service_id: z.string().nullable(),
  repository: z.string().nullable(),
  /** Branch or tag. */
  branch: z.string().nullable(),
  /** Set where the tool said that it is a tag. */
  tag: z.string().nullable(),
  commit_sha: z.string().nullable(),
  commit_message: z.string().nullable(),
  commit_url: z.string().nullable(),
  pr_number: z.string().nullable(),
  pr_url: z.string().nullable(),
  pipeline_url: z.string().nullable(),
  job: z.string().nullable(),
  job_url: z.string().nullable(),
  risk_level: RiskLevel,
  changed_by: z.string().nullable(),
  external_id: z.string(),
  artifacts: z.array(z.string()),
  manifests: ChangeRecord.shape.manifests.unwrap().nullable(),
  owner: Owner.nullable(),
  replaced: z
    .strictObject({
      deployment: z.string(),
      commit_sha: z.string().nullable(),
      compare_url: z.string().nullable(),
      /** Its images and chart versions. */
      artifacts: z.array(z.string()),
    })
    .nullable(),
  /** Why it has not ended yet, where that is known. */
  waiting: z.string().nullable(),
  /** From when on it has taken too long, while it has not ended. */
  stale_after: Time.nullable(),
  original: z.strictObject({ environment: z.string().optional(), service: z.string().optional() }).nullable(),
  tags: z.array(z.string()),
  notes: z.array(z.string()),
  occurred_at: Time,
  started_at: Time.nullable(),
  finished_at: Time.nullable(),
  duration_seconds: z.int().nonnegative().nullable(),
  created_at: Time,
});
export type Change = z.infer<typeof Change>;

/** An alert that a tool reported. Names, texts and labels are the tool's. */
const Alert = z.strictObject({
  id: z.string(),
  status: z.enum(ALERT_STATES),
  title: z.string(),
  summary: z.string().nullable(),
  severity: z.string().nullable(),
  tool: z.string(),
  source: z.string(),
  /** The service that it most likely is about. */
  service: z.string().nullable(),
  /** All that it may be about, by the label that names each. */
  services: z.array(z.strictObject({ label: z.string(), name: z.string() })),
  environment: z.string().nullable(),
  started_at: Time,
  ended_at: Time.nullable(),
  /** Of one that is firing: nobody has reported its end since then. */
  last_reported_at: Time,
  url: z.string().nullable(),
  runbook_url: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  webhook: z.string().nullable(),
});
export type Alert = z.infer<typeof Alert>;

/** A change that may have caused an alert; its points are the sum of its reasons. */
const Suspect = z.strictObject({
  points: z.int(),
  reasons: z.array(z.strictObject({ text: z.string(), points: z.int() })),
  change: Change,
});
const AlertDetail = z.strictObject({
  alert: Alert,
  /** The likeliest first, at most 10. */
  suspects: z.array(Suspect),
  /** What was looked for, and how many changes were compared. */
  looked: z.strictObject({
    services: z.array(z.string()),
    environments: z.array(z.string()),
    team: z.string().nullable(),
    compared: Count,
  }),
});
export type AlertDetail = z.infer<typeof AlertDetail>;

/** One service in one environment: what succeeded there last. */
export const Running = z.strictObject({
  service: z.string(),
  service_id: z.string().nullable(),
  /** What tells it from another service of the same name: project, service id, part. Null where there is no other. */
  qualifier: z.string().nullable(),
  environment: z.string(),
  /** What the tool said, else what the name says. */
  environment_tier: Tier,
  tier_is_guessed: z.boolean(),
  environment_url: z.string().nullable(),
  deployment: z.string(),
  commit_sha: z.string().nullable(),
  commit_url: z.string().nullable(),
  commit_message: z.string().nullable(),
  branch: z.string().nullable(),
  artifacts: z.array(z.string()),
  change_type: ChangeType,
  repository: z.string().nullable(),
  /** When it succeeded. */
  since: Time,
  /** It has failed since, degraded for one, and nothing has taken its place. */
  failed_at: Time.nullable(),
  changed_by: z.string().nullable(),
  owner: Owner.nullable(),
  replaced: z.string().nullable(),
  /** What was tried since, and replaced nothing. */
  last_attempt: z
    .strictObject({
      deployment: z.string(),
      status: State,
      /** It has no end, and has taken too long. */
      stale: z.boolean(),
      revision: z.string().nullable(),
      changed_by: z.string().nullable(),
      occurred_at: Time,
    })
    .nullable(),
  /** Against the highest tier in which the service runs. `deployments`: so many lie between the two. */
  drift: z
    .strictObject({
      environment: z.string(),
      commit_sha: z.string().nullable(),
      which: z.enum(['same', 'ahead', 'behind', 'unknown']),
      deployments: Count.nullable(),
      compare_url: z.string().nullable(),
    })
    .nullable(),
});
export type Running = z.infer<typeof Running>;
const Figures = z.strictObject({
  finished: Count,
  succeeded: Count,
  deployments_per_day: z.number().nullable(),
  lead_time_seconds: Count.nullable(),
  /** Of so many deployments of a new commit the time of the commit is known. */
  lead_time_known: Count,
  lead_time_of: Count,
  change_failure_rate: z.number().nullable(),
  failed: Count,
  rolled_back: Count,
  changes: Count,
  time_to_restore_seconds: Count.nullable(),
  restored: Count,
  not_restored: Count,
});
/** `service`, `environment` or `team`, as asked. */
export const Performance = Figures.extend({
  service: z.string().optional(),
  environment: z.string().optional(),
  team: z.string().optional(),
  /** What tells a service from another of the same name. Null where there is no other. */
  qualifier: z.string().nullable(),
  /** The same of the span before, as long. */
  previous: Figures.nullable(),
});
export type Performance = z.infer<typeof Performance>;
const PerformanceMeta = z.strictObject({
  since: Time,
  until: Time,
  environment: z.string(),
  /** What the change failure rate and the time to restore count. */
  failures: z.enum(['deployments', 'alerts']),
  /** False: only the newest of the span were looked at. */
  is_whole: z.boolean(),
});

const Traffic = { taken: Count, ignored: Count, refused: Count };
/** Of one source. */
export const SourceTraffic = z.strictObject({
  source: z.string(),
  type: z.string(),
  last_24h: z.strictObject(Traffic),
  /** Oldest first, this hour last. */
  hours: z.array(z.strictObject({ from: Time, ...Traffic })),
  /** It used to tell more often, and was never silent for so long. */
  silent_since: Time.nullable(),
});
export type SourceTraffic = z.infer<typeof SourceTraffic>;

/** What is stored of each step. */
const StoredRecord = ChangeRecord.strict();

/** The fold of all records (domain/deployment.ts). */
const Deployment = ChangeRecord.omit({
  id: true,
  deployment: true,
  aliases: true,
  occurrence: true,
  signal: true,
  authoritative: true,
  rejected: true,
  history: true,
  webhook: true,
  witness: true,
  joinedFrom: true,
  stage: true,
  repeated: true,
})
  .extend({
    key: z.string(),
    decidedBy: z.string(),
    signals: z.array(z.string()),
    sources: z.array(z.string()),
    owner: Owner.optional(),
    environment: ChangeRecord.shape.environment.extend({ tierGuessed: z.literal(true).optional() }),
    staleAfter: Time.optional(),
    repeatedUntil: Time.optional(),
    original: z.strictObject({ environment: z.string().optional(), service: z.string().optional() }).optional(),
    replaced: z
      .strictObject({
        deployment: z.string(),
        sha: z.string().optional(),
        artifacts: z.array(z.string()).optional(),
        compareUrl: z.string().optional(),
      })
      .optional(),
  })
  .strict();

export const Webhook = z.strictObject({
  id: z.string(),
  receivedAt: Time,
  source: z.string(),
  method: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  verdict: z.enum(['accepted', 'recorded', 'duplicate', 'ignored', 'rejected']),
  reason: z.string().optional(),
  detail: z.string().optional(),
  deployments: z.array(z.string()),
  bytes: Count,
  /** It came while Redis was away, and waited on disk. */
  spooled: z.boolean().optional(),
  /** Of a refusal: from where it came, and how often it came again for the same reason. */
  address: z.string().optional(),
  count: Count.optional(),
});
export type Webhook = z.infer<typeof Webhook>;

export const WebhookWithBody = Webhook.extend({
  /** For an admin alone. Absent: not kept, since the sender is unknown. */
  body: z.string().optional(),
  words: z.strictObject({ means: z.string(), when: z.string(), advice: z.string() }).optional(),
});
export type WebhookWithBody = z.infer<typeof WebhookWithBody>;

const Attempt = z.strictObject({
  at: Time,
  state: State,
  outcome: z.enum(['delivered', 'failed', 'unwanted']),
  words: z.string(),
  status: z.int().optional(),
});

const Delivery = z.strictObject({
  sink: z.string(),
  wants: z.union([
    z.strictObject({ wanted: z.literal(true) }),
    z.strictObject({ wanted: z.literal(false), why: z.string() }),
  ]),
  told: z.strictObject({ state: State, at: Time }).optional(),
  remoteId: z.string().optional(),
  remoteUrl: z.string().optional(),
  attemptedAt: Time.optional(),
  attempts: z.array(Attempt),
});

export const DeploymentDetail = z.strictObject({
  change: Change,
  deployment: Deployment,
  /** What became of one that succeeded: it runs here, or `next` took its place. Absent: it did not succeed. */
  running: z
    .strictObject({
      is_current: z.boolean(),
      next: z
        .strictObject({ deployment: z.string(), change_type: ChangeType, at: Time, changed_by: z.string().nullable() })
        .optional(),
    })
    .optional(),
  records: z.array(StoredRecord),
  /** Deployments of other tools that may be this one, though that is not certain: their keys. */
  related: z.array(z.string()),
  rules: z.array(z.string()),
  dropped_by: z.string().optional(),
  deliveries: z.array(Delivery),
});
export type DeploymentDetail = z.infer<typeof DeploymentDetail>;

export const FeedItem = z.discriminatedUnion('kind', [
  z.strictObject({
    position: z.string(),
    kind: z.literal('webhook'),
    /** As it stands now; the id alone when the inbox has forgotten it. */
    webhook: z.union([Webhook, z.strictObject({ id: z.string() })]),
  }),
  z.strictObject({
    position: z.string(),
    kind: z.literal('delivery'),
    sink: z.string(),
    deployment: z.string(),
    attempt: Attempt,
  }),
]);
export type FeedItem = z.infer<typeof FeedItem>;

export const DeadLetter = z.strictObject({
  id: z.string(),
  sink: z.string(),
  kind: z.enum(['refused', 'fault']),
  source: z.string().optional(),
  deployment: z.string().optional(),
  webhook: z.string().optional(),
  why: z.string(),
  madeAt: Time,
  diedAt: Time,
  attempts: Count,
});
export type DeadLetter = z.infer<typeof DeadLetter>;

const Redelivered = z.strictObject({
  looked: z.int().describe('Deployments of that time in the change log'),
  queued: z.int().describe('Those that the sink wants: they are in its queue now'),
});

const Reconciled = z.strictObject({
  source: z.string(),
  since: Time,
  listed: Count,
  recorded: z.array(z.string()),
  warnings: z.array(z.string()),
  failed: z.string().optional(),
});

/** The parts that programs use; the rest is for people and may change. */
const Explanation = z.looseObject({
  source: z.strictObject({ name: z.string(), type: z.string() }),
  verdict: z.enum(['accepted', 'ignored', 'rejected']),
  reason: z.string().optional(),
  detail: z.string().optional(),
  signature: z.enum(['valid', 'wrong', 'not checked']),
  records: z.array(StoredRecord),
});

/** Alert24's error envelope: one shape everywhere under /api. */
const Failure = z.strictObject({
  error: z.strictObject({ type: z.string(), message: z.string(), status: z.int() }),
});

const UnknownName = z.strictObject({
  message: z.string(),
  field: z.string(),
  value: z.string(),
  shown: z.boolean(),
  did_you_mean: z.array(z.strictObject({ name: z.string(), count: Count })),
});
const RunningMeta = z.strictObject({ total: Count, unknown: z.array(UnknownName).optional() });

/**
 * Of several filters or a text, where not everything was looked through: there may be more further back, and the total
 * is of what was. The next page looks further.
 */
const SearchStopped = {
  /** So many were looked through, newest first. */
  searched: Count.optional(),
  /** All from then on were: `until` this goes on. */
  searched_since: Time.optional(),
};

const PageMeta = z.strictObject({
  total: Count,
  limit: Count,
  offset: Count,
  has_more: z.boolean(),
  ...SearchStopped,
  /** Names that nothing has. `shown`: the names that hold them stand in their place. */
  unknown: z.array(UnknownName).optional(),
  /** Of a search in the inbox: the offset to go on from. */
  next: Count.optional(),
});

/** What the timeline draws: marks that would cover one another are one, with their count. */
const TimelineLane = z.strictObject({
  lane: z.string(),
  count: Count,
  rows: z.array(
    z.strictObject({
      row: z.enum(['rollback', 'failed', 'busy', 'done']),
      marks: z.array(
        z.strictObject({
          count: Count,
          from: Time,
          to: Time,
          /** The newest of them. */
          deployment: z.string(),
          status: State,
          change_type: ChangeType,
        }),
      ),
    }),
  ),
});
const TimelineMeta = z.strictObject({ since: Time, until: Time, total: Count, ...SearchStopped });
export const FeedMeta = z.strictObject({
  /** Ask with `after` set to this. */
  next: z.string(),
  /** True: events between `after` and the first of this page may be gone. */
  gap: z.boolean(),
  /** Ask again at once. */
  more: z.boolean(),
});

const RuleHits = z.strictObject({ name: z.string(), matched: Count });
const DeadLetterMeta = z.strictObject({ total: Count, limit: Count });
const Replayed = z.strictObject({ matched: Count, replayed: Count, dry_run: z.boolean() });
const Dropped = z.strictObject({ matched: Count, dropped: Count, dry_run: z.boolean() });
const EndedSessions = z.strictObject({ ended: Count });
const ReplayedWebhook = z.strictObject({ webhook: z.string(), records: Count });

/** What Alert24's `POST /api/v1/changes` answers; `job_url`, `status`, `service`, `notes` and `duplicate` are ours. */
const CreatedChange = z.strictObject({
  id: z.string(),
  summary: z.string(),
  service_id: z.string().nullable(),
  change_type: ChangeType,
  description: z.string().nullable(),
  source: z.string().nullable(),
  commit_sha: z.string().nullable(),
  commit_message: z.string().nullable(),
  branch: z.string().nullable(),
  pr_number: z.string().nullable(),
  pr_url: z.string().nullable(),
  pipeline_url: z.string().nullable(),
  job_url: z.string().optional(),
  environment: z.string(),
  risk_level: RiskLevel,
  changed_by: z.string().nullable(),
  external_id: z.string().nullable(),
  tags: z.array(z.string()),
  created_at: Time,
  status: State,
  service: z.string(),
  notes: z.array(z.string()),
  /** It says again what was acknowledged before. */
  duplicate: z.literal(true).optional(),
});

/** What is published, by the name under which it is. */
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
