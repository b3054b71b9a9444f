import { z } from 'zod';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../queue/dead-letters.ts';
import { type Backlog, forwardQueueName, RECORD_QUEUE } from '../queue/queues.ts';
import type { Hold } from '../queue/workers.ts';
import type { Sink } from '../sinks/sink.ts';
import { actionForm, hiddenFields, type Who } from './action-form.ts';
import { BATCH } from './actions.ts';
import { doneNote, plural } from './actions-done.ts';
import { type Recent, TRAFFIC_MINUTES, type Traffic } from './deliveries-traffic.ts';
import { destinationWords } from './destination-words.ts';
import { deploymentPath, moment, span, when } from './format.ts';
import { exactly, type Html, html, link, type Piece } from './html.ts';
import { fields, heading, section } from './layout.ts';

/** Dead letters on the page; the buttons for all of them reach the others as well. */
const SHOWN = 100;
const SLOW_MS = 2_000;
const LATE_MS = 60_000;

const Text = z
  .string()
  .trim()
  .max(300)
  .transform((text) => text || undefined)
  .optional();
/** Which dead letters. Whatever cannot be read is refused: a filter that fell away would mean all of them. */
export const DeadLetterQuery = z.object({
  id: Text,
  sink: Text,
  source: Text,
  kind: z
    .enum(['', 'refused', 'fault'])
    .transform((kind) => kind || undefined)
    .optional(),
  reason: Text,
  /** Died before, epoch milliseconds. */
  until: z.coerce.number().int().positive().optional(),
});
export type DeadLetterQuery = z.infer<typeof DeadLetterQuery>;

export const toFilter = ({ until, ...filter }: DeadLetterQuery): DeadLetterFilter => ({ ...filter, untilMs: until });

/** As the values of a form or an address. */
const fieldsOf = ({ until, ...filter }: DeadLetterQuery): Record<string, string | undefined> => ({
  ...filter,
  until: until === undefined ? undefined : String(until),
});

function deliveriesPath(query: DeadLetterQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fieldsOf(query))) if (value !== undefined) search.set(name, value);
  return search.size > 0 ? `/deliveries?${search}` : '/deliveries';
}

export interface DeliveriesParts {
  readonly sinks: readonly Sink[];
  readonly backlog: () => Promise<Readonly<Record<string, Backlog>>>;
  readonly holds: () => Readonly<Record<string, Hold>>;
  readonly traffic: Pick<Traffic, 'of'>;
  readonly deadLetters: Pick<DeadLetters, 'newest' | 'of'>;
}

export interface DeliveriesView {
  readonly asked: unknown;
  readonly who: Who;
  readonly now: Date;
}

/** What is on its way, what stands still and why, and what was given up. */
export async function deliveriesPage(parts: DeliveriesParts, { asked, who, now }: DeliveriesView): Promise<Html> {
  const parsed = DeadLetterQuery.safeParse(asked);
  const query = parsed.success ? parsed.data : {};
  const [backlog, found] = await Promise.all([
    parts.backlog(),
    parts.deadLetters.newest(toFilter({ ...query, kind: undefined })),
  ]);
  const holds = parts.holds();
  const sinks = parts.sinks.map(({ name, type }) => ({
    name,
    type,
    ...stand({
      hold: holds[name],
      backlog: backlog[forwardQueueName(name)],
      recent: parts.traffic.of(name),
      now,
    }),
  }));
  return html`${heading('Deliveries', html`<a href="${deliveriesPath(query)}">refresh</a>`)}
${doneNote(asked)}
<div class="cards sinks">${sinks.map((sink) => sinkCard(sink, now))}${recordingCard(backlog[RECORD_QUEUE], now)}</div>
${sinks.length === 0 && html`<p class="empty">No sink is configured: changes are recorded here and told to nobody.</p>`}
${section('Dead letters', deadLetters({ ...found, query, who, now, sinks: parts.sinks.map(({ name }) => name) }))}`;
}

interface Stand {
  readonly state: 'healthy' | 'slow' | 'paused';
  readonly hold: Hold | undefined;
  readonly backlog: Backlog | undefined;
  readonly recent: Recent;
}

/** Paused: the whole sink waits. Slow: it answers late, or its deliveries come late. */
export function stand({ hold, backlog, recent, now }: Omit<Stand, 'state'> & { readonly now: Date }): Stand {
  const isLate = backlog?.oldestAt !== undefined && now.getTime() - backlog.oldestAt > LATE_MS;
  const isSlow = isLate || (recent.meanMs ?? 0) > SLOW_MS;
  return { state: hold ? 'paused' : isSlow ? 'slow' : 'healthy', hold, backlog, recent };
}

const LOOKS = { healthy: 'succeeded', slow: 'running', paused: 'failed' } as const;

