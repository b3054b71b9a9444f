import type { Alert } from '../../domain/alert.ts';
import type { Deployment } from '../../domain/deployment.ts';
import type { UnknownName } from '../../domain/known-names.ts';
import type { RunningStatusOf } from '../../domain/running.ts';
import type { TextSuggestion } from '../../domain/text-suggestions.ts';
import { swimlanesOf, type Window } from '../../domain/timeline.ts';
import type { LazyTimelineEntry } from '../../domain/timeline-entry.ts';
import type { Source } from '../../sources/source.ts';
import type { Alerts } from '../../store/alerts/alerts.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { ChangeSelection } from '../../store/changes/search/filter.ts';
import { textSuggestions } from '../../store/changes/search/names.ts';
import type { Listed } from '../../store/changes/search/query.ts';
import type { Running } from '../../store/changes/timeline/running.ts';
import { MAX_TIMELINE_ENTRIES } from '../../store/changes/timeline/timeline.ts';
import {
  addressOf,
  type ChangesQuery,
  filterOf,
  isFiltered,
  RANGE_NAMES,
  RANGES,
  type Range,
  reachOf,
  readChangesQuery,
  spanOf,
  usualRangeOf,
} from '../changes-query.ts';
import type { Html } from '../html.ts';
import { ChangeFilters, TimeBar } from '../parts/change-filters.tsx';
import { ChangeList } from '../parts/change-list.tsx';
import { Heading, Pager } from '../parts/layout.tsx';
import { readServiceLanes } from '../parts/service-lanes.ts';
import { When } from '../parts/time.tsx';
import { type ShownLane, Timeline } from '../parts/timeline.tsx';
import { Legend } from '../parts/timeline-marks.tsx';
import { UnknownNames } from '../parts/unknown-names.tsx';
import type { Suggestions } from '../suggestions.ts';

const PAGE_SIZE = 50;

export interface ChangesParts {
  readonly alerts: Pick<Alerts, 'list'>;
  readonly deployments: Deployments;
  readonly running: Running;
  readonly sources: readonly Source[];
  readonly suggest: () => Promise<Suggestions>;
}

export interface ChangesView {
  readonly body: Html;
  /** No change was ever recorded. */
  readonly empty: boolean;
  /** Parameters of the address that could not be read: they are left out, and the page says so. */
  readonly isMisread: boolean;
}

/** The changes as a timeline and as a list, the newest first. */
export async function changesPage(
  { deployments, alerts, running, sources, suggest }: ChangesParts,
  asked: unknown,
  now: Date,
): Promise<ChangesView> {
  const { problems: unread, ...query } = readChangesQuery(asked, now);
  const { selection, unknown } = await deployments.resolve(filterOf(query, {}, now));
  const problems = unread.map(({ field, message }) => `${field} was left out of the filter: ${message}.`);
  const reading = Promise.all([
    find({ deployments, alerts, query, facets: selection.facets, now }),
    deployments.list({ facets: {}, limit: 1, offset: 0 }),
    suggest(),
  ]);
  const [[found, newest, suggestions], statusOf] = await Promise.all([reading, running.statusOf(reading)]);
  const asking = { names: () => deployments.names(), found: found.list.total };
  const meant = query.person ? [] : await textSuggestions(query.text, asking);
  return {
    body: <Changes {...{ found, newest, suggestions, query, problems, unknown, meant, statusOf, now, sources }} />,
    empty: newest.total === 0,
    isMisread: problems.length > 0,
  };
}

interface View {
  readonly found: QueryResult;
  readonly newest: Listed;
  readonly suggestions: Suggestions;
  readonly query: ChangesQuery;
  readonly problems: readonly string[];
  readonly unknown: readonly UnknownName[];
  /** What a text may have meant that finds nothing, or not all. */
  readonly meant: readonly TextSuggestion[];
  readonly statusOf: RunningStatusOf;
  readonly now: Date;
  readonly sources: readonly Source[];
}

