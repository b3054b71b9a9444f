import type { Source } from '../sources/source.ts';
import type { Inbox, InboxEntry } from '../store/inbox.ts';
import { newestBySource } from '../store/newest.ts';
import { actionForm, type Who } from './action-form.ts';
import { deploymentPath } from './format.ts';
import { exactly, type Html, html, link } from './html.ts';
import { pathOf, verdictBadge } from './inbox-page.ts';
import { heading } from './layout.ts';
import { recipeFor } from './setup-help.ts';
import { lastWebhook, SETUP_SCRIPT_PATH } from './setup-live.ts';

export interface SetupView {
  readonly sources: readonly Source[];
  readonly sinkNames: readonly string[];
  readonly inbox: Inbox;
  /** Protocol and host by which the reader came. */
  readonly base: string;
  readonly now: Date;
  readonly who: Who;
  /** The source whose secret was asked for by an admin. */
  readonly show?: string;
  /** The webhook of a test event that was just sent. */
  readonly test?: string;
  /** The page that this stands on: what "refresh" loads. */
  readonly at: string;
  /** It stands in for the changes, of which there are none yet. */
  readonly welcome?: boolean;
}

/** Where to paste what, and whether it worked. */
export async function setupPage(view: SetupView): Promise<Html> {
  const { sources, inbox, base, at, test, welcome = false } = view;
  const [{ newest, isAll }, tests] = await Promise.all([newestBySource(inbox), test ? inbox.entries([test]) : []]);
  const tested = tests[0];
  const local = /^https?:\/\/(localhost|127\.|\[::1\])/.test(base);
  const cards = await Promise.all(
    sources.map((source) =>
      card(source, {
        ...view,
        entry: newest.get(source.name),
        isAll,
        ...(tested?.source === source.name && { tested }),
      }),
    ),
  );
  return html`${heading(welcome ? 'Welcome' : 'Set-up', html`<a href="${at}">refresh</a>`)}
${welcome && html`<p class="lead">No deployment was recorded yet. Tell one of your tools where to send them, or send a test event and watch it arrive.</p>`}
${local && html`<p class="notes">You came by <code>${base}</code>, which only this machine can reach. Open this page by the address that your tools can reach, and the URLs below are right for them.</p>`}
${test !== undefined && !tested && html`<p class="complaint" role="status">The test event is not in the inbox: Redis is away, and it waits on disk. It appears as soon as Redis is back.</p>`}
<div class="cards setup">${cards}</div>
<script src="${SETUP_SCRIPT_PATH}" defer></script>`;
}

interface Card extends SetupView {
  readonly entry: InboxEntry | undefined;
  readonly isAll: boolean;
  readonly tested?: InboxEntry;
}

/** Where its card stands on the page. Sources may have any name, such as that of another part of the page. */
const placeOf = (name: string): string => `source-${name}`;

async function card(source: Source, view: Card): Promise<Html> {
  const { name, type } = source;
  const { base, who, show } = view;
  const url = `${base}/webhooks/${name}`;
  const secret = who.role === 'admin' && name === show ? source.secrets[0] : undefined;
  return html`<article class="card" id="${placeOf(name)}"><h2>${name}${type !== name && html` <span class="mute">${type}</span>`}</h2>
${lastWebhook(name, view)}
${testEvent(source, view)}
<p class="copy"><span>URL</span> <code>${url}</code></p>
${secretOf(source, secret === undefined ? who : 'shown')}
${await recipeFor(source, { base, url, name, secret })}</article>`;
}

function testEvent({ name }: Source, { who, at, sinkNames, tested }: Card): Html | undefined {
  const told = sinkNames.length > 0 && ` It is told to ${sinkNames.join(', ')} as well.`;
  return html`${
    tested &&
    html`<p class="done" role="status">The test event came in: ${verdictBadge(tested.verdict)} <a href="${pathOf(tested)}">its webhook</a>${tested.deployments.map((key) => html`, ${link(deploymentPath(key), 'its change')}`)}</p>`
  }${actionForm(who, {
    to: '/actions/test-event',
    fields: { source: name, back: `${at === '/' ? '/setup' : at}#${placeOf(name)}` },
    body: html`<button>Send a test event</button> <span class="mute">An invented deployment to staging, signed as the tool does it: a webhook and a change like any other.${told}</span>`,
  })}`;
}

function secretOf({ name, secrets }: Source, seenBy: Who | 'shown'): Html | undefined {
  if (seenBy === 'shown')
    return html`${secrets.map((secret) => html`<p class="copy"><span>Secret</span> <code>${exactly(secret)}</code></p>`)}<p class="mute">It is filled in below, and stays out of sight when you leave this page.</p>`;
  return actionForm(seenBy, {
    to: `/setup#${placeOf(name)}`,
    fields: { show: name },
    body: html`<span class="label">Secret</span> <button>Show the secret</button> <span class="mute">and fill it in below</span>`,
  });
}
