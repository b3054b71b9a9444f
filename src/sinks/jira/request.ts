import type { State, Tier } from '../../domain/change-record.ts';
import { type Deployment, RANK } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { headline } from '../../domain/summary.ts';
import { knownTier } from '../../domain/tier.ts';
import { cutText } from '../../values/graphemes.ts';
import { shortSha } from '../../values/sha.ts';
import { shorten } from '../../values/text.ts';
import { uriOf } from '../../values/url.ts';
import type { Identity } from './identity.ts';
import { type EnvironmentType, type JiraState, NAME_LIMIT, type Submission, URL_LIMIT } from './schema.ts';

/**
 * Jira's `rolled_back` is a deployment that is no longer in place, which no tool reports. One that rolls back is itself
 * in place, and its name says so.
 */
const STATES: Readonly<Record<State, JiraState>> = {
  pending: 'pending',
  running: 'in_progress',
  succeeded: 'successful',
  failed: 'failed',
  canceled: 'cancelled',
};

const TYPES: Readonly<Record<Tier, EnvironmentType>> = {
  production: 'production',
  staging: 'staging',
  testing: 'testing',
  development: 'development',
  other: 'unmapped',
};

/** More than any time in milliseconds. */
const RANK_STEP = 10_000_000_000_000;
/** Of two ends at the same time, the one that came after the other. */
const ORDER: Readonly<Record<State, number>> = { pending: 0, running: 0, canceled: 0, succeeded: 1, failed: 2 };

/**
 * Jira takes an update only with a higher number. States only move forward, and between two ends the later moment wins
 * (transition() in domain/deployment.ts); a retry has the same number. At most 9 * 10^13: exact as a number.
 */
const updateNumber = ({ state, occurredAt }: Deployment): number =>
  (RANK[state] * RANK_STEP + Date.parse(occurredAt)) * 3 + ORDER[state];

interface Facts {
  readonly identity: Identity;
  readonly issueKeys: readonly string[];
  readonly pageUrl: string | undefined;
}

/** @throws DeliveryFailed where no link is known, without which Jira takes no deployment */
export function toSubmission(deployment: Deployment, { identity, issueKeys, pageUrl }: Facts): Submission {
  const { environment, repository, service, state, occurredAt } = deployment;
  const url = linkOf(deployment, pageUrl);
  const label = labelOf(deployment);
  return {
    deployments: [
      {
        schemaVersion: '1.0',
        deploymentSequenceNumber: identity.sequence,
        updateSequenceNumber: updateNumber(deployment),
        associations: [{ associationType: 'issueIdOrKeys', values: issueKeys }],
        displayName: name(headline(deployment)),
        url,
        description: describe(deployment),
        lastUpdated: occurredAt,
        ...(label && { label: name(label) }),
        state: STATES[state],
        pipeline: {
          id: identity.pipeline,
          displayName: name(service),
          url: firstLink([repository?.url]) ?? url,
        },
        environment: {
          id: identity.environment,
          displayName: name(environment.name),
          type: TYPES[knownTier(environment) ?? 'other'],
        },
      },
    ],
    providerMetadata: { product: 'Shiplog' },
  };
}

/** The limit is in UTF-16 units; no character is broken. */
const name = (text: string, limit = NAME_LIMIT): string => shorten(cutText(text.trim(), limit), limit);

function describe(deployment: Deployment): string {
  const { commit, description, owner } = deployment;
  const what = commit?.title ?? description ?? headline(deployment);
  const team = owner === undefined ? '' : ` (team ${name(owner.team, NAME_LIMIT / 2)})`;
  return `${name(what, NAME_LIMIT - team.length)}${team}`;
}

function labelOf({ tag, ref, commit, artifacts }: Deployment): string | undefined {
  if (tag && ref) return ref;
  return commit?.sha ? shortSha(commit.sha) : artifacts[0];
}

function linkOf(deployment: Deployment, pageUrl: string | undefined): string {
  const { pipelineUrl, jobUrl, pullRequest, commit, environment, repository } = deployment;
  const known = [pipelineUrl, jobUrl, pageUrl, pullRequest?.url, commit?.url, environment.url, repository?.url];
  const link = firstLink(known);
  if (link !== undefined) return link;
  throw new DeliveryFailed(
    `Jira takes no deployment without a link, and none is known of ${deployment.key}: set public_url, so that ` +
      'Shiplog can name its own page; then replay',
    { retry: 'never' },
  );
}

const firstLink = (links: readonly (string | undefined)[]): string | undefined =>
  links.map(uriOf).find((link) => link !== undefined && link.length <= URL_LIMIT);
