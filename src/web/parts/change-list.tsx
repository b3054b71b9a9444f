import { type Deployment, replacing } from '../../domain/deployment.ts';
import type { RunningStatus, RunningStatusOf } from '../../domain/running.ts';
import { isStale } from '../../domain/stale.ts';
import { summarize } from '../../domain/summary.ts';
import { mergeRequestLabel } from '../../forges/label.ts';
import type { Source } from '../../sources/source.ts';
import { deploymentPath } from '../../values/own-page.ts';
import { shortSha } from '../../values/sha.ts';
import { addressOf, type ChangesQuery } from '../changes-query.ts';
import type { Html } from '../html.ts';
import { Revision, RiskBadge, StateBadge, TypeBadge } from './deployment-labels.tsx';
import { firstLine, Title } from './labels.tsx';
import { Link } from './link.tsx';
import { RunningStatusNote } from './running-status.tsx';
import { durationOf, When } from './time.tsx';

const COLUMNS = ['when', 'state', 'service', 'environment', 'what', 'who', 'took', 'links'];

export interface ChangeListView {
  readonly deployments: readonly Deployment[];
  readonly query: ChangesQuery;
  readonly statusOf: RunningStatusOf;
  readonly now: Date;
  readonly sources: readonly Source[];
}

/** The timeline's changes as a list. Rows have an id by which the script recognises them. */
export const ChangeList = ({ deployments, query, statusOf, now, sources }: ChangeListView): Html => (
  <table class="changes" aria-label="Changes">
    <caption class="hidden">Changes, the newest first</caption>
    <thead>
      <tr>
        {COLUMNS.map((name) => (
          <th scope="col" class={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {deployments.map((deployment) => (
        <Row {...{ deployment, query, now, sources }} runningStatus={statusOf(deployment)} />
      ))}
    </tbody>
  </table>
);

interface RowView {
  readonly deployment: Deployment;
  readonly query: ChangesQuery;
  readonly runningStatus: RunningStatus | undefined;
  readonly now: Date;
  readonly sources: readonly Source[];
}

function Row({ deployment, query, runningStatus, now, sources }: RowView): Html {
  const { key, state, changeType, environment, occurredAt } = deployment;
  return (
    <tr class={`${state} ${changeType}`} data-key={key}>
      <td class="when">
        <BeforeThis at={occurredAt} query={query} /> <When at={occurredAt} now={now} />
      </td>
      <td class="state">
        <StateBadge state={state} /> <TypeBadge type={changeType} />{' '}
        {isStale(deployment, now) && <span class="badge stale">stale</span>} <RiskBadge level={deployment.riskLevel} />
      </td>
      <td class="service">
        <Service of={deployment} query={query} />
      </td>
      <td class="environment">
        <a href={addressOf(query, { environment: environment.name })}>
          <bdi>{environment.name}</bdi>
        </a>{' '}
        {runningStatus && !isUndone(runningStatus) && <RunningStatusNote of={runningStatus} now={now} />}
      </td>
      <td class="what">
        <a href={deploymentPath(key)}>
          <Title of={titleOf(deployment)} name={deployment.service} />
        </a>{' '}
        <div class="revision">
          <Revision of={deployment} />
          <Replaced of={deployment} />{' '}
          {runningStatus && isUndone(runningStatus) && <RunningStatusNote of={runningStatus} now={now} />}
        </div>
      </td>
      <td class="who">
        <Who of={deployment} query={query} />
        <Team of={deployment} query={query} />
      </td>
      <td class="took">{durationOf(deployment, now)}</td>
      <td class="links">
        <Links of={deployment} sources={sources} />
      </td>
    </tr>
  );
}

/** What was deployed, and who reported it. */
const Service = ({ of: { service, source, reportedSource }, query }: { of: Deployment; query: ChangesQuery }): Html => (
  <>
    <a href={addressOf(query, { service })}>
      <bdi>{service}</bdi>
    </a>{' '}
    <span class="mute reported">{reportedSource ?? source}</span>
  </>
);

/** The person and time of a roll-back need more room than the column has. */
const isUndone = ({ next }: RunningStatus): boolean => next?.changeType === 'rollback';

function titleOf(deployment: Deployment): string {
  const { summary, commit } = deployment;
  return firstLine(summary) ?? commit?.title ?? firstLine(commit?.message) ?? summarize(deployment);
}

const BeforeThis = ({ at, query }: { at: string; query: ChangesQuery }): Html => (
  <a class="before" title="What changed before this" href={addressOf(query, { to: Date.parse(at), from: undefined })}>
    before this
  </a>
);

/** Who deployed, and the commit's author where that is somebody else: a search for a person finds both. */
function Who({ of: { actor, commit }, query }: { of: Deployment; query: ChangesQuery }): Html {
  const person = (name: string) => (
    <a href={addressOf(query, { person: name })}>
      <bdi>{name}</bdi>
    </a>
  );
  const author = commit?.author;
  return (
    <>
      {actor !== undefined && person(actor)}{' '}
      {author !== undefined && author !== actor && <span class="mute">code: {person(author)}</span>}
    </>
  );
}

function Team({ of: { owner }, query }: { of: Deployment; query: ChangesQuery }): Html {
  if (!owner) return <></>;
  return (
    <>
      {' '}
      <span class="mute">
        team: <a href={addressOf(query, { owner: owner.team })}>{owner.team}</a>
      </span>
    </>
  );
}

function Replaced({ of }: { of: Deployment }): Html {
  const { replaced: before } = of;
  if (!before) return <></>;
  return (
    <>
      {' '}
      <span class="replaced">
        {replacing(of)}{' '}
        <a href={deploymentPath(before.deployment)}>
          {before.sha ? <code>{shortSha(before.sha)}</code> : 'the one before'}
        </a>
        {before.compareUrl !== undefined && [' (', <Link to={before.compareUrl}>compare</Link>, ')']}
      </span>
    </>
  );
}

/** The pages of the tools where it happened. */
function Links({ of, sources }: { of: Deployment; sources: readonly Source[] }): Html {
  const { pipelineUrl, jobUrl, pullRequest, environment, source, repository } = of;
  const all: (readonly [string | undefined, string])[] = [
    [pipelineUrl, sources.find(({ type }) => type === source)?.pipelineLabel ?? 'pipeline'],
    [jobUrl, 'job'],
    [pullRequest?.url, pullRequest ? mergeRequestLabel(pullRequest, repository) : ''],
    [environment.url, 'site'],
  ];
  const links = all.filter(([url]) => url !== undefined);
  return <>{links.map(([url, name], index) => [index > 0 && ' ', <Link to={url}>{name}</Link>])}</>;
}
