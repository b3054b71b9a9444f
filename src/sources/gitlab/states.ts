import type { State } from '../../domain/change-record.ts';
import type { ApiStatus } from './api-schema.ts';
import type { DeploymentStatus, JobStatus } from './schema.ts';

/** undefined: nothing was deployed. GitLab never sends those two, but its API knows them. */
export const DEPLOYMENT_STATES: Readonly<Record<DeploymentStatus, State | undefined>> = {
  created: undefined,
  skipped: undefined,
  blocked: 'pending',
  approved: 'pending',
  running: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
  // GitLab sends `failed` afterwards, which is the same outcome: domain/fold.ts makes one of the two.
  rejected: 'canceled',
};

/** undefined: it has not started (yet). `canceling` still runs, in its after_script. */
export const JOB_STATES: Readonly<Record<JobStatus, State | undefined>> = {
  created: undefined,
  waiting_for_resource: undefined,
  preparing: undefined,
  waiting_for_callback: undefined,
  pending: undefined,
  scheduled: undefined,
  manual: undefined,
  skipped: undefined,
  running: 'running',
  canceling: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

/** undefined: nothing was deployed. The API reports approvals apart from the status. */
export const API_STATES: Readonly<Record<ApiStatus, State | undefined>> = {
  created: 'pending',
  blocked: 'pending',
  skipped: undefined,
  running: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};
