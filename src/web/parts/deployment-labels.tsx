import type { ChangeType, RiskLevel, State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { shortSha } from '../../values/sha.ts';
import type { Html } from '../html.ts';
import { Link } from './link.tsx';

const SIGNS: Readonly<Record<State, string>> = {
  pending: '◌',
  running: '●',
  succeeded: '✓',
  failed: '✕',
  canceled: '–',
};

export const StateBadge = ({ state }: { state: State }): Html => (
  <span class={`badge ${state}`}>
    <span aria-hidden="true">{SIGNS[state]}</span> {state}
  </span>
);

/** Nothing for a plain deployment: the usual case needs no label. */
export function TypeBadge({ type }: { type: ChangeType }): Html {
  if (type === 'deployment') return <></>;
  if (type !== 'rollback') return <span class="badge other">{type.replaceAll('_', ' ')}</span>;
  return (
    <span class="badge rollback">
      <span aria-hidden="true">↩</span> roll-back
    </span>
  );
}

/** Nothing for the usual risk. */
export const RiskBadge = ({ level }: { level: RiskLevel | undefined }): Html =>
  level === 'high' || level === 'critical' ? <span class="badge risk">{level} risk</span> : <></>;

/** Branch or tag, and the sha as a link to the commit. */
export function Revision({ of: { ref, tag, commit, artifacts } }: { of: Deployment }): Html {
  if (!commit?.sha && !ref) return artifacts[0] === undefined ? <></> : <code>{artifacts[0]}</code>;
  return (
    <>
      {ref && (
        <span class="ref">
          {tag && 'tag '}
          <bdi>{ref}</bdi>
        </span>
      )}{' '}
      {commit?.sha && (
        <code>
          <Link to={commit.url}>{shortSha(commit.sha)}</Link>
        </code>
      )}
    </>
  );
}