function Changes(view: View): Html {
  const { found, newest, suggestions, query, problems, unknown, meant, statusOf, now, sources } = view;
  const { list, alerts, range, window } = found;
  const shown = list.deployments.length > 0;
  const isDrawn = shown || alerts.length > 0;
  // Only a page that goes up to now has something to wait for.
  return (
    <>
      <Heading aside={<Aside list={list} query={query} />}>Changes</Heading>
      <ChangeFilters query={query} suggestions={suggestions} />
      <div id="changes" data-live={query.to === undefined && '/events'}>
        <div id="span">
          <TimeBar {...{ query, range, window }} legend={isDrawn && <Legend alerts={alerts.length > 0} />} />
          <Notes {...{ found, query, problems }} />
          <UnknownNames names={unknown} suggestions={meant} address={(change) => addressOf(query, change)} />
        </div>
        <div id="drawn">{isDrawn && <Drawn found={found} query={query} />}</div>
        <div id="list">
          {shown ? (
            <ChangeList {...{ deployments: list.deployments, query, statusOf, now, sources }} />
          ) : (
            <Nothing {...{ query, range, now }} last={newest.deployments[0]} />
          )}
          <Pager
            current={query.page}
            pages={Math.ceil(list.total / PAGE_SIZE)}
            address={(page) => addressOf(query, { page })}
          />
          {shown && <TakeAlong query={{ ...query, page: 1, range: query.from === undefined ? range : query.range }} />}
        </div>
      </div>
    </>
  );
}

function Drawn({ found, query }: Pick<View, 'found' | 'query'>): Html {
  const { entries, services, alerts, window } = found;
  return (
    <Timeline
      lanes={services ?? swimlanesOf(entries, window)}
      of={services ? 'service' : 'environment'}
      {...{ window, alerts }}
      laneAddress={(name) => addressOf(query, services ? { service: name } : { environment: name })}
      spanAddress={(span) => addressOf(query, spanOf(span))}
    />
  );
}

/** The same span and filter as a file, all pages of it. */
const TakeAlong = ({ query }: { query: ChangesQuery }): Html => (
  <p class="buttons mute">
    All of these as{' '}
    {['csv', 'ndjson'].map((format) => (
      <a href={addressOf(query).replace('/', `/changes.${format}`)}>{format.toUpperCase()}</a>
    ))}
  </p>
);

interface QueryResult {
  readonly list: Listed;
  readonly entries: readonly LazyTimelineEntry[];
  /** A lane each, where all is of one environment. */
  readonly services: readonly ShownLane[] | undefined;
  readonly alerts: readonly Alert[];
  /** The range of the query, or the shortest that holds anything. */
  readonly range: Range;
  readonly window: Window;
}

interface Search {
  readonly deployments: Deployments;
  readonly alerts: Pick<Alerts, 'list'>;
  readonly query: ChangesQuery;
  /** The names in full where the query has a part of one. */
  readonly facets: ChangeSelection['facets'];
  readonly now: Date;
}

async function find(search: Search): Promise<QueryResult> {
  const { deployments, query, facets, now } = search;
  const range = query.range ?? usualRangeOf(query);
  const found = await findWithin(search, range);
  const mayWiden = query.range === undefined && query.from === undefined && found.list.total === 0;
  if (!mayWiden) return found;
  const [last] = (await deployments.list({ ...filterOf(query, {}, now), facets, limit: 1, offset: 0 })).deployments;
  if (!last) return { ...found, range: 'all' };
  const ageMs = found.window.toMs - Date.parse(last.occurredAt);
  const wider = RANGE_NAMES.find((name) => name !== 'all' && RANGES[name] >= ageMs) ?? 'all';
  return findWithin(search, wider);
}

async function findWithin({ deployments, alerts, query, facets, now }: Search, range: Range): Promise<QueryResult> {
  const reach = reachOf(query, now, range);
  const filter = { ...filterOf(query, reach, now), facets };
  const offset = (query.page - 1) * PAGE_SIZE;
  const [list, entries] = await Promise.all([
    deployments.list({ ...filter, limit: PAGE_SIZE, offset, isCounted: true }),
    deployments.timeline(filter),
  ]);
  const { window } = drawn(entries, reach);
  const [services, firing] = await Promise.all([
    query.environment === undefined ? undefined : readServiceLanes(deployments, entries, window),
    alertsIn(alerts, facets, window),
  ]);
  return { list, range, entries, services, window, alerts: firing };
}

