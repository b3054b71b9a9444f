import type { Deployment } from '../../domain/deployment.ts';
import {
  type DateRange,
  daysOf,
  finishedDeployments,
  lastDays,
  type Measured,
  performanceBy,
  performanceOf,
} from '../../domain/performance.ts';
import { swimlaneOf } from '../../domain/swimlane.ts';
import {
  GROUPINGS,
  isIn,
  isOf,
  NO_TEAM,
  PERFORMANCE_RANGES,
  type PerformanceParts,
  readFailures,
  readSpan,
  spanBefore,
} from '../../http/performance.ts';
import { plural } from '../../values/plural.ts';
import type { Html } from '../html.ts';
import { Bars } from '../parts/bars.tsx';
import { ChoiceField, FilterForm, NameField } from '../parts/filter-form.tsx';
import { Heading, Section } from '../parts/layout.tsx';
import { FigureTable, Measures } from '../parts/performance-figures.tsx';
import { ALL, changesPath, PerformanceQuery, PRODUCTION, performancePath, type Range } from '../performance-query.ts';

/** The four measures of delivery, each with how it is computed and from how many deployments. */
export async function performancePage(
  { deployments, alerts }: PerformanceParts,
  asked: unknown,
  now: Date,
): Promise<Html> {
  const query = PerformanceQuery.parse(asked);
  const days = lastDays(PERFORMANCE_RANGES[query.range], now);
  const read = (span: DateRange) => readFinished({ deployments, alerts }, query, span);
  const [{ finished, found, total, span }, earlier] = await Promise.all([read(days), read(spanBefore(days))]);
  const ofService = finished.filter((one) => isOf(one, query));
  const choose = (all: readonly Deployment[]) => all.filter((one) => isOf(one, query) && isIn(one, query.environment));
  const chosen = choose(finished);
  const measured = { of: performanceOf(chosen, span), before: performanceOf(choose(earlier.finished), earlier.span) };
  return (
    <>
      <Heading aside={<Aside query={query} count={chosen.length} />}>Delivery performance</Heading>
      <Filters query={query} finished={finished} />
      {total > found && (
        <p class="notes">
          There are {total.toLocaleString('en')} changes in this time; only the newest {found.toLocaleString('en')} are
          looked at.
        </p>
      )}
      {chosen.length === 0 ? (
        <Nothing in={placeOf(query.environment)} />
      ) : (
        <>
          <Measures {...measured} byAlerts={query.failures === 'alerts'} changes={(of) => changesPath(query, of)} />
          <Section title="Deployments per day">
            <Bars days={daysOf(chosen, span)} />
          </Section>
        </>
      )}
      <ByEnvironment {...{ ofService, query, span }} />
      <ByService {...{ chosen, query, span }} />
      <ByTeam {...{ chosen, query, span }} />
      <Section title="What is counted">
        <Counted query={query} oldest={chosen[0]} />
      </Section>
    </>
  );
}

/** With the alerts of the span, where they count as failures. */
async function readFinished(
  { deployments, alerts }: PerformanceParts,
  { failures }: PerformanceQuery,
  days: DateRange,
) {
  const { found, total } = await readSpan(deployments, days);
  const finished = finishedDeployments(found);
  const failed = await readFailures(alerts, failures, { ...days, finished });
  const span: Measured = { ...days, alerts: failed.alerts };
  return { finished, found: found.length, total, span };
}

const Nothing = ({ in: place }: { in: string }): Html => (
  <p class="empty">
    No deployment to {place} has finished in this time.{' '}
    <a href={performancePath({ environment: ALL, service: '', owner: '', range: '90d', failures: 'deployments' })}>
      Show all environments, 90 days
    </a>
  </p>
);

function ByEnvironment({ ofService, query, span }: Omit<GroupView, 'chosen'> & OfService): Html {
  const rows = performanceBy(ofService, GROUPINGS.environment, span);
  if (rows.length === 0) return <></>;
  return (
    <Section title={query.service === '' ? 'By environment' : `By environment, ${query.service} alone`}>
      <FigureTable
        title="Environment"
        rows={rows}
        address={(environment) => performancePath({ ...query, environment })}
        changes={(environment) => changesPath({ ...query, environment })}
      />
    </Section>
  );
}

