import { z } from 'zod';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { Projects } from '../projects.ts';
import { passes, requireKey } from '../signature.ts';
import type { Source } from '../source.ts';
import { answerOf } from './answer.ts';
import { FACTS } from './facts.ts';
import { mapEvent } from './map.ts';
import { sampleEvent } from './sample.ts';
import { recipe } from './setup.ts';

/**
 * Accepts what CTO.ai's events API accepts. Its GitLab template cannot be configured to post anywhere else (since
 * v0.0.2): jobs of our own do (setup.ts).
 */
export const ctoai = z
  .strictObject({
    type: z.literal('ctoai'),
    name: Name.default('ctoai'),
    /** The tokens that are taken. */
    secrets: Secrets,
    max_body_mib: z.number().positive().max(25).default(1),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
  })
  .transform(
    (config): Source => ({
      ...FACTS,
      name: config.name,
      secrets: config.secrets,
      maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
      projects: config.projects,
      verify: (webhook) => requireKey(webhook, config.secrets, WORDS),
      isProvedBy: (webhook, others) => passes(() => requireKey(webhook, others, WORDS)),
      verifyHeaders(head) {
        requireKey(head, config.secrets, WORDS);
        return 'proved';
      },
      map: (payload, webhook) => mapEvent(payload, webhook, config.name),
      recipe,
      sample: (at) => ({
        path: `/webhooks/${config.name}/${Math.floor(at.getTime() / 1000)}`,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${config.secrets[0] ?? ''}`,
          'x-ops-mechanism': 'gitlab-job',
        },
        body: sampleEvent(),
      }),
      answer: answerOf,
    }),
  );

const WORDS = {
  missing: 'Missing token: the header "Authorization: Bearer <token>" is not there; is TOKEN empty in this job?',
  wrong: 'Wrong token: TOKEN is not one of the secrets of this source, which `npx shiplog secrets` shows',
};
