import type { ChangeType, State } from '../domain/change-record.ts';
import { type Deployment, isFinal } from '../domain/deployment.ts';
import { type Html, html, link } from './html.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `2026-03-14 20:05:09 UTC`. The server cannot know the reader's zone, so it names its own. */
export function exactTime(iso: string): string {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? iso : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The same as markup: a script of ours puts the reader's own zone in its place. */
export const moment = (iso: string): Html => html`<span class="exact">${exactTime(iso)}</span>`;

/** How long ago, or how far ahead: the sender's clock may be fast. */
function relativeTime(iso: string, now: Date): string {
  const ms = now.getTime() - Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  if (Math.abs(ms) < 5 * SECOND_MS) return 'just now';
  return ms > 0 ? `${roughly(ms)} ago` : `in ${roughly(-ms)}`;
}

export const when = (iso: string, now: Date): Html =>
  html`<time datetime="${iso}">${relativeTime(iso, now)} <span class="exact">${exactTime(iso)}</span></time>`;

function roughly(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** `2 min 5 s`: the two largest units. */
export function span(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${Math.floor((ms % MINUTE_MS) / SECOND_MS)} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} min`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/** How long it took, or has taken so far. Absent where a start or an end is not known, or the clocks contradict each other. */
export function durationOf({ startedAt, finishedAt, state }: Deployment, now: Date): string | undefined {
  const end = finishedAt ? Date.parse(finishedAt) : state === 'running' ? now.getTime() : undefined;
  if (!startedAt || end === undefined) return undefined;
  const ms = end - Date.parse(startedAt);
  if (!(ms >= 0)) return undefined;
  return isFinal(state) ? span(ms) : `${span(ms)} so far`;
}

const SIGNS: Readonly<Record<State, string>> = {
  pending: '◌',
  running: '●',
  succeeded: '✓',
  failed: '✕',
  canceled: '–',
};

export const stateBadge = (state: State): Html =>
  html`<span class="badge ${state}"><span aria-hidden="true">${SIGNS[state]}</span> ${state}</span>`;

/** Nothing for a plain deployment: what is usual needs no word. */
export function typeBadge(type: ChangeType): Html | undefined {
  if (type === 'deployment') return undefined;
  if (type === 'rollback') return html`<span class="badge rollback"><span aria-hidden="true">↩</span> roll-back</span>`;
  return html`<span class="badge other">${type.replaceAll('_', ' ')}</span>`;
}

/** The first line of what was deployed, in the words of who wrote it. */
export const firstLine = (text: string | undefined): string | undefined =>
  text
    ?.split('\n')
    .find((line) => line.trim())
    ?.trim();

/** A lone surrogate cannot stand in a URL; the store keeps U+FFFD in its place as well. */
export const deploymentPath = (key: string): string =>
  `/deployments/${encodeURIComponent(Buffer.from(key).toString()).replaceAll('%3A', ':')}`;

/** Branch or tag, and the sha as a link to the commit. */
export function revisionOf({ ref, tag, commit, artifacts }: Deployment): Html | undefined {
  const sha = commit?.sha && html`<code>${link(commit.url, commit.sha.slice(0, 8))}</code>`;
  const name = ref && html`<span class="ref">${tag ? 'tag ' : ''}<bdi>${ref}</bdi></span>`;
  if (!sha && !name) return artifacts[0] === undefined ? undefined : html`<code>${artifacts[0]}</code>`;
  return html`${name} ${sha}`;
}
