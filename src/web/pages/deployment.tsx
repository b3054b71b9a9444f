import type { ChangeRecord } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import type { OriginParts } from '../../domain/origins.ts';
import type { RoutingResult } from '../../domain/rules/routing.ts';
import type { RunningStatus } from '../../domain/running.ts';
import { isStale } from '../../domain/stale.ts';
import { summarize } from '../../domain/summary.ts';
import type { DeploymentView as StoredView } from '../../domain/view.ts';
import type { DeadLetters } from '../../queue/dead-letters.ts';
import type { Hold } from '../../queue/sink-gate.ts';
import type { Sink } from '../../sinks/sink.ts';
import type { Source } from '../../sources/source.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { Running } from '../../store/changes/timeline/running.ts';
import type { Ledger } from '../../store/deliveries/ledger.ts';
import type { InboxEntry } from '../../store/inbox/entry.ts';
import type { Inbox } from '../../store/inbox/inbox.ts';
import { deploymentPath } from '../../values/own-page.ts';
import { hideSecrets, MASKED, mayHoldSecret } from '../../values/secret-shapes.ts';
import type { Html } from '../html.ts';
import { ActionForm, type Viewer } from '../parts/action-form.tsx';
import { What, WhenAndWho } from '../parts/deployment-facts.tsx';
import { StateBadge, TypeBadge } from '../parts/deployment-labels.tsx';
import { Origins, Signals } from '../parts/deployment-signals.tsx';
import { DoneNote } from '../parts/done.tsx';
import { Title } from '../parts/labels.tsx';
import { Heading, Section } from '../parts/layout.tsx';
import { HourBefore, type NearbyChanges, Neighbours, readNearbyChanges } from '../parts/nearby-changes.tsx';
import { RunningStatusNote } from '../parts/running-status.tsx';
import { SinkCard, type SinkKnowledge } from '../parts/sink-card.tsx';
import { Moment, span, When } from '../parts/time.tsx';

export interface DeploymentParts extends OriginParts {
  readonly deployments: Deployments;
  /** Deployments that may be the same one, which is not certain: their keys. */
  readonly related: (deployment: Deployment) => Promise<readonly string[]>;
  readonly running: Running;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly sources: readonly Source[];
  readonly sinks: readonly Sink[];
  readonly holds: () => Readonly<Record<string, Hold>>;
  readonly deadLetters: Pick<DeadLetters, 'of'>;
}

export interface DeploymentView {
  /** Deployment key or alias. */
  readonly name: string;
  readonly asked: unknown;
  readonly who: Viewer;
  readonly now: Date;
}

/** All details of one deployment. */
export async function deploymentPage(parts: DeploymentParts, view: DeploymentView): Promise<Html | undefined> {
  const routed = (await parts.deployments.get(view.name)) ?? (await findShown(parts, view.name));
  if (!routed) return undefined;
  const { deployment } = routed;
  const records = await parts.deployments.records(deployment.key);
  const reading = Promise.all([
    parts.inbox.entries([...new Set(records.flatMap(({ webhook }) => webhook ?? []))]),
    deliveriesOf(parts, deployment, records),
    readNearbyChanges(parts.deployments, routed),
    parts.related(deployment).then(parts.deployments.many),
  ]);
  const [[entries, deliveries, around, related], statusOf] = await Promise.all([
    reading,
    parts.running.statusOf(reading),
  ]);
  const runningStatus = statusOf(deployment);
  return (
    <DeploymentBody {...{ ...view, routed, records, entries, deliveries, around, related, runningStatus, parts }} />
  );
}

/** By its key as it is shown: without the secret that an earlier bridge left in it. */
async function findShown({ deployments }: DeploymentParts, shown: string): Promise<StoredView | undefined> {
  if (!shown.includes(MASKED) && !shown.includes('://')) return undefined;
  const entries = await deployments.timeline({ facets: {} });
  const keys = entries.map((lazy) => lazy.entry().key);
  const key = keys.find((one) => mayHoldSecret(one) && hideSecrets(one) === shown);
  return key === undefined ? undefined : deployments.get(key);
}

interface Body extends DeploymentView {
  readonly routed: RoutingResult;
  readonly records: readonly ChangeRecord[];
  readonly entries: readonly (InboxEntry | undefined)[];
  readonly deliveries: readonly SinkKnowledge[];
  readonly around: NearbyChanges;
  readonly related: readonly Deployment[];
  readonly runningStatus: RunningStatus | undefined;
  readonly parts: DeploymentParts;
}

function DeploymentBody(body: Body): Html {
  const { routed, records, around, parts, now } = body;
  const { deployment } = routed;
  return (
    <>
      <Standing {...body} />
      <Steps records={records} />
      <div class="columns">
        <Section title="What">
          <What deployment={deployment} />
        </Section>
        <Section title="When and who">
          <WhenAndWho deployment={deployment} now={now} />
        </Section>
      </div>
      <Section title="What else changed in the hour before">
        <HourBefore of={around} now={now} />
      </Section>
      <Processing {...body} />
      <Section title="Rules">
        <Rules of={routed} />
      </Section>
      <Origins name={deployment.key} records={records} parts={parts} />
    </>
  );
}