function sinkCard(
  { name, type, state, hold, backlog, recent }: Stand & { name: string; type: string },
  now: Date,
): Html {
  return html`<article class="card"><h2><span>${name}${type !== name && html` <span class="mute">${type}</span>`}</span> <span class="badge ${LOOKS[state]}">${state}</span></h2>
${hold && html`<p class="complaint">Waits until ${moment(hold.until.toISOString())}, then tries again: ${hold.why}</p>`}
${fields([
  ['Waiting', waiting(backlog, now)],
  [`Last ${TRAFFIC_MINUTES} min`, rate(recent)],
  ['Dead letters', deadCount(backlog, name)],
])}</article>`;
}

/** What comes before the sinks: webhooks that became no change yet. */
const recordingCard = (
  backlog: Backlog | undefined,
  now: Date,
): Html => html`<article class="card"><h2><span>recording <span class="mute">in Shiplog itself</span></span></h2>
${fields([
  ['Waiting', waiting(backlog, now)],
  ['Dead letters', deadCount(backlog, RECORD_QUEUE)],
])}</article>`;

const waiting = (backlog: Backlog | undefined, now: Date): Piece =>
  backlog?.oldestAt === undefined
    ? `${backlog?.waiting ?? 0}`
    : html`${backlog.waiting.toLocaleString('en')}, the oldest for ${span(Math.max(0, now.getTime() - backlog.oldestAt))}`;

function rate({ delivered, failed, meanMs }: Recent): string {
  if (meanMs === undefined) return 'no attempt';
  const each = meanMs < 1000 ? `${Math.round(meanMs)} ms` : `${(meanMs / 1000).toFixed(1)} s`;
  return `${delivered.toLocaleString('en')} delivered, ${failed.toLocaleString('en')} failed, ${each} each`;
}

const deadCount = (backlog: Backlog | undefined, sink: string): Piece =>
  backlog?.dead
    ? html`<a class="danger" href="${deliveriesPath({ sink })}">${backlog.dead.toLocaleString('en')}</a>`
    : '0';

interface Letters {
  /** Of both kinds. */
  readonly letters: readonly DeadLetter[];
  /** Older ones, of which nobody knows whether they fit. */
  readonly unread: number;
  readonly query: DeadLetterQuery;
  readonly who: Who;
  readonly now: Date;
  readonly sinks: readonly string[];
}

function deadLetters({ letters, unread, query, who, now, sinks }: Letters): Html {
  const fits = letters.filter(({ kind }) => query.kind === undefined || kind === query.kind);
  const shown = { query, who, now };
  const refused = letters.filter(({ kind }) => kind === 'refused').length;
  return html`<p class="mute">Tried no more, and kept for 30 days: ${refused.toLocaleString('en')} refused by the destination, ${(letters.length - refused).toLocaleString('en')} our own fault.${unread > 0 && ` ${unread.toLocaleString('en')} older ones are not looked through here.`}</p>
${filters(query, sinks)}
${fits.length > 0 ? html`${bulk({ count: fits.length, unread }, shown)}${table(fits.slice(0, SHOWN), shown)}` : nothing(query, unread)}
${fits.length > SHOWN && html`<p class="mute">The newest ${SHOWN} of ${howMany({ count: fits.length, unread })}.</p>`}`;
}

function filters(query: DeadLetterQuery, sinks: readonly string[]): Html {
  const option = (value: string, label: string, chosen: string | undefined) =>
    html`<option value="${exactly(value)}"${value === chosen && html` selected`}>${label}</option>`;
  return html`<form class="filters" method="get" action="/deliveries">
<label>sink <select name="sink"><option value="">any</option>${[...sinks, RECORD_QUEUE].map((name) => option(name, name, query.sink))}</select></label>
<label>kind <select name="kind"><option value="">any</option>${option('refused', 'refused by it', query.kind)}${option('fault', 'our fault', query.kind)}</select></label>
<label>reason <input name="reason" value="${exactly(query.reason ?? '')}" placeholder="part of the words" autocomplete="off" spellcheck="false"></label>
${hiddenFields({ source: query.source })}
<span class="buttons"><button>Filter</button>${isFiltered(query) && html` <a href="/deliveries">clear</a>`}</span></form>`;
}

const isFiltered = (query: DeadLetterQuery) => Object.values(query).some((value) => value !== undefined);

interface Fitting {
  readonly count: number;
  readonly unread: number;
}
const howMany = ({ count, unread }: Fitting) => `${count.toLocaleString('en')}${unread > 0 ? ' or more' : ''}`;
const isOne = ({ count, unread }: Fitting) => count === 1 && unread === 0;

