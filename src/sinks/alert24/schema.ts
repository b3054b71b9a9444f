import { z } from 'zod';
import type { ChangeType, RiskLevel } from '../../domain/change-record.ts';

/** Alert24 is seen to use UUIDs, `svc_…` and numbers: an id is opaque text. */
const Id = z
  .union([z.string().min(1), z.number()])
  .transform(String)
  .nullish()
  .catch(undefined);

const WithId = z.object({ id: Id }).nullish().catch(undefined);

/** The answer to a new change. Its layout is not documented; `data` is the pattern of Alert24's other resources. */
export const Created = z.object({ data: WithId, change: WithId, id: Id }).catch({});

const Listed = z.object({
  id: Id,
  external_id: z.string().nullish().catch(undefined),
  created_at: z.string().nullish().catch(undefined),
  tags: z.array(z.string()).nullish().catch(undefined),
});
export type Listed = z.infer<typeof Listed>;

/** A page of changes. Only the envelope is documented (docs/api-pagination). */
export const Page = z.object({
  data: z.array(Listed),
  meta: z
    .object({ total: z.number().nullish().catch(undefined), has_more: z.boolean().nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});
export type Page = z.infer<typeof Page>;

/**
 * The body of a new change: every field that Alert24 documents, and no other (docs/api-changes). Only `summary` is
 * required there.
 */
export interface ChangeCreate {
  readonly summary: string;
  readonly change_type: ChangeType;
  readonly description: string;
  readonly source?: string;
  readonly commit_sha?: string;
  readonly commit_message?: string;
  readonly branch?: string;
  readonly pr_number?: string;
  readonly pr_url?: string;
  readonly pipeline_url?: string;
  /** Always sent: Alert24 takes a change without one for production. */
  readonly environment: string;
  readonly risk_level?: RiskLevel;
  readonly changed_by?: string;
  readonly external_id: string;
  readonly tags: readonly string[];
}
