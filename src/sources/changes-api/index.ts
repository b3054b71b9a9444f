import { z } from 'zod';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { Projects } from '../projects.ts';
import { passes, requireKey } from '../signature.ts';
import type { Source } from '../source.ts';
import { answerOf } from './answer.ts';
import { FACTS } from './facts.ts';
import { mapChange } from './map.ts';
import { recipe } from './setup.ts';

/**
 * Accepts what Alert24's changes API accepts, so that the `curl` calls in pipelines need another host and key, and
 * nothing else.
 */
export const changesApi = z
  .strictObject({
    type: z.literal('changes-api'),
    name: Name.default('changes'),
    /** The API keys that are taken. */
    secrets: Secrets,
    max_body_mib: z.number().positive().max(25).default(2),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
  })
  .transform(
    (config): Source => ({
      ...FACTS,
      name: config.name,
      secrets: config.secrets,
      fillsEmptyValues: true,
      maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
      projects: config.projects,
      sendersNameProjects: true,
      alsoAt: ['/api/v1/changes', '/api/v1/services/'],
      verify: (webhook) => requireKey(webhook, config.secrets, WORDS),
      isProvedBy: (webhook, others) => passes(() => requireKey(webhook, others, WORDS)),
      verifyHeaders(head) {
        requireKey(head, config.secrets, WORDS);
        return 'proved';
      },
      map: (payload, webhook) => mapChange(payload, webhook, config.name),
      recipe,
      sample: (at) => ({
        path: `/webhooks/${config.name}`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${config.secrets[0] ?? ''}` },
        body: sampleChange(at),
      }),
      tellsRepeats: true,
      answer: answerOf,
    }),
  );

function sampleChange(at: Date): string {
  return JSON.stringify({
    summary: 'Deployed sample @ 4f0c9e1d',
    change_type: 'deployment',
    environment: 'sample',
    branch: 'main',
    commit_sha: '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf',
    pipeline_url: 'https://gitlab.example.com/shiplog/sample/-/pipelines/1',
    changed_by: 'shiplog',
    source: 'shiplog',
    external_id: `sample-${at.toISOString()}`,
    finished_at: at.toISOString(),
  });
}

const WORDS = {
  missing:
    'Missing API key: send the header "Authorization: Bearer <key>"; is the variable that holds the key empty here?',
  wrong: 'Invalid API key: it is not one of the secrets of this source, which `npx shiplog secrets` shows',
};
