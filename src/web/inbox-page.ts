import { z } from 'zod';
import { wordsFor } from '../sources/reasons.ts';
import type { Source } from '../sources/source.ts';
import type { Spooled } from '../spool/spool.ts';
import type { Inbox, InboxEntry, Verdict } from '../store/inbox.ts';
import { SEARCHED_BODY_BYTES } from '../store/inbox-search.ts';
import { actionForm, type Who } from './action-form.ts';
import { doneNote, plural } from './actions-done.ts';
import { deploymentPath, moment, when } from './format.ts';
import { exactly, type Html, html, link } from './html.ts';
import { withCode } from './inline-code.ts';
import { fields, heading, pager, section } from './layout.ts';
import { prettyJson } from './pretty-json.ts';

const PAGE_SIZE = 100;
/** Longest body shown, characters. */
const SHOWN_BODY = 200_000;

const LOOKS: Readonly<Record<Verdict, string>> = {
  accepted: 'running',
  recorded: 'succeeded',
  duplicate: 'other',
  ignored: 'pending',
  rejected: 'failed',
};
const VERDICTS = Object.keys(LOOKS) as Verdict[]; // the keys of the record above

export const verdictBadge = (verdict: Verdict): Html => html`<span class="badge ${LOOKS[verdict]}">${verdict}</span>`;

const Text = z.string().trim().min(1).max(300).optional().catch(undefined);
/** All that the page shows stands in its URL, so that it can be passed on. */
const Query = z.object({
  q: Text,
  source: Text,
  verdict: z.enum(VERDICTS).optional().catch(undefined),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
  /** Of a search: how many of the newest are passed over. */
  from: z.coerce.number().int().min(0).max(10_000_000).catch(0),
});
type Query = z.infer<typeof Query>;

function addressOf(query: Query, change: Partial<Query> = {}): string {
  const { page, from, ...rest } = { ...query, page: 1, from: 0, ...change };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) search.set(name, value);
  if (page > 1) search.set('page', String(page));
  if (from > 0) search.set('from', String(from));
  return search.size > 0 ? `/inbox?${search}` : '/inbox';
}

export interface InboxParts {
  readonly inbox: Inbox;
  readonly sourceNames: readonly string[];
  readonly spool: () => Spooled;
}

/** Every webhook and what became of it. */
export async function inboxPage(parts: InboxParts, asked: unknown, now: Date): Promise<Html> {
  const query = Query.parse(asked);
  const isSearch = query.q !== undefined || query.source !== undefined || query.verdict !== undefined;
  const found = isSearch ? await searched(parts.inbox, query, now) : await listed(parts.inbox, query, now);
  return html`${heading('Inbox', html`<span>${plural(found.total, 'webhook')}</span>`)}
${spooledNote(parts.spool())}
${filters(query, parts.sourceNames)}
${found.body}`;
}

export function spooledNote({ entries, since }: Spooled): Html | undefined {
  if (entries === 0) return undefined;
  return html`<p class="complaint" role="status">${plural(entries, 'webhook')} ${entries === 1 ? 'is' : 'are'} spooled: safe on disk since ${since === undefined ? 'a moment ago' : moment(since)}, because Redis was away. ${entries === 1 ? 'It appears' : 'They appear'} here when Redis has taken ${entries === 1 ? 'it' : 'them'}.</p>`;
}

async function listed(inbox: Inbox, query: Query, now: Date) {
  const { entries, total } = await inbox.list({ limit: PAGE_SIZE, offset: (query.page - 1) * PAGE_SIZE });
  const body = html`${entries.length === 0 ? html`<p class="empty">${total === 0 ? 'No webhook came in yet.' : 'There is no such page.'} <a href="/setup">Set one up</a></p>` : table(entries, now)}
${pager(query.page, Math.ceil(total / PAGE_SIZE), (page) => addressOf(query, { page }))}`;
  return { total, body };
}

async function searched(inbox: Inbox, query: Query, now: Date) {
  const { q: text, source, verdict, from } = query;
  const { entries, total, next } = await inbox.search({ text, source, verdict }, { offset: from, limit: PAGE_SIZE });
  const reach = `${entries.length === 0 ? 'None' : entries.length} of the webhooks ${(from + 1).toLocaleString('en')} to ${(next ?? total).toLocaleString('en')}, counted from the newest, ${entries.length === 1 ? 'fits' : 'fit'}.`;
  const large = text !== undefined && ` Bodies above ${SEARCHED_BODY_BYTES / 1024} KiB are not searched.`;
  const body = html`<p class="mute">${reach}${large}</p>
${entries.length > 0 && table(entries, now)}
${(next !== undefined || from > 0) && html`<nav class="pager" aria-label="More">${from > 0 && html`<a href="${addressOf(query)}">← newest</a>`} ${next !== undefined && html`<a rel="next" href="${addressOf(query, { from: next })}">search older →</a>`}</nav>`}`;
  return { total, body };
}

