import type { ChangeRecord } from '../domain/change-record.ts';
import { type Deployment, summarize } from '../domain/deployment.ts';
import type { Routed } from '../domain/routing.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/deployments.ts';
import type { Inbox, InboxEntry } from '../store/inbox.ts';
import type { Delivery, Ledger } from '../store/ledger.ts';
import { durationOf, exactTime, span, stateBadge, typeBadge, when } from './format.ts';
import { type Html, html, link, type Piece } from './html.ts';
import { fields, heading, section } from './layout.ts';

/** Newest webhooks among which those of the deployment are looked for. */
const SEARCHED_WEBHOOKS = 300;

export interface DeploymentParts {
  readonly deployments: Deployments;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
}

/** Everything that is known of one deployment. */
export async function deploymentPage(parts: DeploymentParts, name: string, now: Date): Promise<Html | undefined> {
  const routed = await parts.deployments.get(name);
  if (!routed) return undefined;
  const { deployment } = routed;
  const [records, { entries }, deliveries] = await Promise.all([
    parts.deployments.records(deployment.key),
    parts.inbox.list({ limit: SEARCHED_WEBHOOKS, offset: 0 }),
    Promise.all(
      parts.sinks.map(async (sink) => ({ sink, delivery: await parts.ledger.read(sink.name, deployment.key) })),
    ),
  ]);
  return html`${heading(html`<bdi>${summarize(deployment)}</bdi>`, html`${stateBadge(deployment.state)} ${typeBadge(deployment.changeType)}`)}
${deployment.notes.length > 0 && html`<ul class="notes">${deployment.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${steps(records)}
<div class="columns">${section('What', what(deployment))}${section('When and who', whenAndWho(deployment, now))}</div>
${section(
  'Deliveries',
  html`<div class="cards">${deliveries.map(({ sink, delivery }) => sinkCard(sink, delivery, routed))}</div>
${parts.sinks.length === 0 && html`<p class="mute">No sink is configured; the change is kept here.</p>`}`,
)}
${section('Signals', signals(records, deployment, entries))}
${section('Rules', rules(routed))}`;
}

function what(deployment: Deployment): Html {
  const { environment, repository, commit, pullRequest, ref, tag } = deployment;
  return fields([
    ['Service', [deployment.service, deployment.serviceId && html` <span class="mute">${deployment.serviceId}</span>`]],
    [
      'Environment',
      [
        link(environment.url, environment.name),
        environment.tier && html` <span class="mute">tier ${environment.tier}</span>`,
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
    [
      'Author',
      commit?.author && [
        commit.author,
        commit.committedAt && html` <span class="mute">${exactTime(commit.committedAt)}</span>`,
      ],
    ],
    [
      'Message',
      (commit?.message ?? commit?.title) &&
        html`<div class="message" dir="auto">${(commit?.message ?? commit?.title)?.trim()}</div>`,
    ],
    ['Pull request', pullRequest && link(pullRequest.url, `#${pullRequest.number} ${pullRequest.title ?? ''}`.trim())],
    ['Pipeline', deployment.pipelineUrl && link(deployment.pipelineUrl, deployment.pipelineUrl)],
    ['Job', deployment.jobUrl && link(deployment.jobUrl, deployment.jobUrl)],
    [
      'Artifacts',
      deployment.artifacts.length > 0 &&
        deployment.artifacts.map((artifact) => html`<div><code>${artifact}</code></div>`),
    ],
    ['Description', deployment.description && html`<div class="message" dir="auto">${deployment.description}</div>`],
  ]);
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
      html`<li>${stateBadge(state)} <span class="exact">${exactTime(occurredAt)}</span>${index > 0 && html` <span class="mute">+${span(gap(index))}</span>`}</li>`,
  )}</ol>`;
}

/** Each record as it came. The webhook is known by its source and the moment it came in. */
function signals(records: readonly ChangeRecord[], deployment: Deployment, entries: readonly InboxEntry[]): Html {
  const webhook = (record: ChangeRecord) =>
    entries.find(
      ({ source, receivedAt, deployments }) =>
        source === record.instance && receivedAt === record.receivedAt && deployments.includes(record.deployment),
    );
  return html`<table><thead><tr><th>Received</th><th>Signal</th><th>State</th><th>Happened</th><th></th></tr></thead><tbody>${records.map(
    (record) => {
      const entry = webhook(record);
      return html`<tr><td>${link(entry && `/inbox/${encodeURIComponent(entry.id)}`, exactTime(record.receivedAt))}</td>
<td>${record.signal} <span class="mute">${record.instance}</span></td><td>${stateBadge(record.state)}</td><td>${exactTime(record.occurredAt)}</td>
<td class="mute">${[record.id === deployment.decidedBy && 'decided the state', record.rejected && 'rejected by an approver', !record.authoritative && 'fills gaps only'].filter(Boolean).join(' · ')}</td></tr>`;
    },
  )}</tbody></table>`;
}

function sinkCard(sink: Sink, delivery: Delivery | undefined, routed: Routed): Html {
  return html`<article class="card"><h3>${sink.name} ${delivery?.remoteUrl && html`<span class="aside">${link(delivery.remoteUrl, delivery.remoteId ?? 'open there')}</span>`}</h3>
<p>${standing(sink, delivery, routed)}${!delivery?.remoteUrl && delivery?.remoteId && html` <span class="mute">there: ${delivery.remoteId}</span>`}</p>
${delivery?.attemptedAt && html`<p class="complaint">The request of ${exactTime(delivery.attemptedAt)} has no answer yet; the next attempt looks first what became of it.</p>`}
${
  (delivery?.attempts.length ?? 0) > 0 &&
  html`<table><tbody>${delivery?.attempts.map(
    ({ at, state, outcome, status, words }) =>
      html`<tr><td class="exact">${exactTime(at)}</td><td>${state}</td><td><span class="badge ${OUTCOMES[outcome]}">${outcome}</span></td><td class="words">${status !== undefined && !words.includes(String(status)) && `${status} `}${words}</td></tr>`,
  )}</tbody></table>`
}</article>`;
}

const OUTCOMES = { delivered: 'succeeded', failed: 'failed', unwanted: 'other' } as const;

/** One sentence: does the destination know? */
function standing(sink: Sink, delivery: Delivery | undefined, { deployment, sinks, droppedBy }: Routed): Piece {
  const told = delivery?.told;
  if (told?.state === deployment.state) return html`Knows: ${stateBadge(told.state)}`;
  const before = told && html` It was told ${stateBadge(told.state)} before.`;
  if (droppedBy !== undefined) return html`Not told: the rule ${droppedBy} drops it.${before}`;
  if (sinks && !sinks.includes(sink.name)) return html`Not told: a rule names other sinks.${before}`;
  const wants = sink.wants(deployment);
  if (!wants.wanted) return html`Not told: ${wants.why}.${before}`;
  return html`<strong>Waits to be told ${stateBadge(deployment.state)}</strong>${before}`;
}

function rules({ trace, sinks, droppedBy }: Routed): Html {
  if (trace.length === 0) return html`<p class="mute">No rule matched. Every sink is asked.</p>`;
  return html`<ol class="trace">${trace.map((line) => html`<li><code>${line}</code></li>`)}</ol>
${sinks && html`<p>Sinks: ${sinks.join(', ') || 'none'}</p>`}${droppedBy !== undefined && html`<p>Dropped by ${droppedBy}: in no list, told to nobody.</p>`}`;
}
