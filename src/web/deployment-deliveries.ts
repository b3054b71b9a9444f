import type { Routed } from '../domain/routing.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';
import type { Hold } from '../queue/workers.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Delivery } from '../store/ledger.ts';
import { actionForm, type Who } from './action-form.ts';
import { destinationWords } from './destination-words.ts';
import { deploymentPath, moment, stateBadge, when } from './format.ts';
import { type Html, html, link, type Piece } from './html.ts';

export interface SinkView {
  readonly sink: Sink;
  readonly delivery: Delivery | undefined;
  /** Deliveries of this deployment that were given up. */
  readonly letters: readonly DeadLetter[];
  /** The whole sink waits. */
  readonly hold: Hold | undefined;
  readonly routed: Routed;
  readonly who: Who;
  readonly now: Date;
}

/** What one destination knows, how it came to know, and what stands in the way. */
export function sinkCard(view: SinkView): Html {
  const { sink, delivery } = view;
  return html`<article class="card"><h3>${sink.name} ${delivery?.remoteUrl && html`<span class="aside">${link(delivery.remoteUrl, delivery.remoteId ?? 'open there')}</span>`}</h3>
<p>${standing(view)}${!delivery?.remoteUrl && delivery?.remoteId && html` <span class="mute">there: ${delivery.remoteId}</span>`}</p>
${delivery?.attemptedAt && html`<p class="complaint">The request of ${moment(delivery.attemptedAt)} has no answer yet; the next attempt looks first what became of it.</p>`}
${givenUp(view)}
${attempts(view)}</article>`;
}

const OUTCOMES = { delivered: 'succeeded', failed: 'failed', unwanted: 'other' } as const;

function attempts(view: SinkView): Html | undefined {
  const { delivery } = view;
  if (!delivery || delivery.attempts.length === 0) return undefined;
  const shown = new Set(isGivenUp(view) ? view.letters.map(({ why }) => why) : []);
  return html`<table class="attempts"><tbody>${delivery.attempts.map(({ at, state, outcome, status, words }) => {
    const isShown = outcome === 'failed' && shown.has(words);
    shown.add(words);
    return html`<tr><td class="at">${moment(at)}</td><td>${state}</td><td><span class="badge ${OUTCOMES[outcome]}">${outcome}</span></td><td class="words">${isShown ? html`<span class="mute">as above</span>` : [status !== undefined && !words.includes(String(status)) && `${status} `, destinationWords(words)]}</td></tr>`;
  })}</tbody></table>`;
}

const isTold = ({ delivery, routed }: SinkView) => delivery?.told?.state === routed.deployment.state;

/** What is told already needs no second try. */
const isGivenUp = (view: SinkView) => view.letters.length > 0 && !isTold(view);

/** One sentence: does the destination know? */
function standing(view: SinkView): Piece {
  const { sink, delivery, hold, letters, now } = view;
  const { deployment, sinks, droppedBy } = view.routed;
  const told = delivery?.told;
  if (told && isTold(view)) return html`Knows: ${stateBadge(told.state)}`;
  const before = told && html` It was told ${stateBadge(told.state)} before.`;
  if (droppedBy !== undefined) return html`Not told: the rule ${droppedBy} drops it.${before}`;
  if (sinks && !sinks.includes(sink.name)) return html`Not told: a rule names other sinks.${before}`;
  const wants = sink.wants(deployment);
  if (!wants.wanted) return html`Not told: ${wants.why}.${before}`;
  if (letters.length > 0) return html`<strong>Not told ${stateBadge(deployment.state)}: given up.</strong>${before}`;
  return html`<strong>Waits to be told ${stateBadge(deployment.state)}</strong>${before}${hold && html` The whole sink is paused until ${when(hold.until.toISOString(), now)}: ${hold.why}`}`;
}

function givenUp(view: SinkView): Html | undefined {
  const { letters, who, routed } = view;
  if (!isGivenUp(view)) return undefined;
  const back = deploymentPath(routed.deployment.key);
  return html`${letters.map(
    ({
      id,
      why,
      diedAt,
      kind,
    }) => html`<div class="given-up"><div class="complaint">${moment(diedAt)}: ${kind === 'refused' ? 'refused' : 'our own fault'}: ${destinationWords(why)}</div>
${actionForm(who, { to: '/actions/replay', fields: { id, back }, body: html`<button>Try again</button>` })}</div>`,
  )}`;
}
