import { z } from 'zod';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { passes } from '../signature.ts';
import type { Source } from '../source.ts';
import { FACTS } from './facts.ts';
import { mapAlerts } from './map.ts';
import { NAMING, namingOf } from './names.ts';
import { PagerDuty } from './note.ts';
import { verify, verifyHeaders } from './proof.ts';
import { sampleNotification } from './sample.ts';
import { recipe } from './setup.ts';

/** Alerts of Alertmanager, Grafana and PagerDuty (webhooks v3). They are no changes, and are stored beside them. */
export const alerts = z
  .strictObject({
    type: z.literal('alerts'),
    name: Name.default('alerts'),
    secrets: Secrets,
    max_body_mib: z.number().positive().max(25).default(2),
    ...NAMING,
    /** Its own API, with which incidents get a note with the suspects. */
    pagerduty: PagerDuty.optional(),
  })
  .transform(({ name, secrets, max_body_mib, pagerduty: api, ...config }): Source => {
    const settings = { instance: name, naming: namingOf(config) };
    return {
      ...FACTS,
      name,
      secrets,
      isQuietWhenWell: true,
      maxBodyBytes: Math.floor(max_body_mib * MEBIBYTE),
      verify: (webhook) => verify(webhook, secrets),
      verifyHeaders: (head) => verifyHeaders(head, secrets),
      isProvedBy: (webhook, others) => passes(() => verify(webhook, others)),
      map: (payload, webhook) => mapAlerts(payload, webhook, settings),
      recipe,
      ...(api && { hidden: [api.token], noteAlert: api.note }),
      sample: (at) => ({
        path: `/webhooks/${name}`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secrets[0] ?? ''}` },
        body: sampleNotification(at),
      }),
    };
  });
