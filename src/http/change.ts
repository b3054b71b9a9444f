import type { Deployment, Replaced } from '../domain/deployment.ts';
import { summarize } from '../domain/summary.ts';

/** One item of the change log: Alert24's fields, and ours for what Alert24 has no field for: state, times, notes. */
export function toChange(deployment: Deployment) {
  const { environment } = deployment;
  return {
    id: deployment.key,
    deployment: deployment.key,
    status: deployment.state,
    summary: summarize(deployment),
    change_type: deployment.changeType,
    description: deployment.description ?? null,
    source: deployment.reportedSource ?? deployment.source,
    environment: environment.name,
    environment_tier: environment.tier ?? null,
    environment_url: environment.url ?? null,
    service: deployment.service,
    service_id: deployment.serviceId ?? null,
    ...codeOf(deployment),
    risk_level: deployment.riskLevel ?? 'low',
    changed_by: deployment.actor ?? null,
    external_id: deployment.externalId ?? deployment.key,
    artifacts: deployment.artifacts,
    manifests: deployment.manifests ?? null,
    owner: deployment.owner ?? null,
    replaced: deployment.replaced ? toReplaced(deployment.replaced) : null,
    waiting: deployment.waiting ?? null,
    stale_after: deployment.staleAfter ?? null,
    original: deployment.original ?? null,
    tags: deployment.tags,
    notes: deployment.notes,
    occurred_at: deployment.occurredAt,
    started_at: deployment.startedAt ?? null,
    finished_at: deployment.finishedAt ?? null,
    duration_seconds: durationSeconds(deployment),
    created_at: deployment.receivedAt,
  };
}

/** What was deployed, and by which pipeline. */
function codeOf({ repository, ref, tag, commit, pullRequest, pipelineUrl, job, jobUrl }: Deployment) {
  return {
    repository: repository?.name ?? null,
    branch: ref ?? null,
    tag: tag ? (ref ?? null) : null,
    commit_sha: commit?.sha ?? null,
    commit_message: commit?.message ?? commit?.title ?? null,
    commit_url: commit?.url ?? null,
    pr_number: pullRequest?.number ?? null,
    pr_url: pullRequest?.url ?? null,
    pipeline_url: pipelineUrl ?? null,
    job: job ?? null,
    job_url: jobUrl ?? null,
  };
}

const toReplaced = ({ deployment, sha, compareUrl, artifacts }: Replaced) => ({
  deployment,
  commit_sha: sha ?? null,
  compare_url: compareUrl ?? null,
  artifacts: [...(artifacts ?? [])],
});

/** From the start of the work to its end; null while it runs, or where the source gave no start. */
function durationSeconds({ startedAt, finishedAt }: Deployment): number | null {
  if (!startedAt || !finishedAt) return null;
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  return ms >= 0 ? Math.round(ms / 1000) : null; // the times may come from two clocks
}
