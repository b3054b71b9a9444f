import type { Deployment } from '../../domain/deployment.ts';
import { driftOf, type Slot } from '../../domain/running.ts';
import { isStale } from '../../domain/stale.ts';
import { runsSinceMs, type TimelineEntry } from '../../domain/timeline-entry.ts';
import { compareOf } from '../../http/running.ts';
import { deploymentPath } from '../../values/own-page.ts';
import { plural } from '../../values/plural.ts';
import type { Html } from '../html.ts';
import { StateBadge } from './deployment-labels.tsx';
import { firstLine } from './labels.tsx';
import { Link } from './link.tsx';
import { When } from './time.tsx';

export interface SlotCellView {
  /** The environment. */
  readonly name: string;
  /** Absent: the service was never deployed there. */
  readonly slot: Slot | undefined;
  /** All slots of the service. */
  readonly own: readonly Slot[];
  readonly byKey: ReadonlyMap<string, Deployment>;
  readonly now: Date;
}

/** What runs there, since when, by whom; later attempts; how far it is from production. */
export function SlotCell({ name, slot, own, byKey, now }: SlotCellView): Html {
  if (!slot) return <td class="none" data-label={name} />;
  const { current, attempt } = slot;
  return (
    <td class={attempt?.state ?? (current?.state === 'failed' ? 'failed' : undefined)} data-label={name}>
      {current ? (
        <>
          <a href={deploymentPath(current.key)}>
            <Version of={current} deployment={byKey.get(current.key)} />
          </a>{' '}
          <Drifted {...{ slot, own, byKey }} />
          {current.state === 'failed' && <StateBadge state="failed" />}
          <div class="mute">
            <When at={sinceOf(current)} now={now} />
            {current.actor !== undefined && [' by ', <bdi>{current.actor}</bdi>]}
          </div>
        </>
      ) : (
        <span class="mute">nothing succeeded yet</span>
      )}
      {attempt && <Attempt of={attempt} isStale={isStale(byKey.get(attempt.key) ?? {}, now)} now={now} />}
    </td>
  );
}

/** Where no tool said a version, what it said of the deployment. */
const Version = ({ of, deployment }: { of: TimelineEntry; deployment: Deployment | undefined }): Html =>
  of.revision === undefined ? (
    <bdi>{firstLine(deployment?.summary) ?? 'no version named'}</bdi>
  ) : (
    <code>{of.revision}</code>
  );

const sinceOf = (entry: TimelineEntry): string => new Date(runsSinceMs(entry) ?? entry.atMs).toISOString();
const timeOf = ({ atMs }: TimelineEntry): string => new Date(atMs).toISOString();

const Attempt = ({ of, isStale, now }: { of: TimelineEntry; isStale: boolean; now: Date }): Html => (
  <div class="attempt">
    <a href={deploymentPath(of.key)}>
      <StateBadge state={of.state} />
    </a>{' '}
    {isStale && [<span class="badge stale">stale</span>, ' ']}
    <span class="mute">
      {of.revision !== undefined && [<code>{of.revision}</code>, ' ']}
      <When at={timeOf(of)} now={now} />
    </span>
  </div>
);

const WORDS = { ahead: 'ahead of', behind: 'behind' } as const;

function Drifted({ slot, own, byKey }: Pick<SlotCellView, 'own' | 'byKey'> & { slot: Slot }): Html {
  const drift = driftOf(slot, own);
  if (!drift || drift.which === 'same') return <></>;
  const { from, which, deployments = 0 } = drift;
  const label =
    which === 'unknown'
      ? `differs from ${from.environment.name}`
      : `${plural(deployments, 'deployment')} ${WORDS[which]} ${from.environment.name}`;
  const compare = compareOf(byKey.get(slot.current?.key ?? ''), byKey.get(from.current?.key ?? ''));
  return (
    <span class="drift">
      {label}
      {compare !== undefined && [' (', <Link to={compare}>compare</Link>, ')']}
    </span>
  );
}
