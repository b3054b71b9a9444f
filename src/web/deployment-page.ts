import type { ChangeRecord } from '../domain/change-record.ts';
import { type Deployment, summarize } from '../domain/deployment.ts';
import type { OriginParts } from '../domain/origins.ts';
import type { Routed } from '../domain/routing.ts';
import type { DeadLetters } from '../queue/dead-letters.ts';
import type { Hold } from '../queue/workers.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';
import type { Deployments } from '../store/deployments.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Ledger } from '../store/ledger.ts';
import { actionForm, type Who } from './action-form.ts';
import { doneNote } from './actions-done.ts';
import { sinkCard } from './deployment-deliveries.ts';
import { origins, signals } from './deployment-signals.ts';
import { deploymentPath, durationOf, moment, span, stateBadge, typeBadge, when } from './format.ts';
import { type Html, html, link, type Piece } from './html.ts';
import { fields, heading, section } from './layout.ts';

export interface DeploymentParts extends OriginParts {
  readonly deployments: Deployments;
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
  readonly who: Who;
  readonly now: Date;
}

/** Everything that is known of one deployment. */
export async function deploymentPage(parts: DeploymentParts, view: DeploymentView): Promise<Html | undefined> {
  const { name, asked, who, now } = view;
  const routed = await parts.deployments.get(name);
  if (!routed) return undefined;
  const { deployment } = routed;
  const records = await parts.deployments.records(deployment.key);
  const [entries, deliveries] = await Promise.all([
    parts.inbox.entries([...new Set(records.flatMap(({ webhook }) => webhook ?? []))]),
    deliveriesOf(parts, deployment, records),
  ]);
  return html`${heading(html`<bdi>${summarize(deployment)}</bdi>`, html`${stateBadge(deployment.state)} ${typeBadge(deployment.changeType)}`)}
${doneNote(asked)}
${deployment.notes.length > 0 && html`<ul class="notes">${deployment.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${steps(records)}
<div class="columns">${section('What', what(deployment))}${section('When and who', whenAndWho(deployment, now))}</div>
${section(
  'Deliveries',
  html`<div class="cards">${deliveries.map((delivery) => sinkCard({ ...delivery, routed, who, now }))}</div>
${parts.sinks.length === 0 && html`<p class="mute">No sink is configured; the change is kept here.</p>`}`,
)}
${section('Signals', html`${signals(records, deployment, { entries, sources: parts.sources })}${mapAgain(deployment, who)}`)}
${section('Rules', rules(routed))}
${origins(deployment.key, records, parts)}`;
}

function deliveriesOf(
  { sinks, ledger, deadLetters, holds }: DeploymentParts,
  deployment: Deployment,
  records: readonly ChangeRecord[],
) {
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

const mapAgain = ({ key }: Deployment, who: Who): Html | undefined =>
  actionForm(who, {
    to: '/actions/map-deployment',
    fields: { deployment: key, back: deploymentPath(key) },
    body: html`<button>Map again</button> <span class="mute">reads the kept webhooks anew, with the mappers and rules of today</span>`,
  });

function what(deployment: Deployment): Html {
  const { environment, repository, commit, pullRequest, ref, tag, manifests, original } = deployment;
  return fields([
    [
      'Service',
      [
        deployment.service,
        deployment.serviceId && html` <span class="mute">${deployment.serviceId}</span>`,
        original?.service && html` <span class="mute">there: ${original.service}</span>`,
      ],
    ],
    [
      'Environment',
      [
        link(environment.url, environment.name),
        environment.tier && html` <span class="mute">tier ${environment.tier}</span>`,
        original?.environment && html` <span class="mute">there: ${original.environment}</span>`,
      ],
    ],
    [
      'Repository',
      repository && [
        link(repository.url, repository.name),
        repository.gitlabProject && html` <span class="mute">GitLab project ${repository.gitlabProject}</span>`,
      ],
    ],
    [tag ? 'Tag' : tag === false ? 'Branch' : 'Ref', ref],
    ['Commit', commit?.sha && html`<code>${link(commit.url, commit.sha)}</code>`],
    ['Replaced', replaced(deployment)],
    ['Author', commit?.author && [commit.author, commit.committedAt && html` ${moment(commit.committedAt)}`]],
    [
      'Message',
      (commit?.message ?? commit?.title) &&
        html`<div class="message" dir="auto">${(commit?.message ?? commit?.title)?.trim()}</div>`,
    ],
    ['Pull request', pullRequest && link(pullRequest.url, `#${pullRequest.number} ${pullRequest.title ?? ''}`.trim())],
    ['Pipeline', deployment.pipelineUrl && link(deployment.pipelineUrl, deployment.pipelineUrl)],
    ['Job', (deployment.jobUrl ?? deployment.job) && link(deployment.jobUrl, deployment.job ?? deployment.jobUrl)],
    [
      'Manifests',
      manifests && [
        link(manifests.url, manifests.repository ?? manifests.url),
        manifests.revision && html` <code>${manifests.revision}</code>`,
      ],
    ],
    [
      'Artifacts',
      deployment.artifacts.length > 0 &&
        deployment.artifacts.map((artifact) => html`<div><code>${artifact}</code></div>`),
    ],
    ['Description', deployment.description && html`<div class="message" dir="auto">${deployment.description}</div>`],
  ]);
}

