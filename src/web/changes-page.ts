import { z } from 'zod';
import { State } from '../domain/change-record.ts';
import { type Deployment, summarize } from '../domain/deployment.ts';
import type { Deployments } from '../store/deployments.ts';
import { deploymentPath, durationOf, firstLine, linksOf, revisionOf, stateBadge, typeBadge, when } from './format.ts';
import { exactly, type Html, html } from './html.ts';
import { heading, pager } from './layout.ts';

const PAGE_SIZE = 50;
/** The newest changes, whose names the filter fields offer. */
const SUGGEST_FROM = 200;
const HOUR_MS = 3_600_000;
const RANGES = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
  all: undefined,
} as const;

const Text = z.string().trim().min(1).max(300).optional().catch(undefined);
/** All that the page shows stands in its URL, so that it can be passed on. */
const Query = z.object({
  environment: Text,
  service: Text,
  source: Text,
  status: State.optional().catch(undefined),
  range: z.enum(['1h', '24h', '7d', '30d', 'all']).catch('all'),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
  live: z.literal('1').optional().catch(undefined),
});
type Query = z.infer<typeof Query>;

function addressOf(query: Query, change: Partial<Query> = {}): string {
  const { range, page, ...rest } = { ...query, page: 1, ...change };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) search.set(name, value);
  if (range !== 'all') search.set('range', range);
  if (page > 1) search.set('page', String(page));
  return search.size > 0 ? `/?${search}` : '/';
}

export interface ChangesView {
  readonly body: Html;
  readonly live: boolean;
  /** No change was ever recorded. */
  readonly empty: boolean;
}

/** What changed? The newest first. */
export async function changesPage(deployments: Deployments, asked: unknown, now: Date): Promise<ChangesView> {
  const query = Query.parse(asked);
  const { environment, service, source, status, range, page } = query;
  const facets = {
    ...(environment && { environment }),
    ...(service && { service }),
    ...(source && { source }),
    ...(status && { status }),
  };
  const reachMs = RANGES[range];
  const [found, newest] = await Promise.all([
    deployments.list({
      facets,
      ...(reachMs && { sinceMs: now.getTime() - reachMs }),
      limit: PAGE_SIZE,
      offset: (page - 1) * PAGE_SIZE,
    }),
    deployments.list({ facets: {}, limit: SUGGEST_FROM, offset: 0 }),
  ]);
  const pages = Math.ceil(found.total / PAGE_SIZE);
  const body = html`${heading('Changes', aside(query, found.total))}
${filters(query, newest.deployments)}
${found.deployments.length > 0 ? table(found.deployments, query, now) : nothing(query)}
${pager(page, pages, (number) => addressOf(query, { page: number }))}`;
  return { body, live: query.live !== undefined, empty: newest.total === 0 };
}

function aside(query: Query, total: number): Html {
  const live = query.live
    ? html`<a href="${addressOf(query, { live: undefined })}">stop live</a>`
    : html`<a href="${addressOf(query, { live: '1' })}">live</a>`;
  return html`<span>${total.toLocaleString('en')} ${total === 1 ? 'change' : 'changes'}</span> ${live}`;
}

function filters(query: Query, newest: readonly Deployment[]): Html {
  const known = {
    environment: newest.map(({ environment }) => environment.name),
    service: newest.map(({ service }) => service),
    source: newest.map((deployment) => deployment.reportedSource ?? deployment.source),
  };
  const field = (name: keyof typeof known) => html`<label>${name}
<input name="${name}" value="${exactly(query[name] ?? '')}" list="known-${name}" placeholder="any" autocomplete="off" spellcheck="false"></label>
<datalist id="known-${name}">${[...new Set(known[name])].sort().map((value) => html`<option value="${exactly(value)}">`)}</datalist>`;
  const option = (state: string) => html`<option${state === query.status && html` selected`}>${state}</option>`;
  const ranges = Object.keys(RANGES) as Query['range'][]; // the keys of the literal above
  return html`<form class="filters" method="get" action="/">
${field('environment')}${field('service')}${field('source')}
<label>status <select name="status"><option value="">any</option>${State.options.map(option)}</select></label>
${query.range !== 'all' && html`<input type="hidden" name="range" value="${query.range}">`}${query.live && html`<input type="hidden" name="live" value="1">`}
<span class="buttons"><button>Filter</button>${isFiltered(query) && html` <a href="/">clear</a>`}</span>
<nav class="ranges" aria-label="Time range">${ranges.map((range) => html`<a href="${addressOf(query, { range })}"${range === query.range && html` aria-current="true"`}>${range.replace(/(?=[hd]$)/, ' ')}</a>`)}</nav>
</form>`;
}

const isFiltered = ({ environment, service, source, status, range }: Query) =>
  Boolean(environment || service || source || status) || range !== 'all';

function nothing(query: Query): Html {
  if (query.page > 1)
    return html`<p class="empty">There is no page ${query.page}. <a href="${addressOf(query)}">First page</a></p>`;
  if (isFiltered(query)) return html`<p class="empty">No change fits this filter. <a href="/">Show all</a></p>`;
  return html`<p class="empty">No change was recorded yet.</p>`;
}

const COLUMNS = ['when', 'state', 'service', 'environment', 'what', 'who', 'took', 'links'];

const table = (deployments: readonly Deployment[], query: Query, now: Date): Html => html`<table class="changes">
<thead><tr>${COLUMNS.map((name) => html`<th class="${name}">${name}</th>`)}</tr></thead>
<tbody>${deployments.map((deployment) => row(deployment, query, now))}</tbody>
</table>`;

function row(deployment: Deployment, query: Query, now: Date): Html {
  const { key, state, changeType, service, environment, commit, actor, occurredAt, source, reportedSource } =
    deployment;
  const what = firstLine(deployment.summary) ?? commit?.title ?? firstLine(commit?.message) ?? summarize(deployment);
  return html`<tr class="${state} ${changeType}">
<td class="when">${when(occurredAt, now)}</td>
<td class="state">${stateBadge(state)} ${typeBadge(changeType)}</td>
<td class="service"><a href="${addressOf(query, { service })}"><bdi>${service}</bdi></a></td>
<td class="environment"><a href="${addressOf(query, { environment: environment.name })}"><bdi>${environment.name}</bdi></a></td>
<td class="what"><a href="${deploymentPath(key)}"><bdi>${what}</bdi></a> <div class="revision">${revisionOf(deployment)} <span class="mute">${reportedSource ?? source}</span></div></td>
<td class="who"><bdi>${actor}</bdi></td>
<td class="took">${durationOf(deployment, now)}</td>
<td class="links">${linksOf(deployment).map((found, index) => html`${index > 0 && ' '}${found}`)}</td>
</tr>`;
}
