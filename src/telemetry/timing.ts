import type { ChangeEvent } from '../change-event.ts';
import type { Forwarded } from '../forward.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/deployments.ts';
import type { Metrics } from './metrics.ts';

type Record = (event: ChangeEvent) => Promise<void>;
type Forward = (sink: Sink, deployment: string) => Promise<Forwarded>;

/** From the receipt of a webhook until all that it says is in the change log. One that is replayed came long ago: it says nothing about us. */
export function timeRecording(record: Record, metrics: Metrics, clock: () => Date): Record {
  return async (event) => {
    await record(event);
    const received = event.records[0]?.receivedAt;
    if (received && event.replayedAtMs === undefined) metrics.recorded(event.source, secondsSince(received, clock));
  };
}

/** From the receipt of the webhook that decided the state until the sink has taken it, waiting and retries included. */
export function timeDelivery(
  forward: Forward,
  { deployments, metrics, clock }: { deployments: Deployments; metrics: Metrics; clock: () => Date },
): Forward {
  return async (sink, key) => {
    const outcome = await forward(sink, key);
    if (outcome === 'delivered') {
      const received = await decidedAt(deployments, key).catch(() => undefined); // a figure less; the delivery stands
      if (received) metrics.delivered(sink.name, secondsSince(received, clock));
    }
    return outcome;
  };
}

async function decidedAt(deployments: Deployments, key: string): Promise<string | undefined> {
  const [view, records] = await Promise.all([deployments.get(key), deployments.records(key)]);
  return records.find(({ id }) => id === view?.deployment.decidedBy)?.receivedAt;
}

const secondsSince = (iso: string, clock: () => Date) => Math.max(0, (clock().getTime() - Date.parse(iso)) / 1000);