function filters(query: Query, sources: readonly string[]): Html {
  const option = (value: string, chosen: string | undefined) =>
    html`<option${value === chosen && html` selected`}>${value}</option>`;
  return html`<form class="filters search" method="get" action="/inbox" role="search">
<label class="wide">delivery id, sha, project or deployment <input type="search" name="q" value="${exactly(query.q ?? '')}" autocomplete="off" spellcheck="false"></label>
<label>source <select name="source"><option value="">any</option>${sources.map((name) => option(name, query.source))}</select></label>
<label>verdict <select name="verdict"><option value="">any</option>${VERDICTS.map((name) => option(name, query.verdict))}</select></label>
<span class="buttons"><button>Search</button>${(query.q ?? query.source ?? query.verdict) !== undefined && html` <a href="/inbox">clear</a>`}</span></form>`;
}

const table = (entries: readonly InboxEntry[], now: Date): Html => html`<table class="inbox">
<thead><tr><th>When</th><th>Verdict</th><th>Source</th><th>Why</th><th class="number">Size</th></tr></thead>
<tbody>${entries.map(
  (
    entry,
  ) => html`<tr class="${LOOKS[entry.verdict]}"><td class="when"><a href="${pathOf(entry)}">${when(entry.receivedAt, now)}</a></td>
<td class="state">${verdictBadge(entry.verdict)}${entry.spooled && html` <span class="mute">spooled</span>`}</td><td class="source">${entry.source}</td><td class="why">${reasonOf(entry)}</td><td class="number">${size(entry.bytes)}</td></tr>`,
)}</tbody></table>`;

export const pathOf = ({ id }: InboxEntry): string => `/inbox/${encodeURIComponent(id)}`;

export function reasonOf({ reason, detail, deployments }: InboxEntry): Html {
  return html`${reason && html`<code>${reason}</code> `}${detail}${deployments.map((key) => html` <a class="key" href="${deploymentPath(key)}"><bdi>${key}</bdi></a>`)}`;
}

/** The sender's id of this delivery, else ours. */
export function deliveryIdOf({ source: name, headers, id }: InboxEntry, sources: readonly Source[]): string {
  const source = sources.find((candidate) => candidate.name === name);
  return source?.deliveryIdHeaders.map((header) => headers[header]).find((value) => value !== undefined) ?? id;
}

const size = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`);

export interface WebhookView {
  readonly id: string;
  readonly asked: unknown;
  readonly who: Who;
  readonly now: Date;
}

/** One webhook as it came. */
export async function webhookPage(inbox: Inbox, { id, asked, who, now }: WebhookView): Promise<Html | undefined> {
  const entry = await inbox.get(id);
  if (!entry) return undefined;
  const words = wordsFor(entry.reason);
  return html`${heading(`Webhook to ${entry.source}`, verdictBadge(entry.verdict))}
${doneNote(asked)}
${fields([
  [
    'Why',
    (entry.reason ?? entry.detail) && html`${entry.reason && html`<code>${entry.reason}</code> `}${entry.detail}`,
  ],
  ['It means', words && withCode(words.means)],
  ['What to do', words && withCode(words.advice)],
  [
    entry.verdict === 'duplicate' ? 'Duplicate of' : 'Deployments',
    entry.deployments.length > 0 &&
      entry.deployments.map((key) => html`<div>${link(deploymentPath(key), html`<bdi>${key}</bdi>`)}</div>`),
  ],
  ['Received', when(entry.receivedAt, now)],
  ['Spooled', entry.spooled && 'It waited on disk while Redis was away.'],
  ['Request', html`<code>${entry.method} ${entry.path}</code>`],
  ['Size', size(entry.bytes)],
  ['Id', html`<code>${entry.id}</code>`],
])}
${entry.body && mapAgain(entry, who)}
${section('Headers', headersOf(entry))}
${section('Body', bodyOf(entry.body))}`;
}

const mapAgain = (entry: InboxEntry, who: Who): Html | undefined =>
  actionForm(who, {
    to: '/actions/map-webhook',
    fields: { webhook: entry.id, back: pathOf(entry) },
    body: html`<button>Map this again</button> <span class="mute">with the mappers and rules of today</span>`,
  });

function headersOf({ headers }: InboxEntry): Html {
  if (Object.keys(headers).length === 0) return html`<p class="mute">None that is kept: no secret ever is.</p>`;
  return fields(Object.entries(headers).map(([name, value]) => [name, html`<code>${value}</code>`] as const));
}

function bodyOf(body: string | undefined): Html {
  if (body === undefined) return html`<p class="mute">Not kept: nobody knows who wrote it.</p>`;
  if (body === '') return html`<p class="mute">Empty.</p>`;
  const text = (body.length <= SHOWN_BODY && prettyJson(body)) || body;
  const cut = text.length > SHOWN_BODY;
  return html`${cut && html`<p class="mute">The first ${SHOWN_BODY / 1000} KB of ${size(Buffer.byteLength(body))}.</p>`}<pre tabindex="0">${text.slice(0, SHOWN_BODY)}</pre>`;
}
