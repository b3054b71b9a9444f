import { State } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import { laneOf } from '../domain/lane.ts';
import type { Window } from '../domain/timeline.ts';
import { addressOf, type ChangesQuery, isFiltered, RANGE_NAMES, type Range } from './changes-query.ts';
import { exactly, type Html, html } from './html.ts';

const FORM = 'filters';

/** A plain GET form: what it sends is the address of the page. */
export function changesFilters(query: ChangesQuery, newest: readonly Deployment[]): Html {
  const known = {
    environment: newest.flatMap(({ environment }) => [environment.name, laneOf(environment)]),
    service: newest.map(({ service }) => service),
    person: newest.flatMap(({ actor, commit }) => [actor, commit?.author]).filter((name) => name !== undefined),
    source: newest.map((deployment) => deployment.reportedSource ?? deployment.source),
  };
  const field = (name: keyof typeof known) => html`<label>${name}
<input name="${name}" value="${exactly(query[name] ?? '')}" list="known-${name}" placeholder="any" autocomplete="off" spellcheck="false"></label>
<datalist id="known-${name}">${[...new Set(known[name])].sort().map((value) => html`<option value="${exactly(value)}"></option>`)}</datalist>`;
  const option = (state: string) => html`<option${state === query.status && html` selected`}>${state}</option>`;
  return html`<form class="filters" id="${FORM}" method="get" action="/" role="search" aria-label="Changes">
<label class="grow">text <input type="search" name="text" value="${exactly(query.text ?? '')}" placeholder="commit, sha, person, …" autocomplete="off" spellcheck="false"></label>
<details class="facets" open><summary>More filters</summary><div>${field('environment')}${field('service')}${field('person')}${field('source')}
<label>state <select name="status"><option value="">any</option>${State.options.map(option)}</select></label></div></details>
${query.range !== undefined && html`<input type="hidden" name="range" value="${query.range}">`}
${query.from !== undefined && html`<label class="moment">after <span class="utc">UTC</span> <input type="datetime-local" step="1" name="from" value="${local(query.from)}"></label>`}
<label class="moment">what changed before <span class="utc">UTC</span> <input type="datetime-local" step="1" name="to"${query.to !== undefined && html` value="${local(query.to)}"`}></label>
<span class="buttons"><button>Search</button>${(isFiltered(query) || query.to !== undefined || query.from !== undefined) && html` <a href="/">clear</a>`}</span>
</form>`;
}

/** What a datetime-local field holds: no zone, no milliseconds. Rounded up, so that nothing before it is lost. */
const local = (ms: number): string => new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19);

/** Zoom, and the neighbouring spans of time. */
export function timeBar(query: ChangesQuery, { range, window }: { range: Range; window: Window }): Html {
  const { fromMs, toMs } = window;
  const width = toMs - fromMs;
  const zoomed = query.from !== undefined;
  const zoom = (name: Range) =>
    html`<a href="${addressOf(query, { range: name, from: undefined })}"${!zoomed && name === range && html` aria-current="true"`}>${name.replace(/(?=[hd]$)/, ' ')}</a>`;
  const past = query.to !== undefined || zoomed;
  return html`<div class="timebar">
<nav class="ranges" aria-label="Zoom">${RANGE_NAMES.map(zoom)}</nav>
<nav class="ranges" aria-label="Move in time">
<a href="${addressOf(query, { from: Math.max(0, fromMs - width), to: fromMs })}">← earlier</a>${past && html`<a href="${addressOf(query, { from: toMs, to: toMs + width })}">later →</a><a href="${addressOf(query, { from: Math.max(0, fromMs - width), to: toMs + width })}">wider</a><a href="${addressOf(query, { from: undefined, to: undefined })}">now</a>`}
</nav>
</div>`;
}
