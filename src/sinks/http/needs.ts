import type { Deployment } from '../../domain/deployment.ts';
import { escapeFor } from '../../templates/modifiers.ts';
import { fullSha } from '../../values/sha.ts';

/** Values without which a destination refuses a deployment. */
export type Requirement = 'full_commit' | 'repository_url' | 'version' | 'quotable_service';

const NEEDS: Readonly<Record<Requirement, { readonly what: string; isKnown(deployment: Deployment): boolean }>> = {
  full_commit: {
    what: 'no full commit is known for it (yet)',
    isKnown: ({ commit }) => fullSha(commit?.sha) !== undefined,
  },
  repository_url: { what: 'no repository is known for it', isKnown: ({ repository }) => Boolean(repository?.url) },
  quotable_service: {
    what: 'no service is known for it that can be searched by name (one without quotation marks)',
    isKnown: ({ service }) =>
      service.trim() !== '' && service !== 'unknown' && escapeFor('quotes', service) !== undefined,
  },
  version: {
    what: 'neither a commit nor a tag, branch or artifact is known for it',
    isKnown: ({ commit, ref, artifacts }) => Boolean(commit?.sha || ref || artifacts?.[0]),
  },
};

/** Why a deployment does not concern a destination: a configuration change without a commit is nobody's fault. */
export function whyNotApplicable(
  name: string,
  needs: readonly Requirement[],
  deployment: Deployment,
): string | undefined {
  const missing = needs.find((need) => !NEEDS[need].isKnown(deployment));
  return missing && `not applicable: ${NEEDS[missing].what}, and ${name} takes no deployment without one`;
}
