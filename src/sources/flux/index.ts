import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { Projects } from '../projects.ts';
import { hmacMatches, isHubSignature, passes } from '../signature.ts';
import type { Source, Webhook, WebhookHead } from '../source.ts';
import { FACTS, SIGNATURE } from './facts.ts';
import { mapEvent } from './map.ts';
import { sampleEvent } from './sample.ts';
import { recipe } from './setup.ts';

/** Events of Kustomizations and HelmReleases, as the notification controller of Flux sends and signs them. */
export const flux = z
  .strictObject({
    type: z.literal('flux'),
    name: Name.default('flux'),
    secrets: Secrets,
    max_body_mib: z.number().positive().max(25).default(1),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
    /** Cluster (of the Alert's eventMetadata), namespace or namespace/name → environment. */
    environments: z.record(z.string(), z.string().min(1)).default({}),
  })
  .transform(({ name, secrets, ...config }): Source => {
    const environments = new Map(
      Object.entries(config.environments).map(([place, environment]) => [place.toLowerCase(), environment]),
    );
    return {
      ...FACTS,
      name,
      secrets,
      maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
      projects: config.projects,
      verify: (webhook) => verify(webhook, secrets),
      isProvedBy: (webhook, others) => passes(() => verify(webhook, others)),
      verifyHeaders,
      map: (payload, webhook) => mapEvent(payload, webhook, { instance: name, environments }),
      recipe,
      sample(at) {
        const body = sampleEvent(at);
        const signature = createHmac('sha256', secrets[0] ?? '')
          .update(body)
          .digest('hex');
        return {
          path: `/webhooks/${name}`,
          headers: { 'content-type': 'application/json', [SIGNATURE]: `sha256=${signature}` },
          body,
        };
      },
    };
  });

function verify(webhook: Webhook, secrets: readonly string[]): void {
  verifyHeaders(webhook);
  if (hmacMatches(webhook.headers[SIGNATURE], webhook.body, secrets)) return;
  throw new WebhookRejected(
    'bad_signature',
    'Wrong X-Signature: set the secret of this source as `token` in the Secret that the Provider names',
  );
}

function verifyHeaders({ headers }: WebhookHead): 'needs_body' {
  if (isHubSignature(headers[SIGNATURE])) return 'needs_body';
  throw new WebhookRejected(
    'bad_signature',
    'Missing X-Signature: use a Provider of type generic-hmac, with a Secret whose `token` is the secret of this ' +
      'source',
  );
}
