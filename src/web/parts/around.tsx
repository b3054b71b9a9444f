import type { Deployment } from '../../domain/deployment.ts';
import type { Mark } from '../../domain/mark.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { Html } from '../html.ts';
import { deploymentPath, StateBadge } from './deployment-words.tsx';
import { When } from './time.tsx';

const HOUR_MS = 3_600_000;
const SHOWN = 20;

/** What happened around a deployment. */
export interface Around {
  /** The nearest in the same service and environment, whatever became of them. */
  readonly previous: Mark | undefined;
  readonly next: Mark | undefined;
  /** In the hour before, anywhere, the newest first; the same service first. */
  readonly hour: readonly Mark[];
  readonly others: number;
}

export async function readAround(deployments: Pick<Deployments, 'timeline'>, deployment: Deployment): Promise<Around> {
  const { key, service, environment, occurredAt } = deployment;
  const at = Date.parse(occurredAt);
  const facets = { service, environment: environment.name };
  const [before, after, hour] = await Promise.all([
    deployments.timeline({ facets, untilMs: at }, 2),
    deployments.timeline({ facets, sinceMs: at }),
    deployments.timeline({ facets: {}, sinceMs: at - HOUR_MS, untilMs: at }),
  ]);
  const isOther = (mark: Mark | undefined) => mark !== undefined && mark.key !== key;
  const marks = hour.map((dot) => dot.mark()).filter(isOther);
  const own = marks.filter((mark) => mark.service === service);
  const rest = marks.filter((mark) => mark.service !== service);
  const previous = before.map((dot) => dot.mark()).find(isOther);
  return {
    previous,
    next: after
      .slice(-2)
      .toReversed()
      .map((dot) => dot.mark())
      .find((mark) => isOther(mark) && mark.key !== previous?.key),
    hour: [...own, ...rest].slice(0, SHOWN),
    others: Math.max(0, marks.length - SHOWN),
  };
}

export const Neighbours = ({ of: { previous, next } }: { of: Around }): Html => (
  <nav class="pager" aria-label="In this service and environment">
    {previous && (
      <a rel="prev" href={deploymentPath(previous.key)}>
        ← the one before
      </a>
    )}{' '}
    {next && (
      <a rel="next" href={deploymentPath(next.key)}>
        the next one →
      </a>
    )}
  </nav>
);

export function HourBefore({ of: { hour, others }, now }: { of: Around; now: Date }): Html {
  if (hour.length === 0) return <p class="mute">Nothing else changed in the hour before.</p>;
  return (
    <>
      <ul class="plain">
        {hour.map((mark) => (
          <li>
            <When at={new Date(mark.atMs).toISOString()} now={now} /> <StateBadge state={mark.state} />{' '}
            <a href={deploymentPath(mark.key)}>
              <bdi>{mark.service}</bdi> {mark.revision !== undefined && <code>{mark.revision}</code>}
            </a>{' '}
            <span class="mute">
              <bdi>{mark.environment.name}</bdi> {mark.actor !== undefined && <bdi>{mark.actor}</bdi>}
            </span>
          </li>
        ))}
      </ul>
      {others > 0 && <p class="mute">and {others} more</p>}
    </>
  );
}