function ByService({ chosen, query, span }: GroupView): Html {
  const rows = performanceBy(chosen, GROUPINGS.service, span);
  if (rows.length === 0) return <></>;
  return (
    <Section title={`By service, ${placeOf(query.environment)}`}>
      <FigureTable
        title="Service"
        rows={rows}
        address={(service) => performancePath({ ...query, service })}
        changes={(service) => changesPath({ ...query, service })}
      />
    </Section>
  );
}

/** Where the configuration names owners. */
function ByTeam({ chosen, query, span }: GroupView): Html {
  if (!chosen.some(({ owner }) => owner)) return <></>;
  return (
    <Section title={`By team, ${placeOf(query.environment)}`}>
      <FigureTable
        title="Team"
        rows={performanceBy(chosen, GROUPINGS.team, span)}
        address={(team) => performancePath({ ...query, owner: team === NO_TEAM ? '' : team })}
        changes={(team) => changesPath({ ...query, owner: team === NO_TEAM ? '' : team })}
      />
    </Section>
  );
}

/** The figures of the chosen service in each environment. */
interface OfService {
  readonly ofService: readonly Deployment[];
}

interface GroupView {
  readonly chosen: readonly Deployment[];
  readonly query: PerformanceQuery;
  readonly span: Measured;
}

const Aside = ({ query, count }: { query: PerformanceQuery; count: number }): Html => (
  <>
    <a href={changesPath(query)}>{plural(count, 'finished deployment')}</a>
    <a href={`/performance.csv?${new URLSearchParams(query)}`}>CSV</a>
    <a href={`/performance.json?${new URLSearchParams(query)}`}>JSON</a>
  </>
);

const placeOf = (environment: string) =>
  environment === PRODUCTION ? 'production' : environment === ALL ? 'all environments' : environment;

const FAILURES = [
  { value: 'deployments', label: 'failed deployments' },
  { value: 'alerts', label: 'alerts' },
] as const;

function Filters({ query, finished }: { query: PerformanceQuery; finished: readonly Deployment[] }): Html {
  const environments = [...new Set(finished.map(({ environment }) => swimlaneOf(environment)))].sort();
  const services = [...new Set(finished.map(({ service }) => service))].sort();
  const teams = [...new Set(finished.flatMap(({ owner }) => owner?.team ?? []))].sort();
  const choices = [
    { value: PRODUCTION, label: 'production' },
    { value: ALL, label: 'all' },
    ...environments.filter((name) => name !== 'production').map((name) => ({ value: name, label: name })),
  ];
  const isListed = choices.some(({ value }) => value === query.environment);
  const options = isListed ? choices : [...choices, { value: query.environment, label: query.environment }];
  const ranges = (
    <nav class="ranges" aria-label="Time range">
      {(Object.keys(PERFORMANCE_RANGES) as Range[]).map((range) => (
        <a href={performancePath({ ...query, range })} aria-current={range === query.range && 'true'}>
          {range.replace('d', ' d')}
        </a>
      ))}
    </nav>
  );
  return (
    <FilterForm action="/performance" submit="Show" isFiltered={false} after={ranges}>
      <ChoiceField name="environment" of={options} chosen={query.environment} isRequired />
      <NameField name="service" value={query.service} known={services} />
      {teams.length > 0 && <NameField name="owner" value={query.owner} known={teams} />}
      <ChoiceField name="failures" of={FAILURES} chosen={query.failures} isRequired />
      <input type="hidden" name="range" value={query.range} />
    </FilterForm>
  );
}

const Counted = ({ query, oldest }: { query: PerformanceQuery; oldest: Deployment | undefined }): Html => (
  <p class="mute prose">
    {query.environment === PRODUCTION &&
      'Production is every environment whose tier is production or, where no tool says a tier, whose name says so. '}
    Counted are deployments, roll-backs, infrastructure and database changes that succeeded or failed; canceled ones and
    changes of configuration, flags or scale are not. Days are UTC days.
    {query.failures === 'alerts' &&
      ' Failures are alerts here: each counts against the last change of its service in its environment that had ' +
        'succeeded in the 24 hours before it began, and against none without one.'}
    {oldest && ` The oldest counted here is of ${oldest.occurredAt.slice(0, 10)}.`}
  </p>
);
