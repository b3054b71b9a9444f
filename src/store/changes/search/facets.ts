import type { Deployment } from '../../../domain/deployment.ts';
import { swimlaneOf } from '../../../domain/swimlane.ts';
import { knownTier } from '../../../domain/tier.ts';
import { MIN_SHA_CHARS, SHA_OR_PREFIX } from '../../../values/sha.ts';
import { keys } from '../../keys.ts';

/** What the change log can be filtered by. Each value has an index of its own, by time. */
export const FACETS = [
  'environment',
  'service',
  'source',
  'status',
  'branch',
  'commit',
  'person',
  'tier',
  'type',
  'risk',
  'tag',
  'instance',
] as const;
export type Facet = (typeof FACETS)[number];

/** One line: the indexes of a deployment are stored as lines. */
export const facetKey = (facet: Facet, value: string) => keys.facet(facet, value.toLowerCase().replaceAll('\n', ' '));

/** Each is an index to write. */
const MAX_TAGS = 20;

/** The indexes of a deployment. */
export function indexesOf(deployment: Deployment): string[] {
  const values: Record<Facet, readonly (string | undefined)[]> = {
    environment: [deployment.environment.name, swimlaneOf(deployment.environment)],
    service: [deployment.service, deployment.serviceId],
    source: [deployment.source, deployment.reportedSource],
    status: [deployment.state],
    branch: [deployment.ref],
    commit: shasOf(deployment).map((sha) => sha.slice(0, MIN_SHA_CHARS)),
    person: [deployment.actor, deployment.commit?.author],
    tier: [knownTier(deployment.environment)],
    type: [deployment.changeType],
    risk: [deployment.riskLevel],
    tag: deployment.tags.slice(0, MAX_TAGS),
    // The configured source: a token of one source may read only what it reported.
    instance: [deployment.instance],
  };
  const named = FACETS.flatMap((facet) =>
    values[facet].filter((value) => value !== undefined).map((value) => facetKey(facet, value)),
  );
  return [keys.changes(), ...new Set(named)];
}

/** The application's commit, and with GitOps that of the manifests. */
export const shasOf = ({ commit, manifests }: Deployment): string[] =>
  [commit?.sha, manifests?.revision].flatMap((sha) => (sha && SHA_OR_PREFIX.test(sha) ? [sha.toLowerCase()] : []));
