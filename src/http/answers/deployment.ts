import { z } from 'zod';
import { ChangeRecord, State } from '../../domain/change-record.ts';
import { Time } from '../../values/time.ts';
import { Change, RunningStatus } from './change.ts';
import { Owner } from './shared.ts';

/** A record as it is stored. */
export const StoredRecord = ChangeRecord.strict();

/** The fold of all records (domain/deployment.ts). */
export const Deployment = ChangeRecord.omit({
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
  doubts: true,
  base: true,
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

export const Attempt = z.strictObject({
  at: Time,
  state: State,
  outcome: z.enum(['delivered', 'failed', 'unwanted']),
  words: z.string(),
  status: z.int().optional(),
});

export const Delivery = z.strictObject({
  sink: z.string(),
  wants: z.union([
    z.strictObject({ wanted: z.literal(true) }),
    z.strictObject({ wanted: z.literal(false), why: z.string() }),
  ]),
  /** The whole sink waits, and this delivery with it. */
  on_hold: z.strictObject({ why: z.string(), until: Time }).optional(),
  told: z.strictObject({ state: State, at: Time }).optional(),
  remoteId: z.string().optional(),
  remoteUrl: z.string().optional(),
  attemptedAt: Time.optional(),
  attempts: z.array(Attempt),
});

export const DeploymentDetail = z.strictObject({
  change: Change,
  deployment: Deployment,
  running: RunningStatus.optional(),
  records: z.array(StoredRecord),
  /** Deployments of other tools that may be this one, though that is not certain: their keys. */
  related: z.array(z.string()),
  rules: z.array(z.string()),
  dropped_by: z.string().optional(),
  deliveries: z.array(Delivery),
});
export type DeploymentDetail = z.infer<typeof DeploymentDetail>;
