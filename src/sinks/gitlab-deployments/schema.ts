import { z } from 'zod';

/** GitLab's words for a deployment that an API caller may set (lib/api/deployments.rb). */
export type GitlabStatus = 'running' | 'success' | 'failed' | 'canceled';

/** A deployment in GitLab's answers. It has no `tag`, and no field for a key of ours. */
export const Row = z.object({
  /** 64 bits in GitLab; text on our side. */
  id: z.union([z.number(), z.string().min(1)]).transform(String),
  status: z.string(),
  sha: z.string().nullish().catch(undefined),
  ref: z.string().nullish().catch(undefined),
  created_at: z.string().nullish().catch(undefined),
  /** The CI job that made it. Null for those made by the API. */
  deployable: z.object({}).nullish().catch({}),
});
export type Row = z.infer<typeof Row>;

export const Rows = z.array(Row);

export const Project = z.object({
  /** Null in an empty repository. */
  default_branch: z.string().nullish().catch(undefined),
  path_with_namespace: z.string().nullish().catch(undefined),
});

export const TokenInfo = z.object({
  name: z.string().nullish().catch(undefined),
  scopes: z.array(z.string()).nullish().catch(undefined),
  expires_at: z.string().nullish().catch(undefined),
});

/**
 * `{"message": {"sha": ["The commit does not exist"]}}`, `{"message": "403 Forbidden …"}` or `{"error": "status is
 * missing"}`.
 */
export const Refusal = z
  .object({
    message: z
      .union([z.string(), z.record(z.string(), z.unknown())])
      .nullish()
      .catch(undefined),
    error: z.string().nullish().catch(undefined),
  })
  .catch({});