/** Its state, and what a reader should know first. */
function Standing({ routed: { deployment }, around, related, runningStatus, asked, now }: Body): Html {
  const badges = [<StateBadge state={deployment.state} />, ' ', <TypeBadge type={deployment.changeType} />];
  const stale = isStale(deployment, now);
  const aside = stale ? [...badges, ' ', <span class="badge stale">stale</span>] : badges;
  return (
    <>
      <Heading aside={aside}>
        <Title of={summarize(deployment)} name={deployment.service} />
      </Heading>
      {runningStatus && (
        <p class="running-status-line">
          <RunningStatusNote of={runningStatus} now={now} />
        </p>
      )}
      <Neighbours of={around} />
      <DoneNote asked={asked} />
      {stale && (
        <p class="complaint">
          It takes longer than is usual for this service here: it should have ended{' '}
          <When at={deployment.staleAfter ?? ''} now={now} />.{' '}
          {deployment.waiting ?? 'Its end was not reported: look at the tool.'}
        </p>
      )}
      {deployment.notes.length > 0 && (
        <ul class="notes">
          {deployment.notes.map((note) => (
            <li>{note}</li>
          ))}
        </ul>
      )}
      <Related of={related} />
    </>
  );
}

/** The signals that came in, and the deliveries that went out. */
function Processing({ routed, records, entries, deliveries, parts, who, now }: Body): Html {
  const { deployment } = routed;
  return (
    <>
      <Section title="Deliveries">
        <div class="cards">
          {deliveries.map((delivery) => (
            <SinkCard {...{ ...delivery, routed, who, now }} />
          ))}
        </div>
        {parts.sinks.length === 0 && <p class="mute">No sink is configured; the change is kept here.</p>}
      </Section>
      <Section title="Signals">
        <Signals {...{ records, deployment, entries, sources: parts.sources }} />
        <MapAgain deployment={deployment} who={who} />
      </Section>
    </>
  );
}

function deliveriesOf(
  { sinks, ledger, deadLetters, holds }: DeploymentParts,
  deployment: Deployment,
  records: readonly ChangeRecord[],
): Promise<SinkKnowledge[]> {
  const moments = [deployment, ...records].map(({ state, occurredAt }) => ({ key: deployment.key, state, occurredAt }));
  return Promise.all(
    sinks.map(async (sink) => {
      const [delivery, letters] = await Promise.all([
        ledger.read(sink.name, deployment.key),
        deadLetters.of(sink.name, moments),
      ]);
      return { sink, delivery, letters, hold: holds()[sink.name] };
    }),
  );
}

const MapAgain = ({ deployment: { key }, who }: { deployment: Deployment; who: Viewer }): Html => (
  <ActionForm
    who={who}
    to="/actions/map-deployment"
    fields={{ deployment: hideSecrets(key), back: deploymentPath(key) }}
  >
    <button>Map again</button>{' '}
    <span class="mute">maps the stored webhooks again, with the current mappers and rules</span>
  </ActionForm>
);

/** Signals of other tools that may report this deployment. */
function Related({ of: deployments }: { of: readonly Deployment[] }): Html {
  return (
    <>
      {deployments.map((deployment) => (
        <p>
          Perhaps the same deployment, which is not certain: <StateBadge state={deployment.state} />{' '}
          <a href={deploymentPath(deployment.key)}>
            <Title of={summarize(deployment)} name={deployment.service} />
          </a>
        </p>
      ))}
    </>
  );
}

/** The states in the order in which they happened, each with the time since the previous one. */
function Steps({ records }: { records: readonly ChangeRecord[] }): Html {
  const inOrder = records.toSorted((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt));
  const changes = inOrder.filter((record, index) => record.state !== inOrder[index - 1]?.state);
  const gap = (index: number) =>
    Date.parse(changes[index]?.occurredAt ?? '') - Date.parse(changes[index - 1]?.occurredAt ?? '');
  if (changes.length < 2) return <></>; // the heading says it, and the facts when
  return (
    <ol class="steps" aria-label="States over time">
      {changes.map(({ state, occurredAt }, index) => (
        <li>
          <StateBadge state={state} /> <Moment at={occurredAt} />
          {index > 0 && [' ', <span class="mute">+{span(gap(index))}</span>]}
        </li>
      ))}
    </ol>
  );
}

function Rules({ of: { trace, sinks, droppedBy } }: { of: RoutingResult }): Html {
  if (trace.length === 0) return <p class="mute">No rule matched: it goes to every sink that accepts it.</p>;
  return (
    <>
      <ol class="trace">
        {trace.map((line) => (
          <li>
            <code>{line}</code>
          </li>
        ))}
      </ol>
      {sinks && <p>Sinks: {sinks.join(', ') || 'none'}</p>}
      {droppedBy !== undefined && <p>Dropped by {droppedBy}: in no list, delivered to no sink.</p>}
    </>
  );
}
