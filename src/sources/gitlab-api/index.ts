import { z } from 'zod';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { Projects, SAMPLE_PROJECT } from '../projects.ts';
import { passes } from '../signature.ts';
import type { Source } from '../source.ts';
import { API_PATH, imitation, verifyToken } from './api.ts';
import { FACTS } from './facts.ts';
import { mapKeptRow, mapUnserved } from './record.ts';
import { sampleDeployment } from './sample.ts';
import { refusalAnswer } from './serve.ts';
import { recipe } from './setup.ts';

/** GitLab's Deployments API, for clients that are configured to use Shiplog in place of a GitLab. */
export const gitlabApi = z
  .strictObject({
    type: z.literal('gitlab-api'),
    name: Name.default('gitlab-api'),
    /** What the clients call their GitLab token. */
    secrets: Secrets,
    max_body_mib: z.number().positive().max(25).default(1),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
    /** The branch of a body that names none. */
    default_ref: z.string().optional(),
  })
  .transform(({ name, secrets, ...config }): Source => {
    const settings = {
      source: FACTS.type,
      instance: name,
      tags: [FACTS.type],
      environmentOf: (environment: string) => ({ name: environment }),
      defaultRef: config.default_ref?.trim() || undefined,
      takesWithoutCommit: () => false,
    };
    return {
      ...FACTS,
      name,
      secrets,
      maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
      projects: config.projects,
      sendersNameProjects: true,
      alsoAt: [API_PATH],
      imitates: imitation(settings),
      verify: (webhook) => verifyToken(webhook, secrets),
      isProvedBy: (webhook, others) => passes(() => verifyToken(webhook, others)),
      verifyHeaders(head) {
        verifyToken(head, secrets);
        return 'proved';
      },
      map: (payload, webhook) => mapKeptRow(payload, webhook, settings) ?? mapUnserved(payload, webhook, settings),
      recipe,
      sample: (at) => ({
        path: `${API_PATH}projects/${encodeURIComponent(SAMPLE_PROJECT)}/deployments`,
        headers: { 'content-type': 'application/json', 'private-token': secrets[0] ?? '' },
        body: sampleDeployment(at),
      }),
      answer: refusalAnswer,
    };
  });
