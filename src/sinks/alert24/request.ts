import { type Deployment, isFinal } from '../../domain/deployment.ts';
import type { Owner } from '../../domain/owners.ts';
import { headline } from '../../domain/summary.ts';
import { cutText } from '../../values/graphemes.ts';
import type { ChangeCreate } from './schema.ts';

// Alert24 documents no lengths. These keep a change readable, and a body small.
const MESSAGE_LIMIT = 2_000;
const DESCRIPTION_LIMIT = 4_000;
const SUMMARY_LIMIT = 500;
const NOTE_LIMIT = 200;
const NOTES_LIMIT = 5;

export const externalId = (deployment: Deployment): string =>
  deployment.externalId ?? `${deployment.key}:${deployment.state}`;

interface Attempt {
  readonly now: Date;
  readonly lateAfterMs: number;
  /** An earlier attempt may have created it already. */
  readonly possibleDuplicate: boolean;
  readonly sourceName?: string | undefined;
  readonly pageUrl?: string | undefined;
}

/** One deployment in one state as the body of a new change. */
export function toChange(
  deployment: Deployment,
  { now, lateAfterMs, possibleDuplicate, sourceName, pageUrl }: Attempt,
): ChangeCreate {
  const lateMs = now.getTime() - Date.parse(deployment.occurredAt);
  const late = lateMs > lateAfterMs;
  const source = deployment.reportedSource ?? sourceName;
  const message = (deployment.commit?.message ?? deployment.commit?.title)?.trim();
  const risk = deployment.riskLevel ?? (deployment.state === 'failed' ? 'high' : undefined);
  const url = deployment.pipelineUrl ?? deployment.jobUrl;
  const { commit, ref, pullRequest, actor } = deployment;
  return {
    summary: cutText(headline(deployment), SUMMARY_LIMIT),
    change_type: deployment.changeType,
    description: describe(deployment, { lateMs: late ? lateMs : undefined, pageUrl }),
    ...(source && { source }),
    ...(commit?.sha && { commit_sha: commit.sha }),
    ...(message && { commit_message: cutText(message, MESSAGE_LIMIT) }),
    ...(ref && { branch: ref }),
    ...(pullRequest?.number && { pr_number: String(pullRequest.number) }),
    ...(pullRequest?.url && { pr_url: pullRequest.url }),
    ...(url && { pipeline_url: url }),
    environment: deployment.environment.name,
    ...(risk && { risk_level: risk }),
    ...(actor && { changed_by: actor }),
    external_id: externalId(deployment),
    tags: tagsOf(deployment, { late, possibleDuplicate }),
  };
}

/** Alert24 stamps the time of arrival and accepts no other, so that the true times are in the text. */
function describe(
  deployment: Deployment,
  { lateMs, pageUrl }: { lateMs: number | undefined; pageUrl: string | undefined },
): string {
  const { occurredAt, startedAt, finishedAt, notes, owner } = deployment;
  const times = [
    `occurred_at=${occurredAt}`,
    startedAt && `started_at=${startedAt}`,
    isFinal(deployment.state) && finishedAt && `finished_at=${finishedAt}`,
  ];
  return [
    deployment.description && cutText(deployment.description.trim(), DESCRIPTION_LIMIT),
    times.filter(Boolean).join('; '),
    lateMs !== undefined &&
      `Sent late: it happened at ${occurredAt}, ${duration(lateMs)} before this was sent. The time that Alert24 ` +
        `shows is the time of arrival.`,
    owner && `Owner: ${ownerText(owner)}`,
    pageUrl && `Shiplog: ${pageUrl}`,
    ...notes.slice(0, NOTES_LIMIT).map((note) => `Note: ${cutText(note, NOTE_LIMIT)}`),
  ]
    .filter(Boolean)
    .join('\n');
}

const ownerText = ({ team, channel, runbook, on_call }: Owner): string =>
  [team, channel, runbook && `runbook ${runbook}`, on_call && `on call ${on_call}`].filter(Boolean).join(', ');

function tagsOf(deployment: Deployment, marks: { late: boolean; possibleDuplicate: boolean }): string[] {
  const { tags, source, environment, state, ref, tag, owner } = deployment;
  const all = [
    ...tags,
    source,
    tag && ref && `tag:${ref}`,
    environment.tier && `tier:${environment.tier}`,
    owner && `team:${owner.team}`,
    state !== 'succeeded' && `status:${state}`,
    marks.late && 'late',
    marks.possibleDuplicate && 'possible-duplicate',
  ];
  return [...new Set(all.filter((tag): tag is string => Boolean(tag)))]; // a type guard: filter drops '' and false
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}
