import type { NewChangeRecord } from '../../domain/change-record.ts';
import type { RejectionCode } from '../../domain/errors.ts';
import type { Answer, Outcome } from '../outcome.ts';

/** Alert24 answers every error as `{"error": {type, message, status}}`; these are its types. */
const ERRORS: Readonly<Record<RejectionCode, { type: string; status: number }>> = {
  bad_signature: { type: 'authentication_error', status: 401 },
  not_json: { type: 'validation_error', status: 400 },
  bad_payload: { type: 'validation_error', status: 400 },
  too_large: { type: 'validation_error', status: 413 },
  unproved: { type: 'authentication_error', status: 401 },
  no_such_source: { type: 'not_found', status: 404 },
  wrong_method: { type: 'validation_error', status: 405 },
};

/** Alert24's answer: the created change in `data`, or an `error`. */
export function answerOf(outcome: Outcome): Answer | undefined {
  switch (outcome.kind) {
    case 'accepted': {
      const record = outcome.records[0];
      const duplicate = outcome.isRepeat && { duplicate: true };
      return record && { status: 201, body: { data: { ...toChange(record), ...duplicate } } };
    }
    case 'rejected': {
      const { type, status } = ERRORS[outcome.error.code];
      return error(type, outcome.error.message, status);
    }
    case 'not_kept':
      return error('server_error', 'the change could not be stored just now: send it again (curl --retry 5)', 503);
    case 'answered':
    case 'ignored':
    case 'unproved':
      return undefined;
  }
}

const error = (type: string, message: string, status: number): Answer => ({
  status,
  body: { error: { type, message, status } },
});

/** What was kept, in the fields of Alert24's Change; `job_url`, `status`, `service`, `notes`, `duplicate` are ours. */
function toChange(record: NewChangeRecord) {
  return {
    id: record.id,
    summary: record.summary,
    service_id: record.serviceId ?? null,
    change_type: record.changeType,
    description: record.description ?? null,
    source: record.reportedSource ?? null,
    commit_sha: record.commit?.sha ?? null,
    commit_message: record.commit?.message ?? null,
    branch: record.ref ?? null,
    pr_number: record.pullRequest?.number ?? null,
    pr_url: record.pullRequest?.url ?? null,
    pipeline_url: record.pipelineUrl ?? null,
    ...(record.jobUrl && { job_url: record.jobUrl }),
    environment: record.environment.name,
    risk_level: record.riskLevel ?? 'low',
    changed_by: record.actor ?? null,
    external_id: record.externalId ?? null,
    tags: record.tags,
    created_at: record.receivedAt,
    status: record.state,
    service: record.service,
    notes: record.notes,
  };
}