const nothing = (query: DeadLetterQuery, unread: number): Html =>
  unread > 0
    ? html`<p class="empty">None fits among the newest. <code>npx shiplog dead-letters ls</code> looks through the older ones as well. <a href="/deliveries">Show all</a></p>`
    : query.until !== undefined
      ? html`<p class="empty">None is left of those. <a href="${deliveriesPath({ ...query, until: undefined })}">Show what died since</a></p>`
      : isFiltered(query)
        ? html`<p class="empty">No dead letter fits this filter. <a href="/deliveries">Show all</a></p>`
        : html`<p class="empty">None. What a destination refuses for good is kept here, to try it again when the cause is mended.</p>`;

interface Shown {
  readonly query: DeadLetterQuery;
  readonly who: Who;
  readonly now: Date;
}

/** For all that fit. `until` keeps out what dies again meanwhile, so that one click after the other comes to an end. */
function bulk(fitting: Fitting, { query, who, now }: Shown): Html | undefined {
  const bounded = { ...query, until: query.until ?? now.getTime() };
  const form = actionForm(who, {
    to: '/actions/replay',
    fields: { ...fieldsOf(bounded), back: deliveriesPath(bounded) },
    body: html`<button>Try ${fitting.count + fitting.unread > BATCH ? `the next ${BATCH} of ${howMany(fitting)}` : isOne(fitting) ? 'this one' : `all ${howMany(fitting)}`} again</button>
<label class="check"><input type="checkbox" name="remap" value="1"> map the webhooks again first</label>`,
  });
  if (!form) return undefined;
  return html`<div class="bulk">${form}<a class="danger" href="${dropPath(bounded)}">Drop ${isOne(fitting) ? 'it' : `all ${howMany(fitting)}`} …</a></div>`;
}

const dropPath = (query: DeadLetterQuery) => deliveriesPath(query).replace('/deliveries', '/actions/drop');

function table(letters: readonly DeadLetter[], { query, who, now }: Shown): Html {
  const buttons = ({ id }: DeadLetter) => [
    actionForm(who, {
      to: '/actions/replay',
      fields: { id, back: deliveriesPath(query) },
      body: html`<button>Try again</button>`,
    }),
    who.role === 'admin' && html` <a class="danger" href="${dropPath({ id })}">Drop …</a>`,
  ];
  return html`<table class="letters"><thead><tr><th>Died</th><th>Sink</th><th>Why</th><th>What</th><th><span class="hidden">What to do</span></th></tr></thead><tbody>${letters.map(
    (letter) => html`<tr><td class="when">${when(letter.diedAt, now)}</td>
<td class="state">${letter.sink} ${kindBadge(letter)}</td><td class="why"><span class="mute">after ${plural(letter.attempts, 'attempt')}:</span> ${destinationWords(letter.why)}</td>
<td class="source">${subject(letter)}</td><td class="links">${buttons(letter)}</td></tr>`,
  )}</tbody></table>`;
}

const kindBadge = ({ kind }: DeadLetter): Html =>
  kind === 'refused'
    ? html`<span class="badge failed">refused</span>`
    : html`<span class="badge running">our fault</span>`;

function subject({ deployment, webhook, source }: DeadLetter): Html {
  const to = deployment !== undefined ? deploymentPath(deployment) : webhook && `/inbox/${encodeURIComponent(webhook)}`;
  return html`${link(to || undefined, html`<bdi>${deployment ?? (webhook && `webhook ${webhook}`)}</bdi>`)} <span class="mute">${source}</span>`;
}

/** Named before they are dropped. */
const DROPS_NAMED = 5;

/** Dropping cannot be undone: it is asked for once more. */
export async function dropPage({ deadLetters }: DeliveriesParts, query: DeadLetterQuery, who: Who): Promise<Html> {
  const { letters, unread } = await deadLetters.newest(toFilter(query));
  const fitting = { count: letters.length, unread };
  const [they, them] = isOne(fitting) ? ['dead letter is', 'it'] : ['dead letters are', 'them'];
  const back = deliveriesPath(query.id === undefined ? query : {});
  if (fitting.count === 0) return html`${heading('Drop dead letters')}${nothing(query, unread)}`;
  return html`${heading('Drop dead letters')}
<p>${howMany(fitting)} ${they} forgotten for good. The destination is never told of ${them}; the changes stay in the change log.</p>
<ul class="plain">${letters.slice(0, DROPS_NAMED).map((letter) => html`<li>${letter.sink}: ${letter.why} ${subject(letter)}</li>`)}${letters.length > DROPS_NAMED && html`<li>and ${howMany({ count: letters.length - DROPS_NAMED, unread })} more</li>`}</ul>
<div class="bulk">${actionForm(who, { to: '/actions/drop', fields: { ...fieldsOf(query), back }, body: html`<button class="danger">Drop ${fitting.count + unread > BATCH ? `the first ${BATCH}` : plural(fitting.count, 'dead letter')}</button>` })} <a href="${back}">No, keep ${them}</a></div>`;
}
