import { type Deployment, type Replaced, replacing } from '../../domain/deployment.ts';
import type { Owner } from '../../domain/owners.ts';
import { versionSteps } from '../../domain/versions.ts';
import { forgeOf } from '../../forges/index.ts';
import { mergeRequestLabel } from '../../forges/label.ts';
import { runOf } from '../../forges/run.ts';
import { deploymentPath } from '../../values/own-page.ts';
import { shortSha } from '../../values/sha.ts';
import { capital } from '../../values/text.ts';
import type { Html, Piece } from '../html.ts';
import { Fields } from './layout.tsx';
import { Link } from './link.tsx';
import { durationOf, Moment, When } from './time.tsx';

const Mute = ({ children }: { children: Piece }): Html => (
  <>
    {' '}
    <span class="mute">{children}</span>
  </>
);

type Row = readonly [string, Piece];

export const What = ({ deployment }: { deployment: Deployment }): Html => (
  <Fields
    of={[
      ['Service', <ServiceName of={deployment} />],
      ['Environment', <EnvironmentName of={deployment} />],
      ...versionRows(deployment),
      ...commitRows(deployment),
      ...workRows(deployment),
      ['Description', deployment.description && <Message>{deployment.description}</Message>],
    ]}
  />
);

/** Which version it is, and of what. */
function versionRows(deployment: Deployment): readonly Row[] {
  const { repository, commit, ref, tag, replaced } = deployment;
  return [
    [
      'Repository',
      repository && [
        <Link to={repository.url}>{repository.name}</Link>,
        repository.gitlabProject && <Mute>project {repository.gitlabProject}</Mute>,
      ],
    ],
    [tag ? 'Tag' : tag === false ? 'Branch' : 'Ref', ref],
    ['Commit', commit?.sha && <Code to={commit.url ?? forgeOf(repository)?.commitUrl(commit.sha)}>{commit.sha}</Code>],
    [capital(replacing(deployment)), replaced && <ReplacedBefore of={replaced} />],
    ['Versions', versionSteps(deployment)],
  ];
}

function commitRows({ commit, pullRequest, repository }: Deployment): readonly Row[] {
  const message = commit?.message ?? commit?.title;
  return [
    ['Author', commit?.author && [commit.author, commit.committedAt && [' ', <Moment at={commit.committedAt} />]]],
    ['Message', message && <Message>{message.trim()}</Message>],
    [
      'Pull request',
      pullRequest && (
        <Link to={pullRequest.url}>
          {`${mergeRequestLabel(pullRequest, repository)} ${pullRequest.title ?? ''}`.trim()}
        </Link>
      ),
    ],
  ];
}

/** What did it, and what it rolled out. */
function workRows({ pipelineUrl, job, jobUrl, manifests, artifacts }: Deployment): readonly Row[] {
  return [
    ['Pipeline', pipelineUrl && <Link to={pipelineUrl}>{runOf(pipelineUrl)?.pipeline ?? pipelineUrl}</Link>],
    ['Job', (jobUrl ?? job) && <Link to={jobUrl}>{job ?? runOf(jobUrl)?.job ?? jobUrl}</Link>],
    [
      'Manifests',
      manifests && [
        <Link to={manifests.url}>{manifests.repository ?? manifests.url}</Link>,
        manifests.revision && [' ', <code>{manifests.revision}</code>],
      ],
    ],
    [
      'Artifacts',
      artifacts.length > 0 &&
        artifacts.map((artifact) => (
          <div>
            <code>{artifact}</code>
          </div>
        )),
    ],
  ];
}

const Code = ({ to, children }: { to: string | undefined; children: Piece }): Html => (
  <code>
    <Link to={to}>{children}</Link>
  </code>
);

const Message = ({ children }: { children: string }): Html => (
  <div class="message" dir="auto">
    {children}
  </div>
);

const ServiceName = ({ of: { service, serviceId, original } }: { of: Deployment }): Html => (
  <>
    <a href={`/running?${new URLSearchParams({ service })}`} title="What runs where">
      {service}
    </a>
    {serviceId && <Mute>{serviceId}</Mute>}
    {original?.service && <Mute>there: {original.service}</Mute>}
  </>
);

const EnvironmentName = ({ of: { environment, original } }: { of: Deployment }): Html => (
  <>
    <Link to={environment.url}>{environment.name}</Link>
    {environment.tier && <Mute>tier {environment.tier}</Mute>}
    {original?.environment && <Mute>there: {original.environment}</Mute>}
  </>
);

/** What ran there before, and the changes between the two. */
const ReplacedBefore = ({ of: { deployment, sha, compareUrl } }: { of: Replaced }): Html => (
  <>
    <Link to={deploymentPath(deployment)}>{sha ? <code>{shortSha(sha)}</code> : <bdi>{deployment}</bdi>}</Link>
    {compareUrl && [' · ', <Link to={compareUrl}>compare the two</Link>]}
  </>
);

/** Whom to call. */
export const OwnerName = ({ of: { team, channel, runbook, on_call } }: { of: Owner }): Html => (
  <>
    <a href={`/?${new URLSearchParams({ owner: team, range: '24h' })}`}>{team}</a>
    {channel !== undefined && <Mute>{channel}</Mute>}
    {runbook !== undefined && [' · ', <Link to={runbook}>runbook</Link>]}
    {on_call !== undefined && [' · ', <Link to={on_call}>on call</Link>]}
  </>
);

export function WhenAndWho({ deployment, now }: { deployment: Deployment; now: Date }): Html {
  const { reportedSource, source, instance, tags, externalId } = deployment;
  const time = (iso: string | undefined) => iso && <When at={iso} now={now} />;
  return (
    <Fields
      of={[
        ['Who', deployment.actor],
        ['Owner', deployment.owner && <OwnerName of={deployment.owner} />],
        ['Happened', time(deployment.occurredAt)],
        ['Started', time(deployment.startedAt)],
        ['Finished', time(deployment.finishedAt)],
        ['Took', durationOf(deployment, now)],
        ['Received', time(deployment.receivedAt)],
        ['Source', [reportedSource ?? source, instance !== source && <Mute>received as {instance}</Mute>]],
        ['Change type', deployment.changeType.replaceAll('_', ' ')],
        ['Risk', deployment.riskLevel],
        ['Tags', tags.length > 0 && tags.map((tag) => [<span class="tag">{tag}</span>, ' '])],
        ['External id', externalId && <code>{externalId}</code>],
        ['Key', <code>{deployment.key}</code>],
      ]}
    />
  );
}
