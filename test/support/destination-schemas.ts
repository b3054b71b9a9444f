import { z } from 'zod';

const Text = z.string().min(1);
const Sha = z.string().regex(/^[0-9a-f]{40}$/);

/** What an integration of AlertOps maps: Source, Source Name, Source Id and Source Status. */
export const AlertopsMessage = z.strictObject({
  source: Text,
  source_name: Text,
  source_id: Text,
  source_status: z.enum(['open', 'update', 'close']),
  subject: Text,
  severity: Text.optional(),
  source_url: z.url().optional(),
  details: z.record(z.string(), Text),
});
export type AlertopsMessage = z.infer<typeof AlertopsMessage>;

/** CTO.ai stores any word and says "written", so that a wrong one must fail here: the real one never says so. */
export const CtoaiEvent = z.strictObject({
  team_id: Text,
  event_name: z.literal('deployment'),
  event_action: z.enum(['success', 'failure', 'started', 'progressing', 'blocked']),
  repo: Text,
  environment: Text,
  branch: Text.optional(),
  commit: Sha.optional(),
  image: Text.refine((image) => image !== 'null').optional(),
  meta: z.strictObject({ user: Text }).optional(),
});
export type CtoaiEvent = z.infer<typeof CtoaiEvent>;

const Iso = z.iso.datetime();
const EpochMs = z.int().min(1_000_000_000_000);
const EpochSeconds = z.int().max(10_000_000_000);

/**
 * What each preset's destination takes, from its own documentation (named in the preset). No other field is allowed, so that a
 * misspelt one fails here.
 */
