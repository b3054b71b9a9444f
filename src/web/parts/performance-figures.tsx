import type { ChangeType, State } from '../../domain/change-record.ts';
import type { GroupPerformance, Performance } from '../../domain/performance.ts';
import { plural } from '../../values/plural.ts';
import type { Html, Piece } from '../html.ts';
import { span as duration } from './time.tsx';

const ROWS = 50; // the page says how many there are; the export has all
const UNKNOWN = '–';
const timeOf = (ms: number | undefined) => (ms === undefined ? UNKNOWN : duration(ms));
const percent = (rate: number | undefined) =>
  rate === undefined ? UNKNOWN : `${(rate * 100).toFixed(rate > 0 && rate < 0.1 ? 1 : 0)} %`;
const perDay = (rate: number) => (rate >= 10 ? rate.toFixed(0) : rate.toFixed(rate >= 1 ? 1 : 2));

interface MeasuresView {
  readonly of: Performance;
  /** The same for the span of the same length before. */
  readonly before: Performance;
  /** Failures are alerts, not failed deployments. */
  readonly byAlerts: boolean;
  /** The page that lists the deployments of a figure. */
  readonly changes: (of: { readonly status?: State; readonly change_type?: ChangeType }) => string;
}

export function Measures({ of, before, byAlerts, changes }: MeasuresView): Html {
  const { frequency, leadTime, restore, finished } = of;
  return (
    <div class="measures">
      <Measure title="Deployments per day" figure={perDay(frequency.perDay)} before={perDay(before.frequency.perDay)}>
        {[
          <>
            <a href={changes({ status: 'succeeded' })}>{frequency.succeeded}</a> of{' '}
            {plural(finished, 'finished deployment')} succeeded.
          </>,
          'Successes, roll-backs included, divided by the days of the range.',
        ]}
      </Measure>
      <LeadTime of={leadTime} before={before.leadTime} />
      <ChangeFailure {...{ of, before, byAlerts, changes }} />
      <Measure title="Time to restore" figure={timeOf(restore.medianMs)} before={timeOf(before.restore.medianMs)}>
        {byAlerts
          ? restoredByAlerts(restore)
          : [
              `${plural(restore.restored, 'failure')} followed by a success` +
                `${restore.open > 0 ? `; ${restore.open} not yet` : ''}.`,
              'The median from the first failed deployment of a service in an environment to its next success there. ' +
                'A failed deployment is not always an outage, and an outage without one is not seen.',
            ]}
      </Measure>
    </div>
  );
}

/** The same where failures are alerts. */
const restoredByAlerts = ({ restored, open }: Performance['restore']): string[] => [
  `${plural(restored, 'alert')} resolved${open > 0 ? `; ${open} not yet` : ''}.`,
  'The median of how long the alerts lasted that count against a change. An outage without an alert is not seen.',
];

const failedByAlerts = ({ failed, of }: Performance['changeFailure']): (string | Html)[] => [
  <>
    <a href="/alerts">Alerts</a> began after {failed} of {plural(of, 'change')}.
  </>,
  'An alert counts against the last change of its service in its environment in the 24 hours before it.',
];

const ChangeFailure = ({ of: { changeFailure }, before, byAlerts, changes }: MeasuresView): Html => (
  <Measure title="Change failure rate" figure={percent(changeFailure.rate)} before={percent(before.changeFailure.rate)}>
    {byAlerts
      ? failedByAlerts(changeFailure)
      : [
          <>
            <a href={changes({ status: 'failed' })}>{changeFailure.failed}</a> failed and{' '}
            <a href={changes({ change_type: 'rollback' })}>{changeFailure.rolledBack}</a> were rolled back, of{' '}
            {plural(changeFailure.of, 'change')}.
          </>,
          'A roll-back itself is no change.',
        ]}
  </Measure>
);

interface LeadTimeView {
  readonly of: Performance['leadTime'];
  readonly before: Performance['leadTime'];
}

function LeadTime({ of: { medianMs, slowTenthMs, known, of }, before }: LeadTimeView): Html {
  const says = known === 1 ? 'says' : 'say';
  return (
    <Measure title="Lead time for changes" figure={timeOf(medianMs)} before={timeOf(before.medianMs)}>
      {[
        known === of
          ? `${plural(of, 'deployment')} of a new commit.`
          : `${known} of ${plural(of, 'deployment')} of a new commit ${says} when the commit was made.`,
        slowTenthMs !== undefined && `The slowest tenth took longer than ${duration(slowTenthMs)}.`,
        'The median from the time of the commit to its first success in the environment.',
      ]}
    </Measure>
  );
}

interface MeasureView {
  readonly title: string;
  readonly figure: string;
  readonly before: string;
  readonly children: readonly (string | Html | false)[];
}

const Measure = ({ title, figure, before, children }: MeasureView): Html => (
  <div class="card">
    <h2>{title}</h2>
    <p class="figure">{figure}</p>
    {children.map((line) => line && <p class="mute">{line}</p>)}
    <p class="mute">In the span before: {before === UNKNOWN ? 'no figure' : before}.</p>
  </div>
);

export interface FiguresView {
  readonly title: string;
  readonly rows: readonly GroupPerformance[];
  readonly address: (name: string) => string;
  /** The page of its changes. */
  readonly changes: (name: string) => string;
}

const COLUMNS = ['Finished', 'A day', 'Lead time', 'Failure rate', 'To restore'] as const;

export const FigureTable = ({ title, rows, address, changes }: FiguresView): Html => (
  <>
    <table class="stack">
      <thead>
        <tr>
          <th>{title}</th>
          {COLUMNS.map((name) => (
            <th class="number">{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, ROWS).map(({ name, qualifier, performance }) => (
          <tr>
            <td>
              <a href={address(name)}>
                <bdi>{name}</bdi>
              </a>
              {qualifier !== undefined && [' ', <bdi class="mute">{qualifier}</bdi>]}
            </td>
            {cells(performance).map((cell, index) => (
              <td class="number" data-label={COLUMNS[index]}>
                {index === 0 ? <a href={changes(name)}>{cell}</a> : cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
    {rows.length > ROWS && (
      <p class="mute">
        The {ROWS} with most deployments, of {rows.length}.
      </p>
    )}
  </>
);

function cells({ finished, frequency, leadTime, changeFailure, restore }: Performance): readonly Piece[] {
  const failures = restore.restored + restore.open;
  return [
    finished.toLocaleString('en'),
    perDay(frequency.perDay),
    <Figure value={timeOf(leadTime.medianMs)} base={`${leadTime.known} of ${leadTime.of}`} />,
    <Figure
      value={percent(changeFailure.rate)}
      base={`${changeFailure.failed + changeFailure.rolledBack} of ${changeFailure.of}`}
    />,
    <Figure
      value={timeOf(restore.medianMs)}
      base={failures === 0 ? 'no failure' : `${restore.restored} of ${failures}`}
    />,
  ];
}

/** With what it is computed from. */
const Figure = ({ value, base }: { value: string; base: string }): Html => (
  <span>
    {value} <span class="mute">{base}</span>
  </span>
);
