import { digest } from '../domain/change-record.ts';
import { wordsFor } from '../sources/reasons.ts';
import type { Source } from '../sources/source.ts';
import type { Inbox, InboxEntry } from '../store/inbox.ts';
import { NEWEST_AMONG, newestBySource } from '../store/newest.ts';
import { TEST_AGENT } from './actions.ts';
import { when } from './format.ts';
import { type Html, html } from './html.ts';
import { pathOf, reasonOf, verdictBadge } from './inbox-page.ts';
import { withCode } from './inline-code.ts';

const LOOK_EVERY_MS = 2_000;

/** Without script the page is whole; with it, the answers come by themselves. */
export const SETUP_SCRIPT = `'use strict';
setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch('/setup/last', { redirect: 'error' }).catch(() => undefined);
  if (!answer || !answer.ok) return;
  const seen = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const fresh of seen.querySelectorAll('[data-last]')) {
    const shown = document.getElementById(fresh.id);
    // Whoever stands on its link by keyboard must not be thrown off it.
    if (shown && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  }
}, ${LOOK_EVERY_MS});
`;
export const SETUP_SCRIPT_PATH = `/assets/setup.js?v=${digest(SETUP_SCRIPT).slice(0, 8)}`;

/** What the script asks for every two seconds. */
export async function lastFragment(sources: readonly Source[], inbox: Inbox, now: Date): Promise<string> {
  const { newest, isAll } = await newestBySource(inbox);
  return sources.map(({ name }) => lastWebhook(name, { entry: newest.get(name), isAll, now }).markup).join('\n');
}

const ANSWERS = {
  accepted: 'It arrived',
  recorded: 'It works',
  duplicate: 'It works',
  ignored: 'It arrives',
  rejected: 'Refused',
} as const;

interface Seen {
  readonly entry: InboxEntry | undefined;
  /** No older one was left out. */
  readonly isAll: boolean;
  readonly now: Date;
}

const isTest = ({ headers }: InboxEntry) => headers['user-agent'] === TEST_AGENT;

/** Did it work, and what to do where it did not. */
export function lastWebhook(source: string, { entry, isAll, now }: Seen): Html {
  const id = `last-${source}`;
  if (!entry) {
    const words = isAll
      ? 'Nothing has come from here yet.'
      : `None of the newest ${NEWEST_AMONG} webhooks came from here.`;
    return html`<div class="last none" id="${id}" data-last>${words}</div>`;
  }
  const words = wordsFor(entry.reason);
  return html`<div class="last ${entry.verdict}" id="${id}" data-last><p><strong>${ANSWERS[entry.verdict]}.</strong> Last webhook${isTest(entry) && ' (our own test event)'} <a href="${pathOf(entry)}">${when(entry.receivedAt, now)}</a> ${verdictBadge(entry.verdict)} ${reasonOf(entry)}</p>${words && html`<p>${withCode(words.means)} ${withCode(words.advice)}</p>`}</div>`;
}
