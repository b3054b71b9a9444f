import { type Alert, serviceOf } from '../../domain/alert.ts';
import type { Owner } from '../../domain/owners.ts';
import { summarize } from '../../domain/summary.ts';
import type { Suspect } from '../../domain/suspects.ts';
import type { Alerts } from '../../store/alerts/alerts.ts';
import type { Suspects, SuspectsOf } from '../../store/alerts/suspects.ts';
import type { Running } from '../../store/changes/timeline/running.ts';
import { deploymentPath, webhookPath } from '../../values/own-page.ts';
import { plural } from '../../values/plural.ts';
import type { Html } from '../html.ts';
import { AlertBadge } from '../parts/alert-labels.tsx';
import { OwnerName } from '../parts/deployment-facts.tsx';
import { RiskBadge, StateBadge, TypeBadge } from '../parts/deployment-labels.tsx';
import { Title } from '../parts/labels.tsx';
import { Fields, Heading, Section } from '../parts/layout.tsx';
import { Link } from '../parts/link.tsx';
import { span, When } from '../parts/time.tsx';

export interface AlertPageParts {
  readonly alerts: Alerts;
  readonly suspectsOf: SuspectsOf;
  readonly running: Pick<Running, 'ownerOf'>;
}

/** One alert, and the changes that may have caused it. Undefined: there is no such alert. */
export async function alertPage({ alerts, suspectsOf, running }: AlertPageParts, id: string, now: Date) {
  const alert = await alerts.get(id);
  if (!alert) return undefined;
  const found = await suspectsOf(alert);
  return (
    <>
      <Heading aside={<AlertBadge state={alert.state} />}>
        <bdi>{alert.title}</bdi>
      </Heading>
      <Outline alert={alert} owner={running.ownerOf(serviceOf(alert) ?? '')} now={now} />
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

/** What is paged about, since when, and whom to call: the first thing to be read. */
const Outline = ({ alert, owner, now }: { alert: Alert; owner: Owner | undefined; now: Date }): Html => (
  <p class="outline">
    {[serviceOf(alert), alert.environment, alert.severity]
      .filter((name) => name !== undefined)
      .map((name) => [<bdi>{name}</bdi>, ' · '])}
    began <When at={alert.startedAt} now={now} />
    {owner !== undefined && [' · owner ', <OwnerName of={owner} />]}
  </p>
);

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
    <p>
      <a href={deploymentPath(deployment.key)}>
        <Title of={summarize(deployment)} name={deployment.service} />
      </a>{' '}
      <StateBadge state={deployment.state} /> <TypeBadge type={deployment.changeType} />{' '}
      <RiskBadge level={deployment.riskLevel} />
    </p>
    <p class="mute">
      <bdi>{deployment.service}</bdi> · <bdi>{deployment.environment.name}</bdi>
      {deployment.actor !== undefined && [' · ', <bdi>{deployment.actor}</bdi>]} ·{' '}
      <When at={deployment.occurredAt} now={now} />
    </p>
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
      ['Service', serviceOf(alert) ?? 'none is named: see service_labels of the source'],
      ['Environment', alert.environment ?? 'none is named: see environment_labels and environments of the source'],
      ['Severity', alert.severity],
      ['Began', <When at={alert.startedAt} now={now} />],
      ['Ended', alert.endedAt !== undefined && <Ended alert={alert} now={now} />],
      ['Last reported', <When at={alert.lastReportedAt} now={now} />],
      ['Reported by', `${alert.tool} (${alert.instance})`],
      ['Page', alert.url !== undefined && <Link to={alert.url}>{alert.url}</Link>],
      ['Runbook', alert.runbookUrl !== undefined && <Link to={alert.runbookUrl}>{alert.runbookUrl}</Link>],
      ['Webhook', alert.webhook !== undefined && <a href={webhookPath(alert.webhook)}>as it came in</a>],
      ...Object.entries(alert.labels).map(([label, value]) => [<code>{label}</code>, <bdi>{value}</bdi>] as const),
    ]}
  />
);

const Ended = ({ alert: { startedAt, endedAt = startedAt }, now }: { alert: Alert; now: Date }): Html => (
  <>
    <When at={endedAt} now={now} /> after {span(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)))}
  </>
);
