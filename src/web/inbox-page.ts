import { wordsFor } from '../sources/reasons.ts';
import type { Inbox, InboxEntry, Verdict } from '../store/inbox.ts';
import { deploymentPath, when } from './format.ts';
import { type Html, html, link } from './html.ts';
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

export const verdictBadge = (verdict: Verdict): Html => html`<span class="badge ${LOOKS[verdict]}">${verdict}</span>`;

/** Every webhook and what became of it. */
export async function inboxPage(inbox: Inbox, page: number, now: Date): Promise<Html> {
  const { entries, total } = await inbox.list({ limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE });
  return html`${heading('Inbox', html`<span>${total.toLocaleString('en')} ${total === 1 ? 'webhook' : 'webhooks'}</span>`)}
${entries.length === 0 ? html`<p class="empty">No webhook came in yet. <a href="/setup">Set one up</a></p>` : table(entries, now)}
${pager(page, Math.ceil(total / PAGE_SIZE), (number) => `/inbox?page=${number}`)}`;
}

const table = (entries: readonly InboxEntry[], now: Date): Html => html`<table class="inbox">
<thead><tr><th>When</th><th>Verdict</th><th>Source</th><th>Why</th><th class="number">Size</th></tr></thead>
<tbody>${entries.map(
  (
    entry,
  ) => html`<tr class="${LOOKS[entry.verdict]}"><td class="when"><a href="${pathOf(entry)}">${when(entry.receivedAt, now)}</a></td>
<td class="state">${verdictBadge(entry.verdict)}</td><td class="source">${entry.source}</td><td class="why">${reasonOf(entry)}</td><td class="number">${size(entry.bytes)}</td></tr>`,
)}</tbody></table>`;

export const pathOf = ({ id }: InboxEntry): string => `/inbox/${encodeURIComponent(id)}`;

export function reasonOf({ reason, detail, deployments }: InboxEntry): Html {
  return html`${reason && html`<code>${reason}</code> `}${detail}${deployments.map((key) => html` <a class="key" href="${deploymentPath(key)}"><bdi>${key}</bdi></a>`)}`;
}

const size = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`);

/** One webhook as it came. */
export async function webhookPage(inbox: Inbox, id: string, now: Date): Promise<Html | undefined> {
  const entry = await inbox.get(id);
  if (!entry) return undefined;
  return html`${heading(`Webhook to ${entry.source}`, verdictBadge(entry.verdict))}
${fields([
  [
    'Why',
    (entry.reason ?? entry.detail) && html`${entry.reason && html`<code>${entry.reason}</code> `}${entry.detail}`,
  ],
  ['What to do', wordsFor(entry.reason)?.advice],
  [
    'Deployments',
    entry.deployments.length > 0 &&
      entry.deployments.map((key) => html`<div>${link(deploymentPath(key), html`<bdi>${key}</bdi>`)}</div>`),
  ],
  ['Received', when(entry.receivedAt, now)],
  ['Request', html`<code>${entry.method} ${entry.path}</code>`],
  ['Size', size(entry.bytes)],
  ['Id', html`<code>${entry.id}</code>`],
])}
${section('Headers', fields(Object.entries(entry.headers).map(([name, value]) => [name, html`<code>${value}</code>`] as const)))}
${section('Body', bodyOf(entry.body))}`;
}

function bodyOf(body: string | undefined): Html {
  if (body === undefined) return html`<p class="mute">Not kept: nobody knows who wrote it.</p>`;
  if (body === '') return html`<p class="mute">Empty.</p>`;
  const text = (body.length <= SHOWN_BODY && prettyJson(body)) || body;
  const cut = text.length > SHOWN_BODY;
  return html`${cut && html`<p class="mute">The first ${SHOWN_BODY / 1000} KB of ${size(Buffer.byteLength(body))}.</p>`}<pre tabindex="0">${text.slice(0, SHOWN_BODY)}</pre>`;
}
