import { z } from 'zod';
import type { Mapped } from '../mapped.ts';
import { mapDeployment } from './map-deployment.ts';
import { mapJob, mapPipeline } from './map-job.ts';
import { type Context, ignored } from './record.ts';
import { DeploymentHook, JobHook, PipelineHook } from './schema.ts';

/**
 * A custom payload template may have dropped or changed `object_kind`; the header stays. Build Hook is the old name of
 * Job Hook.
 */
const KIND_OF_HEADER = new Map([
  ['deployment hook', 'deployment'],
  ['job hook', 'build'],
  ['build hook', 'build'],
  ['pipeline hook', 'pipeline'],
]);

const Envelope = z.object({
  object_kind: z.string().trim().optional().catch(undefined),
  event_name: z.string().trim().optional().catch(undefined),
});

/**
 * Maps GitLab's terms to ours. Never throws on an authentic webhook: GitLab disables a hook after a few 4xx answers,
 * and then the next real deployment would be lost.
 */
export function mapHook(payload: unknown, context: Context): Mapped {
  const envelope = Envelope.safeParse(payload);
  if (!envelope.success) return ignored('unmapped', 'The body is JSON, but not an object.');
  const header = context.webhook.headers['x-gitlab-event']?.trim();
  const { object_kind } = envelope.data;
  const kind = isOurs(object_kind) ? object_kind : (KIND_OF_HEADER.get(header?.toLowerCase() ?? '') ?? object_kind);
  // The schemas take any object: every field may be missing or wrong.
  if (kind === 'deployment') return mapDeployment(DeploymentHook.parse(payload), context);
  if (kind === 'build') return mapJob(JobHook.parse(payload), context);
  if (kind === 'pipeline') return mapPipeline(PipelineHook.parse(payload), context);
  const event = kind || envelope.data.event_name || header;
  if (!event) return ignored('unmapped', 'Neither object_kind nor X-Gitlab-Event says what this is.');
  const advice = header?.toLowerCase() === 'system hook' ? SYSTEM_HOOK_ADVICE : '';
  return ignored('not_a_deployment', `GitLab's "${event.slice(0, 80)}" event is not about a deployment.${advice}`);
}

const SYSTEM_HOOK_ADVICE =
  ' System hooks never report deployments: set the webhook in the settings of the project or group.';

const isOurs = (kind: string | undefined): boolean =>
  [...KIND_OF_HEADER.values()].some((candidate) => candidate === kind);
