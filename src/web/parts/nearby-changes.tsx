import { entryKey } from '../../domain/entry-service.ts';
import { serviceDigest } from '../../domain/service.ts';
import type { TimelineEntry } from '../../domain/timeline-entry.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import { deploymentPath } from '../../values/own-page.ts';
import { HOUR_MS } from '../../values/units.ts';
import type { Html } from '../html.ts';
import { StateBadge } from './deployment-labels.tsx';
import { When } from './time.tsx';

const SHOWN = 20; // the page counts the others

/** What happened around a deployment. */
export interface NearbyChanges {
  /** Its neighbours in the same service and environment, whatever their state. */
  readonly previous: TimelineEntry | undefined;
  readonly next: TimelineEntry | undefined;
  /** In the hour before, anywhere, the newest first; the same service first. */
  readonly hour: readonly TimelineEntry[];
  readonly others: number;
}

export async function readNearbyChanges(
  deployments: Pick<Deployments, 'timeline' | 'beside'>,
  view: Parameters<Deployments['beside']>[0],
): Promise<NearbyChanges> {
  const { key, service, occurredAt } = view.deployment;
  const at = Date.parse(occurredAt);
  const [{ previous, next }, hour] = await Promise.all([
    deployments.beside(view),
    deployments.timeline({ facets: {}, sinceMs: at - HOUR_MS, untilMs: at }),
  ]);
  const entries = hour.map((entry) => entry.entry()).filter((entry) => entry.key !== key);
  const identity = serviceDigest(view.deployment);
  const isOwn = (entry: TimelineEntry) => entryKey(entry) === (entry.identity ? identity : entryKey({ service }));
  const own = entries.filter(isOwn);
  const rest = entries.filter((entry) => !isOwn(entry));
  return {
    previous,
    next,
    hour: [...own, ...rest].slice(0, SHOWN),
    others: Math.max(0, entries.length - SHOWN),
  };
}

export function Neighbours({ of: { previous, next } }: { of: NearbyChanges }): Html {
  if (!previous && !next) return <></>;
  return (
    <nav class="neighbours" aria-label="In this service and environment">
      {previous && (
        <a rel="prev" href={deploymentPath(previous.key)}>
          ← the one before
        </a>
      )}{' '}
      {next && (
        <a rel="next" href={deploymentPath(next.key)}>
          the next one →
        </a>
      )}{' '}
      <span class="mute">of this service in this environment</span>
    </nav>
  );
}

export function HourBefore({ of: { hour, others }, now }: { of: NearbyChanges; now: Date }): Html {
  if (hour.length === 0) return <p class="mute">Nothing else changed in the hour before.</p>;
  return (
    <>
      <ul class="rows">
        {hour.map((entry) => (
          <li>
            <StateBadge state={entry.state} />{' '}
            <a href={deploymentPath(entry.key)}>
              <bdi>{entry.service}</bdi>
              {entry.revision !== undefined && [' ', <code>{entry.revision}</code>]}
            </a>{' '}
            <span class="mute">
              <bdi>{entry.environment.name}</bdi>
              {entry.actor !== undefined && [' · ', <bdi>{entry.actor}</bdi>]} ·
            </span>{' '}
            <When at={new Date(entry.atMs).toISOString()} now={now} />
          </li>
        ))}
      </ul>
      {others > 0 && <p class="mute">and {others} more</p>}
    </>
  );
}