/** A filter by service or environment applies to alerts as well; the others do not apply to alerts. */
const alertsIn = (alerts: Pick<Alerts, 'list'>, { service, environment }: Search['facets'], window: Window) =>
  alerts.list({
    services: service === undefined ? undefined : [service].flat(),
    environments: environment === undefined ? undefined : [environment].flat(),
    sinceMs: window.fromMs,
    untilMs: window.toMs,
  });

/** All changes begin with the first of them. */
function drawn(
  entries: readonly LazyTimelineEntry[],
  { fromMs, toMs }: { fromMs?: number; toMs: number },
): Pick<QueryResult, 'entries' | 'window'> {
  return { entries, window: { fromMs: fromMs ?? Math.min(entries.at(-1)?.atMs ?? toMs, toMs - 1), toMs } };
}

const Aside = ({ list, query }: { list: Listed; query: ChangesQuery }): Html => (
  <>
    <span class="zone" hidden />
    <span id="total">
      {list.total.toLocaleString('en')}
      {list.stopped && '+'} {list.total === 1 ? 'change' : 'changes'}
    </span>
    {query.to === undefined && (
      <button class="quiet live" id="live" type="button" aria-pressed="true" hidden>
        live
      </button>
    )}
  </>
);

function Notes({ found: { list, entries, range }, query, problems }: Pick<View, 'found' | 'query' | 'problems'>): Html {
  const widened = query.range === undefined && query.from === undefined && range !== usualRangeOf(query);
  const notes = [
    ...problems,
    widened &&
      list.total > 0 &&
      `Nothing changed in the 24 hours before ${query.to === undefined ? 'now' : 'that'}; this goes further back.`,
    list.stopped && <Stopped stopped={list.stopped} query={query} range={range} />,
    entries.length === MAX_TIMELINE_ENTRIES &&
      list.total > MAX_TIMELINE_ENTRIES &&
      `The timeline shows the newest ${MAX_TIMELINE_ENTRIES.toLocaleString('en')} of this span.`,
  ].filter((note) => note !== false && note !== undefined);
  if (notes.length === 0) return <></>;
  return (
    <ul class="notes">
      {notes.map((note) => (
        <li>{note}</li>
      ))}
    </ul>
  );
}

interface StoppedView {
  readonly stopped: NonNullable<Listed['stopped']>;
  readonly query: ChangesQuery;
  readonly range: Range;
}

/** Entries at the very last moment of the search may not have been seen. */
const Stopped = ({ stopped, query, range }: StoppedView): Html => (
  <>
    Only the newest {stopped.count.toLocaleString('en')} were looked through, for the sake of time.{' '}
    <a href={addressOf(query, { range, to: stopped.reachedMs + 1 })}>Look further back</a>
  </>
);

interface NothingView {
  readonly query: ChangesQuery;
  readonly range: Range;
  readonly last: Deployment | undefined;
  readonly now: Date;
}

function Nothing({ query, range, last, now }: NothingView): Html {
  const { page, from, to } = query;
  if (page > 1) {
    return (
      <p class="empty">
        There is no page {page}. <a href={addressOf(query)}>First page</a>
      </p>
    );
  }
  if (isFiltered(query)) {
    const everywhere = range === 'all' && from === undefined && to === undefined;
    const elsewhere = addressOf(query, { range: 'all', from: undefined, to: undefined });
    return (
      <p class="empty">
        No change matches this filter
        {!everywhere && [' in this span of time. ', <a href={elsewhere}>Look at all times</a>]}.{' '}
        <a href="/">Clear the filter</a>
      </p>
    );
  }
  if (!last) {
    return (
      <p class="empty">
        No change was recorded yet. <a href="/setup">Set a source up</a>
      </p>
    );
  }
  return (
    <p class="empty">
      Nothing changed {from === undefined && to === undefined ? `in the last ${range}` : 'in this span of time'}. The
      newest change was <When at={last.occurredAt} now={now} />. <a href="/">Show it</a>
    </p>
  );
}
