import { toDeadLetterFilter } from '../../domain/dead-letter-filter.ts';
import type { DeadLetters as DeadLetterStore } from '../../queue/dead-letters.ts';
import { type Backlog, forwardQueueName, RECORD_QUEUE } from '../../queue/queues.ts';
import type { Hold } from '../../queue/sink-gate.ts';
import type { Sink } from '../../sinks/sink.ts';
import { DeadLetterQuery, deliveriesPath } from '../dead-letter-query.ts';
import { type Recent, TRAFFIC_MINUTES, type Traffic } from '../deliveries-traffic.ts';
import type { Html } from '../html.ts';
import type { Viewer } from '../parts/action-form.tsx';
import { DeadLetters, findSubjects, listedLetters } from '../parts/dead-letters.tsx';
import { DestinationWords } from '../parts/destination-labels.tsx';
import { DoneNote } from '../parts/done.tsx';
import { Fields, Heading, Section } from '../parts/layout.tsx';
import type { NamedDeployments } from '../parts/named-deployments.tsx';
import { Moment, span } from '../parts/time.tsx';

/** From here on a destination is marked as slow, or late: somebody should look. */
const SLOW_MS = 2_000;
const LATE_MS = 60_000;

export interface DeliveriesParts {
  readonly sinks: readonly Sink[];
  readonly backlog: () => Promise<Readonly<Record<string, Backlog>>>;
  readonly holds: () => Readonly<Record<string, Hold>>;
  readonly failures: () => Readonly<Record<string, string>>;
  readonly traffic: Pick<Traffic, 'of'>;
  readonly deadLetters: Pick<DeadLetterStore, 'newest' | 'of'>;
  readonly deployments: NamedDeployments;
}

export interface DeliveriesView {
  readonly asked: unknown;
  readonly who: Viewer;
  readonly now: Date;
}

/** What is waiting, what is blocked and why, and what was given up. */
export async function deliveriesPage(parts: DeliveriesParts, { asked, who, now }: DeliveriesView): Promise<Html> {
  const parsed = DeadLetterQuery.safeParse(asked);
  const query = parsed.success ? parsed.data : {};
  const [backlog, found] = await Promise.all([
    parts.backlog(),
    parts.deadLetters.newest(toDeadLetterFilter({ ...query, kind: undefined }, now)),
  ]);
  const named = await findSubjects(listedLetters(found.letters, query), parts.deployments);
  const holds = parts.holds();
  const failures = parts.failures();
  const sinks = parts.sinks.map(({ name, type, ratePerMinute }) => ({
    name,
    type,
    ratePerMinute,
    ...sinkHealth({
      hold: holds[name],
      failure: failures[name],
      backlog: backlog[forwardQueueName(name)],
      recent: parts.traffic.of(name),
      now,
    }),
  }));
  return (
    <>
      <Heading aside={<a href={deliveriesPath(query)}>refresh</a>}>Deliveries</Heading>
      <DoneNote asked={asked} />
      <div class="cards sinks">
        {sinks.map((sink) => (
          <SinkStand {...sink} now={now} />
        ))}
        <RecordingStand backlog={backlog[RECORD_QUEUE]} now={now} />
      </div>
      {sinks.length === 0 && (
        <p class="empty">No sink is configured: changes are recorded here and delivered to no sink.</p>
      )}
      <Section title="Dead letters">
        <DeadLetters {...{ ...found, query, who, now, named, sinks: parts.sinks.map(({ name }) => name) }} />
      </Section>
    </>
  );
}

interface SinkHealth {
  readonly state: 'healthy' | 'slow' | 'refusing' | 'failing' | 'paused';
  readonly hold: Hold | undefined;
  /** Why the last attempt failed. */
  readonly failure: string | undefined;
  readonly backlog: Backlog | undefined;
  readonly recent: Recent;
}

/**
 * Paused: the whole sink is on hold. Failing: the last attempt failed and is made again. Refusing: some deliveries were
 * given up. Slow: it answers late, or its deliveries come late.
 */
export function sinkHealth({
  hold,
  failure,
  backlog,
  recent,
  now,
}: Omit<SinkHealth, 'state'> & { readonly now: Date }): SinkHealth {
  const isLate = backlog?.oldestAt !== undefined && now.getTime() - backlog.oldestAt > LATE_MS;
  const isSlow = isLate || (recent.meanMs ?? 0) > SLOW_MS;
  const isRefusing = (backlog?.dead ?? 0) > 0;
  const late = isRefusing ? 'refusing' : isSlow ? 'slow' : 'healthy';
  return { state: hold ? 'paused' : failure === undefined ? late : 'failing', hold, failure, backlog, recent };
}

const LOOKS = {
  healthy: 'succeeded',
  slow: 'running',
  refusing: 'failed',
  failing: 'failed',
  paused: 'failed',
} as const;

interface SinkStandView extends SinkHealth {
  readonly name: string;
  readonly type: string;
  readonly ratePerMinute: number | undefined;
  readonly now: Date;
}

const SinkStand = ({ name, type, ratePerMinute, state, hold, failure, backlog, recent, now }: SinkStandView): Html => (
  <article class="card">
    <h2>
      <span>
        {name}
        {type !== name && [' ', <span class="mute">{type}</span>]}
      </span>{' '}
      <span class={`badge ${LOOKS[state]}`}>{state}</span>
    </h2>
    {hold && (
      <p class="complaint">
        Waits until <Moment at={hold.until.toISOString()} />, then tries again: {hold.why}
      </p>
    )}
    {!hold && failure !== undefined && (
      <p class="complaint">
        The last attempt failed; it is made again: <DestinationWords>{failure}</DestinationWords>
      </p>
    )}
    <Fields
      of={[
        ['Waiting', waiting(backlog, now)],
        [`Last ${TRAFFIC_MINUTES} min`, rate(recent)],
        ['Limit', ratePerMinute && `${ratePerMinute.toLocaleString('en')} a minute`],
        ['Dead letters', <DeadCount backlog={backlog} sink={name} />],
      ]}
    />
  </article>
);

/** Before the sinks: webhooks that are not recorded yet. */
const RecordingStand = ({ backlog, now }: { backlog: Backlog | undefined; now: Date }): Html => (
  <article class="card">
    <h2>
      <span>
        recording <span class="mute">in Shiplog itself</span>
      </span>
    </h2>
    <Fields
      of={[
        ['Waiting', waiting(backlog, now)],
        ['Dead letters', <DeadCount backlog={backlog} sink={RECORD_QUEUE} />],
      ]}
    />
  </article>
);

function waiting(backlog: Backlog | undefined, now: Date): string {
  if (backlog?.oldestAt === undefined) return `${backlog?.waiting ?? 0}`;
  const age = span(Math.max(0, now.getTime() - backlog.oldestAt));
  return `${backlog.waiting.toLocaleString('en')}, the oldest for ${age}`;
}

function rate({ delivered, failed, meanMs }: Recent): string {
  if (meanMs === undefined) return 'no attempt';
  const each = meanMs < 1000 ? `${Math.round(meanMs)} ms` : `${(meanMs / 1000).toFixed(1)} s`;
  return `${delivered.toLocaleString('en')} delivered, ${failed.toLocaleString('en')} failed, ${each} each`;
}

const DeadCount = ({ backlog, sink }: { backlog: Backlog | undefined; sink: string }): Html =>
  backlog?.dead ? (
    <a class="danger" href={deliveriesPath({ sink })}>
      {backlog.dead.toLocaleString('en')}
    </a>
  ) : (
    <>0</>
  );
