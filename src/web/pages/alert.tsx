import { type Alert, serviceOf } from '../../domain/alert.ts';
import { summarize } from '../../domain/summary.ts';
import type { Suspect } from '../../domain/suspects.ts';
import type { Alerts } from '../../store/alerts/alerts.ts';
import type { Suspects, SuspectsOf } from '../../store/alerts/suspects.ts';
import type { Html } from '../html.ts';
import { AlertBadge } from '../parts/alert-labels.tsx';
import { deploymentPath, RiskBadge, StateBadge, TypeBadge } from '../parts/deployment-labels.tsx';
import { plural } from '../parts/labels.tsx';
import { Fields, Heading, Section } from '../parts/layout.tsx';
import { Link } from '../parts/link.tsx';
import { span, When } from '../parts/time.tsx';

export interface AlertPageParts {
  readonly alerts: Alerts;
  readonly suspectsOf: SuspectsOf;
}

/** One alert, and the changes that may have caused it. Undefined: there is no such alert. */
export async function alertPage({ alerts, suspectsOf }: AlertPageParts, id: string, now: Date) {
  const alert = await alerts.get(id);
  if (!alert) return undefined;
  const found = await suspectsOf(alert);
  return (
    <>
      <Heading aside={<AlertBadge state={alert.state} />}>
        <bdi>{alert.title}</bdi>
      </Heading>
      {alert.summary !== undefined && (
        <p>
          <bdi>{alert.summary}</bdi>
        </p>
      )}
      <Section title="Suspects">
        <SuspectList {...{ alert, found, now }} />
      </Section>
      <Section title="Alert">
        <Facts alert={alert} now={now} />
      </Section>
    </>
  );
}

interface Found {
  readonly alert: Alert;
  readonly found: Suspects;
  readonly now: Date;
}

function SuspectList({ alert, found: { suspects, looked }, now }: Found): Html {
  return (
    <>
      {suspects.length === 0 ? (
        <p class="empty">
          No change was found before it. <a href={changesBefore(alert)}>Look at all changes before it</a>
        </p>
      ) : (
        <ol class="suspects">
          {suspects.map((suspect) => (
            <SuspectItem suspect={suspect} now={now} />
          ))}
        </ol>
      )}
      <Looked of={looked} />
      {suspects.length > 0 && (
        <p>
          <a href={changesBefore(alert)}>All changes before it</a>
        </p>
      )}
    </>
  );
}

const SuspectItem = ({ suspect: { deployment, points, reasons }, now }: { suspect: Suspect; now: Date }): Html => (
  <li>
    <StateBadge state={deployment.state} /> <TypeBadge type={deployment.changeType} />{' '}
    <RiskBadge level={deployment.riskLevel} />{' '}
    <a href={deploymentPath(deployment.key)}>
      <bdi>{summarize(deployment)}</bdi>
    </a>{' '}
    <span class="mute">
      <bdi>{deployment.service}</bdi>, <bdi>{deployment.environment.name}</bdi>{' '}
      <When at={deployment.occurredAt} now={now} />
      {deployment.actor !== undefined && [', ', <bdi>{deployment.actor}</bdi>]}
    </span>
    <ul class="reasons">
      {reasons.map((reason) => (
        <li>
          {reason.text} <span class="mute">{signed(reason.points)}</span>
        </li>
      ))}
      <li class="mute">{plural(points, 'point')} in all</li>
    </ul>
  </li>
);

const signed = (points: number): string => (points < 0 ? `−${-points}` : `+${points}`);

/** What was compared, so that a reader knows what was not. */
function Looked({ of: { services, environments, team, compared } }: { of: Suspects['looked'] }): Html {
  const names = (what: string, list: readonly string[]) =>
    list.length === 0
      ? `no ${what} that the change log knows`
      : `${what}${list.length > 1 ? 's' : ''} ${list.join(', ')}`;
  return (
    <p class="mute">
      {plural(compared, 'change')} compared: of the {names('service', services)} in the 7 days before; of the{' '}
      {names('environment', environments)}
      {team !== undefined && ` and of the team ${team}`} in the day before.
    </p>
  );
}

function changesBefore({ startedAt, environment }: Alert): string {
  const to = new Date(Date.parse(startedAt) + 1).toISOString();
  return `/?${new URLSearchParams({ ...(environment !== undefined && { environment }), to })}`;
}

const Facts = ({ alert, now }: { alert: Alert; now: Date }): Html => (
  <Fields
    of={[
      ['service', serviceOf(alert) ?? 'none is named: see service_labels of the source'],
      ['environment', alert.environment ?? 'none is named: see environment_labels and environments of the source'],
      ['severity', alert.severity],
      ['began', <When at={alert.startedAt} now={now} />],
      ['ended', alert.endedAt !== undefined && <Ended alert={alert} now={now} />],
      ['last reported', <When at={alert.lastReportedAt} now={now} />],
      ['reported by', `${alert.tool} (${alert.instance})`],
      ['page', alert.url !== undefined && <Link to={alert.url}>{alert.url}</Link>],
      ['runbook', alert.runbookUrl !== undefined && <Link to={alert.runbookUrl}>{alert.runbookUrl}</Link>],
      [
        'webhook',
        alert.webhook !== undefined && <a href={`/inbox/${encodeURIComponent(alert.webhook)}`}>as it came in</a>,
      ],
      ...Object.entries(alert.labels).map(([label, value]) => [<code>{label}</code>, <bdi>{value}</bdi>] as const),
    ]}
  />
);

const Ended = ({ alert: { startedAt, endedAt = startedAt }, now }: { alert: Alert; now: Date }): Html => (
  <>
    <When at={endedAt} now={now} /> after {span(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)))}
  </>
);