/** What ran there before, and what lies between the two. */
function replaced({ replaced: before }: Deployment): Piece {
  if (!before) return undefined;
  return [
    link(
      deploymentPath(before.deployment),
      before.sha ? html`<code>${before.sha.slice(0, 8)}</code>` : html`<bdi>${before.deployment}</bdi>`,
    ),
    before.compareUrl && html` · ${link(before.compareUrl, 'compare the two')}`,
  ];
}

function whenAndWho(deployment: Deployment, now: Date): Html {
  const time = (iso: string | undefined) => iso && when(iso, now);
  return fields([
    ['Who', deployment.actor],
    ['Happened', when(deployment.occurredAt, now)],
    ['Started', time(deployment.startedAt)],
    ['Finished', time(deployment.finishedAt)],
    ['Took', durationOf(deployment, now)],
    ['Received', when(deployment.receivedAt, now)],
    [
      'Source',
      [
        deployment.reportedSource ?? deployment.source,
        deployment.instance !== deployment.source &&
          html` <span class="mute">received as ${deployment.instance}</span>`,
      ],
    ],
    ['Change type', deployment.changeType.replaceAll('_', ' ')],
    ['Risk', deployment.riskLevel],
    ['Tags', deployment.tags.length > 0 && deployment.tags.map((tag) => html`<span class="tag">${tag}</span> `)],
    ['External id', deployment.externalId && html`<code>${deployment.externalId}</code>`],
    ['Key', html`<code>${deployment.key}</code>`],
  ]);
}

/** The states in the order in which they happened, each with the time since the one before. */
function steps(records: readonly ChangeRecord[]): Html {
  const told = records.toSorted((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt));
  const changes = told.filter((record, index) => record.state !== told[index - 1]?.state);
  const gap = (index: number) =>
    Date.parse(changes[index]?.occurredAt ?? '') - Date.parse(changes[index - 1]?.occurredAt ?? '');
  return html`<ol class="steps" aria-label="States over time">${changes.map(
    ({ state, occurredAt }, index) =>
      html`<li>${stateBadge(state)} ${moment(occurredAt)}${index > 0 && html` <span class="mute">+${span(gap(index))}</span>`}</li>`,
  )}</ol>`;
}

function rules({ trace, sinks, droppedBy }: Routed): Html {
  if (trace.length === 0) return html`<p class="mute">No rule matched. Every sink is asked.</p>`;
  return html`<ol class="trace">${trace.map((line) => html`<li><code>${line}</code></li>`)}</ol>
${sinks && html`<p>Sinks: ${sinks.join(', ') || 'none'}</p>`}${droppedBy !== undefined && html`<p>Dropped by ${droppedBy}: in no list, told to nobody.</p>`}`;
}
