import { ChangeType, RiskLevel, Tier } from '../../domain/change-record.ts';
import type { Window } from '../../domain/timeline.ts';
import { SHOWN_STATES } from '../../store/changes/search/filter.ts';
import { addressOf, type ChangesQuery, isFiltered, RANGE_NAMES, type Range } from '../changes-query.ts';
import type { Html } from '../html.ts';
import type { Suggestions } from '../suggestions.ts';
import { ChoiceField, FilterForm, NameField, SearchField } from './filter-form.tsx';

/** The parameters in the folded part of the form. */
const FIELDS = [
  'environment',
  'service',
  'person',
  'owner',
  'source',
  'tier',
  'change_type',
  'risk',
  'tag',
  'status',
] as const;

interface FiltersView {
  readonly query: ChangesQuery;
  readonly suggestions: Suggestions;
}

export function ChangeFilters({ query, suggestions }: FiltersView): Html {
  const isNarrowed = isFiltered(query) || query.to !== undefined || query.from !== undefined;
  return (
    <FilterForm action="/" id="filters" label="Changes" submit="Search" isFiltered={isNarrowed}>
      <SearchField name="text" value={query.text} placeholder="words or URL" width="grow" />
      <MoreFilters query={query} suggestions={suggestions} />
      {query.range !== undefined && <input type="hidden" name="range" value={query.range} />}
    </FilterForm>
  );
}

/** The folded part of the form, labelled with the filters in use. */
function MoreFilters({ query, suggestions }: FiltersView): Html {
  const field = (name: keyof Suggestions) => <NameField name={name} value={query[name]} known={suggestions[name]} />;
  const inUse = FIELDS.flatMap((name) =>
    query[name] === undefined ? [] : `${name.replace('change_type', 'type')} ${query[name]}`,
  );
  return (
    <details class="facets" open>
      <summary>More filters{inUse.length > 0 && `: ${inUse.join(', ')}`}</summary>
      <div>
        {field('environment')}
        {field('service')}
        {field('person')}
        {(suggestions.owner.length > 0 || query.owner !== undefined) && field('owner')}
        {field('source')}
        <ChoiceField name="tier" of={choicesOf(Tier)} chosen={query.tier} />
        <ChoiceField name="change_type" label="type" of={choicesOf(ChangeType)} chosen={query.change_type} />
        <ChoiceField name="risk" of={choicesOf(RiskLevel)} chosen={query.risk} />
        {field('tag')}
        <ChoiceField name="status" label="state" of={choicesOf({ options: SHOWN_STATES })} chosen={query.status} />
        {query.from !== undefined && (
          <TimeField name="from" at={query.from}>
            after
          </TimeField>
        )}
        <TimeField name="to" at={query.to}>
          what changed before
        </TimeField>
      </div>
    </details>
  );
}

const choicesOf = ({ options }: { readonly options: readonly string[] }) => options.map((value) => ({ value }));

const TimeField = ({ name, at, children }: { name: string; at: number | undefined; children: string }): Html => (
  <label class="moment">
    {children} <span class="utc">UTC</span>{' '}
    <input type="datetime-local" step="1" name={name} value={at === undefined ? undefined : local(at)} />
  </label>
);

/** The value of a datetime-local field: no zone, no milliseconds. Rounded up, so that nothing before it is lost. */
const local = (ms: number): string => new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19);

interface TimeBarView {
  readonly query: ChangesQuery;
  readonly range: Range;
  readonly window: Window;
  /** What the marks below mean, if there are any: beside the links it takes no line of its own. */
  readonly legend: Html | false;
}

/** Zoom, and the neighbouring time spans. */
export function TimeBar({ query, range, window, legend }: TimeBarView): Html {
  const { fromMs, toMs } = window;
  const width = toMs - fromMs;
  const zoomed = query.from !== undefined;
  const before = Math.max(0, fromMs - width);
  return (
    <div class="timebar">
      <nav class="ranges" aria-label="Zoom">
        {RANGE_NAMES.map((name) => (
          <a
            href={addressOf(query, { range: name, from: undefined })}
            aria-current={!zoomed && name === range && 'true'}
          >
            {name.replace(/(?=[hd]$)/, ' ')}
          </a>
        ))}
      </nav>
      {legend}
      <nav class="ranges" aria-label="Move in time">
        <a href={addressOf(query, { from: before, to: fromMs })}>← earlier</a>
        {(query.to !== undefined || zoomed) && (
          <>
            <a href={addressOf(query, { from: toMs, to: toMs + width })}>later →</a>
            <a href={addressOf(query, { from: before, to: toMs + width })}>wider</a>
            <a href={addressOf(query, { from: undefined, to: undefined })}>now</a>
          </>
        )}
      </nav>
    </div>
  );
}
