import type { ChangeType } from '../../domain/change-record.ts';

/** The kind of a release. Absent `type`: nothing that runs was changed. */
export type ReleaseKind = { readonly type: ChangeType; readonly note?: string } | { readonly type?: undefined };

/**
 * Heroku describes a release only in sentences of its own: "Deploy 4f0c9e1d", "Rollback to v12", "Set LAMP, HORN config
 * vars", "Attach DATABASE (@ref:…)", "Promote lighthouse-staging v12", "Initial release".
 */
const KINDS: readonly (readonly [RegExp, ReleaseKind])[] = [
  [/^Rollback to /i, { type: 'rollback' }],
  [/ config vars?$|^(?:Set|Unset|Remove|Update) .+ config vars? by /i, { type: 'config_change' }],
  [/^(?:Attach|Detach|Add|Remove|Update|Upgrade) /i, { type: 'config_change' }],
  [/^(?:Initial release$|Enable Logplex$)/i, {}],
  [/^(?:Deploy|Deployed|Promote|Release|Build) /i, { type: 'deployment' }],
];

/** `hasCode`: the release names a slug. A container release does not, and says "Deployed web (…)". */
export function kindOf(description: string | undefined, hasCode: boolean): ReleaseKind {
  const kind = KINDS.find(([pattern]) => pattern.test(description ?? ''))?.[1];
  if (kind) return kind;
  if (hasCode) return { type: 'deployment' };
  return { type: 'other', note: 'the description is none that is known, and no code is named: the type is "other"' };
}
