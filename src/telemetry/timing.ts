import type { ChangeEvent } from '../domain/change-event.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Metrics } from './metrics.ts';

type Record = (event: ChangeEvent) => Promise<void>;

/**
 * From the receipt of a webhook until all its records are in the change log. A replayed webhook is not measured: it
 * came long ago.
 */
export function timeRecording(record: Record, metrics: Metrics, clock: () => Date): Record {
  return async (event) => {
    await record(event);
    const received = event.records[0]?.receivedAt;
    if (received && event.replayedAtMs === undefined) metrics.recorded(event.source, secondsSince(received, clock));
  };
}

/**
 * From the receipt of the webhook that decided the state until the sink has accepted it, waiting and retries included.
 */
export const timeDelivery =
  (metrics: Metrics, clock: () => Date) =>
  ({ name }: Sink, { heardAt }: DeploymentView): void =>
    metrics.delivered(name, secondsSince(heardAt, clock));

const secondsSince = (iso: string, clock: () => Date) => Math.max(0, (clock().getTime() - Date.parse(iso)) / 1000);