export const PRESET_BODIES = {
  'datadog-dora-deployment': z.strictObject({
    data: z.strictObject({
      attributes: z.strictObject({
        id: z.string().regex(/^[A-Za-z0-9\-_.:]{16,128}$/),
        service: Text,
        env: Text.optional(),
        version: Text.optional(),
        team: Text.optional(),
        started_at: EpochMs,
        finished_at: EpochMs,
        git: z.strictObject({ commit_sha: Sha, repository_url: z.url() }).optional(),
        custom_tags: z
          .array(
            z
              .string()
              .max(200)
              .regex(/^[^:]+:.+$/s),
          )
          .max(100)
          .optional(),
      }),
    }),
  }),
  'pagerduty-change-event': z.strictObject({
    routing_key: Text,
    payload: z.strictObject({
      summary: Text.max(1024),
      timestamp: Iso.optional(),
      source: Text.optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
    links: z.array(z.strictObject({ href: z.url(), text: Text.optional() })).optional(),
  }),
  'devlake-deployment': z.strictObject({
    id: Text,
    displayTitle: Text.optional(),
    result: z.enum(['SUCCESS', 'FAILURE']),
    environment: z.enum(['PRODUCTION', 'STAGING', 'TESTING', 'DEVELOPMENT']),
    originalEnvironment: Text.optional(),
    createdDate: Iso.optional(),
    startedDate: Iso,
    finishedDate: Iso,
    deploymentCommits: z
      .array(
        z.strictObject({
          repoUrl: z.url(),
          refName: Text.optional(),
          commitSha: Sha,
          commitMsg: Text.optional(),
          startedDate: Iso,
          finishedDate: Iso,
          result: z.enum(['SUCCESS', 'FAILURE']),
        }),
      )
      .min(1),
  }),
  'grafana-annotation': z.strictObject({
    time: EpochMs,
    timeEnd: EpochMs.optional(),
    tags: z.array(Text.max(100)),
    text: Text,
  }),
  'sentry-deploy': z.strictObject({
    environment: Text.max(64).regex(/^[^\s/]+$/),
    name: Text.max(64).optional(),
    url: z.url().optional(),
    dateStarted: Iso.optional(),
    dateFinished: Iso.optional(),
    projects: z.array(Text).min(1).optional(),
  }),
  'newrelic-change-tracking': z.strictObject({
    query: z.string().startsWith('mutation($d: ChangeTrackingDeploymentInput!)'),
    variables: z.strictObject({
      d: z.strictObject({
        version: Text,
        entityGuid: Text,
        user: Text.optional(),
        commit: Sha.optional(),
        deepLink: z.url().optional(),
        changelog: z.url().optional(),
        customAttributes: z.record(z.string(), Text).optional(),
        deploymentType: z.enum(['BASIC', 'BLUE_GREEN', 'CANARY', 'OTHER', 'ROLLING', 'SHADOW']),
        groupId: Text.optional(),
        description: Text.optional(),
        timestamp: EpochMs,
      }),
    }),
  }),
  'newrelic-change-event': z.strictObject({
    query: z.string().startsWith('mutation($e: ChangeTrackingCreateEventInput!)'),
    variables: z.strictObject({
      e: z.strictObject({
        categoryAndTypeData: z.strictObject({
          kind: z.strictObject({ category: z.literal('deployment'), type: z.literal('basic') }),
          categoryFields: z.strictObject({
            deployment: z.strictObject({
              version: Text,
              commit: Sha.optional(),
              deepLink: z.url().optional(),
              changelog: z.url().optional(),
            }),
          }),
        }),
        entitySearch: z.strictObject({ query: z.string().regex(/^name = '[^'"`\\]+' AND ./) }),
        user: Text.optional(),
        customAttributes: z.record(z.string(), Text).optional(),
        groupId: Text.optional(),
        shortDescription: Text.optional(),
        description: Text.optional(),
        timestamp: EpochMs,
      }),
    }),
  }),
  'honeycomb-marker': z.strictObject({
    start_time: EpochSeconds,
    end_time: EpochSeconds.optional(),
    message: Text,
    type: Text,
    url: z.url().optional(),
  }),
  'incident-io': z.strictObject({
    title: Text,
    status: z.enum(['firing', 'resolved']),
    deduplication_key: Text,
    description: Text.optional(),
    source_url: z.url().optional(),
    metadata: z.record(z.string(), Text).optional(),
  }),
  'compass-deployment': z.strictObject({
    cloudId: Text,
    componentId: Text.optional(),
    event: z.strictObject({
      deployment: z.strictObject({
        displayName: Text.max(255),
        description: Text.max(255),
        url: z.url(),
        lastUpdated: Iso,
        updateSequenceNumber: z.int().positive(),
        externalEventSourceId: Text.max(255),
        deploymentProperties: z.strictObject({
          sequenceNumber: z.int().positive(),
          state: z.enum(['PENDING', 'IN_PROGRESS', 'SUCCESSFUL', 'FAILED', 'CANCELLED', 'ROLLED_BACK', 'UNKNOWN']),
          startedAt: Iso.optional(),
          completedAt: Iso.optional(),
          pipeline: z.strictObject({ pipelineId: Text, url: z.url(), displayName: Text }),
          environment: z.strictObject({
            environmentId: Text,
            displayName: Text,
            category: z.enum(['PRODUCTION', 'STAGING', 'TESTING', 'DEVELOPMENT', 'UNMAPPED']),
          }),
        }),
      }),
    }),
  }),
  firehydrant: z.strictObject({
    summary: Text,
    description: Text.optional(),
    external_id: Text.optional(),
    starts_at: Iso.optional(),
    ends_at: Iso.optional(),
    labels: z.record(z.string(), Text).optional(),
    change_identities: z.array(z.strictObject({ type: Text, value: Text })).optional(),
    attachments: z
      .array(z.strictObject({ type: z.literal('link'), href_url: z.url(), display_text: Text.optional() }))
      .optional(),
    authors: z.array(z.strictObject({ source: Text, source_id: Text, name: Text })).optional(),
  }),
  slack: z.strictObject({
    text: Text.max(40_000),
    blocks: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({
            type: z.literal('section'),
            text: z.strictObject({ type: z.literal('mrkdwn'), verbatim: z.literal(true), text: Text.max(3000) }),
          }),
          z.strictObject({
            type: z.literal('context'),
            elements: z
              .array(z.strictObject({ type: z.literal('mrkdwn'), verbatim: z.literal(true), text: Text.max(3000) }))
              .min(1)
              .max(10),
          }),
        ]),
      )
      .max(50)
      .optional(),
  }),
} as const;

const JiraText = z.string().min(1).max(255);
const JiraLink = z.url().max(2_000);

/** POST /bulk of Jira's deployments API: its published schema, and the rules of its texts. No other field. */
export const JiraSubmission = z.strictObject({
  deployments: z
    .array(
      z.strictObject({
        schemaVersion: z.literal('1.0').optional(),
        deploymentSequenceNumber: z.int().positive(),
        updateSequenceNumber: z.int().positive(),
        associations: z
          .array(
            z.strictObject({
              associationType: z.enum(['issueKeys', 'issueIdOrKeys']),
              values: z.array(Text).min(1).max(500),
            }),
          )
          .min(1),
        displayName: JiraText,
        url: JiraLink,
        description: JiraText,
        lastUpdated: z.iso.datetime(),
        label: JiraText.optional(),
        state: z.enum(['unknown', 'pending', 'in_progress', 'cancelled', 'failed', 'rolled_back', 'successful']),
        pipeline: z.strictObject({ id: JiraText, displayName: JiraText, url: JiraLink }),
        environment: z.strictObject({
          id: JiraText,
          displayName: JiraText,
          type: z.enum(['unmapped', 'development', 'testing', 'staging', 'production']),
        }),
      }),
    )
    .min(1),
  providerMetadata: z.strictObject({ product: Text }).optional(),
});
export type JiraSubmission = z.infer<typeof JiraSubmission>;
