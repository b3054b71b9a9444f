import { z } from 'zod';

/** What Jira's schema allows (api-group-deployments). */
export const NAME_LIMIT = 255;
export const URL_LIMIT = 2_000;

export type JiraState = 'pending' | 'in_progress' | 'successful' | 'failed' | 'cancelled';
export type EnvironmentType = 'production' | 'staging' | 'testing' | 'development' | 'unmapped';

/** The body of POST /bulk, with the one deployment of a delivery. */
export interface Submission {
  readonly deployments: readonly [DeploymentData];
  readonly providerMetadata: { readonly product: string };
}

/** Jira identifies a deployment by pipeline, environment and deploymentSequenceNumber. */
export interface DeploymentData {
  readonly schemaVersion: '1.0';
  readonly deploymentSequenceNumber: number;
  readonly updateSequenceNumber: number;
  readonly associations: readonly [{ readonly associationType: 'issueIdOrKeys'; readonly values: readonly string[] }];
  readonly displayName: string;
  readonly url: string;
  readonly description: string;
  readonly lastUpdated: string;
  readonly label?: string;
  readonly state: JiraState;
  readonly pipeline: { readonly id: string; readonly displayName: string; readonly url: string };
  readonly environment: { readonly id: string; readonly displayName: string; readonly type: EnvironmentType };
}

/** The answer of https://api.atlassian.com/oauth/token. */
export const Granted = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]{1,10000}$/),
  expires_in: z.number().positive().catch(300),
});

/** RFC 6749, 5.2: some servers answer 400 and name the cause in the body. */
export const TokenRefusal = z.object({ error: z.string().catch('') }).catch({ error: '' });

/** The answer of https://<site>/_edge/tenant_info. */
export const TenantInfo = z.object({ cloudId: z.string().regex(/^[\w-]{1,100}$/) });

const Texts = z.array(z.string()).catch([]);
const Rejected = z.object({
  errors: z.array(z.object({ message: z.string() })).catch([]),
});
const Association = z.object({ values: Texts }).catch({ values: [] });

/** The answer to a submission. A list that is missing is empty. */
export const Submitted = z.object({
  acceptedDeployments: z.array(z.unknown()).nullish(),
  rejectedDeployments: z.array(Rejected).nullish(),
  unknownIssueKeys: Texts.nullish(),
  unknownAssociations: z.array(Association).nullish().catch(undefined),
});
export type Submitted = z.infer<typeof Submitted>;
