import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { Projects } from '../projects.ts';
import { isOneOf, passes } from '../signature.ts';
import type { Source, Webhook, WebhookHead } from '../source.ts';
import { FACTS, SIGNATURE } from './facts.ts';
import { mapNotification } from './map.ts';
import { sampleRelease } from './sample.ts';
import { recipe } from './setup.ts';

/** App webhooks of Heroku: `api:release`, and `api:build` for builds that fail. */
export const heroku = z
  .strictObject({
    type: z.literal('heroku'),
    name: Name.default('heroku'),
    secrets: Secrets,
    max_body_mib: z.number().positive().max(25).default(1),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
    /** Name of an app → environment. Heroku's webhooks say neither the environment nor the stage of a pipeline. */
    environments: z.record(z.string(), z.string().min(1)).default({}),
  })
  .transform(({ name, secrets, ...config }): Source => {
    const environments = new Map(
      Object.entries(config.environments).map(([app, environment]) => [app.toLowerCase(), environment]),
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
      map: (payload, webhook) => mapNotification(payload, webhook, { instance: name, environments }),
      recipe,
      sample(at) {
        const body = sampleRelease(at);
        return {
          path: `/webhooks/${name}`,
          headers: { 'content-type': 'application/json', [SIGNATURE]: sign(Buffer.from(body), secrets[0] ?? '') },
          body,
        };
      },
    };
  });

/** Base64, over the raw bytes. */
const sign = (body: Buffer, secret: string): string => createHmac('sha256', secret).update(body).digest('base64');

function verify(webhook: Webhook, secrets: readonly string[]): void {
  verifyHeaders(webhook);
  const signatures = secrets.map((secret) => sign(webhook.body, secret));
  if (isOneOf(webhook.headers[SIGNATURE], signatures)) return;
  throw new WebhookRejected(
    'bad_signature',
    'Wrong Heroku-Webhook-Hmac-SHA256: the webhook has another secret (heroku webhooks:add -s …), or a proxy ' +
      'changed the body',
  );
}

function verifyHeaders({ headers }: WebhookHead): 'needs_body' {
  if (headers[SIGNATURE]) return 'needs_body';
  throw new WebhookRejected(
    'bad_signature',
    'Missing Heroku-Webhook-Hmac-SHA256: make the webhook with the secret of this source (heroku webhooks:add -s …)',
  );
}
