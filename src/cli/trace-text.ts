import { replacing } from '../domain/deployment.ts';
import type { DeadLetter } from '../http/answers/dead-letter.ts';
import type { DeploymentDetail } from '../http/answers/deployment.ts';
import type { Webhook } from '../http/answers/webhook.ts';
import { type Output, type Screen, widthOf } from './output.ts';
import { paintState, shortSha, shownTime } from './show.ts';
import { oneLine, table } from './table.ts';
import type { Traced, TracedDeployment } from './traced.ts';

/** For a person: what it is, what happened to it in the order of time, and what is still to be done. */
export function traceText({ webhooks, deployments }: Traced, { stdout }: Output): string {
  return [
    ...(webhooks.length > 0 ? [section('Webhooks asked for', webhookTable(webhooks, stdout))] : []),
    ...deployments.map((deployment) => deploymentText(deployment, stdout)),
  ].join('\n');
}

function deploymentText(traced: TracedDeployment, screen: Screen): string {
  const { change, records, webhooks, deliveries, dead_letters, deployment } = traced;
  return [
    section(`Deployment ${oneLine(change.deployment)}`, facts(traced)),
    section('Steps', stepTable(records, screen)),
    section('Webhooks', webhooks.length > 0 ? webhookTable(webhooks, screen) : '  none is kept\n'),
    ...deliveries.map((delivery) =>
      deliveryText(delivery, { screen, isDead: dead_letters.some(({ sink }) => sink === delivery.sink) }),
    ),
    ...(dead_letters.length > 0 ? [deadLetterText(dead_letters, deployment.key)] : []),
    ...(traced.rules.length > 0 ? [section('Rules', lines(traced.rules))] : []),
    ...(change.notes.length > 0 ? [section('Notes', lines(change.notes))] : []),
  ].join('\n');
}

const section = (title: string, body: string) => `${title}\n${body}`;
const lines = (texts: readonly string[]) => texts.map((text) => `  ${oneLine(text)}\n`).join('');

function facts({ change, deployment, running, dropped_by }: DeploymentDetail): string {
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['state', change.status],
    ['since then', running && became(running)],
    ['what', change.summary],
    ['kind', change.change_type === 'deployment' ? undefined : change.change_type],
    ['service', change.service],
    ['environment', change.environment],
    ['branch', change.branch],
    ['commit', [change.commit_sha, change.commit_message?.split('\n')[0]].filter(Boolean).join('  ')],
    ['manifests', change.manifests?.revision],
    ['request', change.pr_number && [`!${change.pr_number}`, change.pr_url].filter(Boolean).join('  ')],
    [
      replacing(deployment),
      change.replaced && [shortSha(change.replaced.commit_sha), change.replaced.deployment].join('  '),
    ],
    ['compare', change.replaced?.compare_url],
    ['who', change.changed_by],
    ['author', deployment.commit?.author],
    ['happened', `${shownTime(change.occurred_at)} UTC`],
    ['took', change.duration_seconds === null ? undefined : `${change.duration_seconds} s`],
    ['pipeline', change.pipeline_url],
    ['job', change.job_url],
    ['source', change.source],
    ['dropped by', dropped_by],
    ...ownerFacts(change.owner),
  ];
  return facts.flatMap(([name, value]) => (value ? [`  ${name.padEnd(12)} ${oneLine(value)}\n`] : [])).join('');
}

/** Whom to call. */
const ownerFacts = (owner: DeploymentDetail['change']['owner']): readonly (readonly [string, string | undefined])[] =>
  owner === null
    ? []
    : [
        ['owner', [owner.team, owner.channel].filter(Boolean).join('  ')],
        ['runbook', owner.runbook],
        ['on call', owner.on_call],
      ];

function became({ next }: NonNullable<DeploymentDetail['running']>): string {
  if (!next) return 'it runs here';
  const { change_type, changed_by, at, deployment } = next;
  const what = change_type === 'rollback' ? 'rolled back' : 'superseded';
  return `${what}${changed_by ? ` by ${changed_by}` : ''} at ${shownTime(at)} UTC  ${deployment}`;
}

function stepTable(records: DeploymentDetail['records'], screen: Screen): string {
  return indented(screen, (width) =>
    table(
      [
        { title: 'when (UTC)' },
        { title: 'state', paint: paintState(screen) },
        { title: 'signal', least: 12 },
        { title: 'source', least: 8 },
        { title: 'webhook', least: 8 },
      ],
      records
        .toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt))
        .map(({ occurredAt, state, signal, instance, webhook }) => [
          shownTime(occurredAt),
          state,
          signal,
          instance,
          webhook ?? 'asked from the tool',
        ]),
      width,
    ),
  );
}

function webhookTable(webhooks: readonly Webhook[], screen: Screen): string {
  return indented(screen, (width) =>
    table(
      [
        { title: 'received (UTC)' },
        { title: 'verdict', paint: paintState(screen) },
        { title: 'source', least: 8 },
        { title: 'id' },
        { title: 'why', least: 12 },
      ],
      webhooks.map(({ receivedAt, verdict, source, id, reason, detail }) => [
        shownTime(receivedAt),
        verdict,
        source,
        id,
        [reason, detail].filter(Boolean).join(': '),
      ]),
      width,
    ),
  );
}

interface DeliveryView {
  readonly screen: Screen;
  /** It has a dead letter. */
  readonly isDead: boolean;
}

function deliveryText(delivery: Delivery, { screen, isDead }: DeliveryView): string {
  const { sink, wants, told, remoteId, remoteUrl, attempts, on_hold } = delivery;
  const remote = [remoteId && `id ${remoteId} there`, remoteUrl].filter(Boolean).join(', ');
  const status = told
    ? `received ${told.state} of ${shownTime(told.at)}${remote && `, ${remote}`}`
    : wants.wanted
      ? undelivered(isDead, on_hold)
      : `not delivered: ${wants.why}`;
  const title = `Sink ${sink}: ${oneLine(status)}`;
  if (attempts.length === 0) return `${title}\n`;
  return section(
    title,
    indented(screen, (width) =>
      table(
        [
          { title: 'attempt (UTC)' },
          { title: 'outcome', paint: paintState(screen) },
          { title: 'state' },
          { title: 'answer', least: 20 },
        ],
        attempts
          .toSorted((a, b) => a.at.localeCompare(b.at))
          .map(({ at, outcome, state, words }) => [shownTime(at), outcome, state, words]),
        width,
      ),
    ),
  );
}
type Delivery = DeploymentDetail['deliveries'][number];

function undelivered(isDead: boolean, hold: Delivery['on_hold']): string {
  if (isDead) return 'not delivered: given up';
  return hold ? `not delivered yet: the sink waits until ${shownTime(hold.until)}: ${hold.why}` : 'not delivered yet';
}

function deadLetterText(letters: readonly DeadLetter[], key: string): string {
  const deadLetterLines = letters.map(
    ({ id, sink, kind, diedAt, why }) => `${shownTime(diedAt)}  ${sink}  ${kind}  ${id}: ${why}`,
  );
  return section('Dead letters', `${lines(deadLetterLines)}  Try again: shiplog replay ${oneLine(key)}\n`);
}

const INDENT = '  ';

function indented(screen: Screen, draw: (width: number | undefined) => string): string {
  const width = widthOf(screen);
  return draw(width === undefined ? undefined : width - INDENT.length).replace(/^(?=.)/gm, INDENT);
}
