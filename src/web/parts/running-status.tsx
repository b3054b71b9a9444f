import type { RunningStatus } from '../../domain/running.ts';
import { runsSinceMs } from '../../domain/timeline-entry.ts';
import { deploymentPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';
import { When } from './time.tsx';

/** Whether a deployment that succeeded still runs, was rolled back, or was superseded by another one. */
export function RunningStatusNote({ of, now }: { of: RunningStatus | undefined; now: Date }): Html {
  if (!of) return <></>;
  if (!of.next) return <span class="badge current">current here</span>;
  const { key, atMs, changeType, actor, revision } = of.next;
  const at = new Date(runsSinceMs(of.next) ?? atMs).toISOString();
  if (changeType !== 'rollback') {
    return (
      <span class="mute running-status">
        superseded by <a href={deploymentPath(key)}>{revision ?? 'another'}</a>
      </span>
    );
  }
  return (
    <span class="running-status undone">
      <a href={deploymentPath(key)}>rolled back{actor !== undefined && ` by ${actor}`}</a> <When at={at} now={now} />
    </span>
  );
}
