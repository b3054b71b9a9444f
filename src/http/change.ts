import type { Deployment } from '../domain/deployment.ts';
import { summarize } from '../domain/summary.ts';

/** One item of the change log: Alert24's fields, and what it has no field for: state, times, notes. */
export function toChange(deployment: Deployment) {
  const { commit, pullRequest, environment, repository } = deployment;
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
    repository: repository?.name ?? null,
    branch: deployment.ref ?? null,
    tag: deployment.tag ? (deployment.ref ?? null) : null,
    commit_sha: commit?.sha ?? null,
    commit_message: commit?.message ?? commit?.title ?? null,
    commit_url: commit?.url ?? null,
    pr_number: pullRequest?.number ?? null,
    pr_url: pullRequest?.url ?? null,
    pipeline_url: deployment.pipelineUrl ?? null,
    job: deployment.job ?? null,
    job_url: deployment.jobUrl ?? null,
    risk_level: deployment.riskLevel ?? 'low',
    changed_by: deployment.actor ?? null,
    external_id: deployment.externalId ?? deployment.key,
    artifacts: deployment.artifacts,
    manifests: deployment.manifests ?? null,
    owner: deployment.owner ?? null,
    replaced: deployment.replaced
      ? {
          deployment: deployment.replaced.deployment,
          commit_sha: deployment.replaced.sha ?? null,
          compare_url: deployment.replaced.compareUrl ?? null,
          artifacts: [...(deployment.replaced.artifacts ?? [])],
        }
      : null,
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

/** From the start of the work to its end; null while it runs, or where the source gave no start. */
function durationSeconds({ startedAt, finishedAt }: Deployment): number | null {
  if (!startedAt || !finishedAt) return null;
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  return ms >= 0 ? Math.round(ms / 1000) : null; // two clocks may disagree
}
