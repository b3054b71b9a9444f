import type { Source } from '../sources/source.ts';
import type { Inbox, InboxEntry } from '../store/inbox.ts';
import { when } from './format.ts';
import { type Html, html } from './html.ts';
import { pathOf, reasonOf, verdictBadge } from './inbox-page.ts';
import { heading } from './layout.ts';
import { helpFor } from './setup-help.ts';

/** Newest webhooks among which the last one of each source is looked for. */
const SEARCHED_WEBHOOKS = 500;

export interface SetupView {
  readonly sources: readonly Source[];
  readonly inbox: Inbox;
  /** Protocol and host by which the reader came. */
  readonly base: string;
  readonly now: Date;
  /** The source whose secret was asked for by an admin. */
  readonly show?: string;
  /** The page that this stands on: what "look again" loads. */
  readonly at: string;
}

/** Where to paste what, and whether it worked. */
export async function setupPage({ sources, inbox, base, now, show, at }: SetupView): Promise<Html> {
  const { entries, total } = await inbox.list({ limit: SEARCHED_WEBHOOKS, offset: 0 });
  const last = (source: Source) => entries.find((entry) => entry.source === source.name);
  const local = /^https?:\/\/(localhost|127\.|\[::1\])/.test(base);
  return html`${heading('Set-up', html`<a href="${at}">look again</a>`)}
${local && html`<p class="notes">You came by <code>${base}</code>, which only this machine can reach. Open this page by the address that your tools can reach, and the URLs below are right for them.</p>`}
<div class="cards setup">${sources.map((source) => {
    const url = `${base}/webhooks/${source.name}`;
    return html`<article class="card" id="${source.name}"><h2>${source.name}${source.type !== source.name && html` <span class="mute">${source.type}</span>`}</h2>
${lastWebhook(last(source), total, now)}
<p class="copy"><span>URL</span> <code>${url}</code></p>
${secretOf(source, source.name === show)}
${helpFor(source.type, { base, url, name: source.name })}</article>`;
  })}</div>`;
}

/** Did it work? */
function lastWebhook(entry: InboxEntry | undefined, total: number, now: Date): Html {
  if (!entry) {
    return html`<p class="last none">${total > SEARCHED_WEBHOOKS ? `None of the newest ${SEARCHED_WEBHOOKS} webhooks came from here.` : 'Nothing has come from here yet.'}</p>`;
  }
  const answer = {
    accepted: 'It arrived',
    recorded: 'It works',
    duplicate: 'It works',
    ignored: 'It arrives',
    rejected: 'Refused',
  }[entry.verdict];
  return html`<p class="last ${entry.verdict}"><strong>${answer}.</strong> Last webhook <a href="${pathOf(entry)}">${when(entry.receivedAt, now)}</a> ${verdictBadge(entry.verdict)} ${reasonOf(entry)}</p>`;
}

function secretOf({ name, secrets }: Source, shown: boolean): Html {
  if (shown)
    return html`${secrets.map((secret) => html`<p class="copy"><span>Secret</span> <code>${secret}</code></p>`)}<p class="mute">It stays out of sight when you leave this page.</p>`;
  return html`<form class="copy" method="post" action="/setup#${name}"><span>Secret</span> <input type="hidden" name="show" value="${name}"><button>Show the secret</button></form>`;
}
