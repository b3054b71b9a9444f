import { bearerOr } from '../../recipe.ts';
import type { Preset } from '../preset.ts';

/** The event itself (CloudEvents' binary mode), or the `data` of one in structured mode. */
const at = (path: string) => ({ first: [{ path }, { path: `data.${path}` }] });
const KINDS = ['deployed', 'upgraded', 'rolledback'].map((kind) => `dev.cdevents.service.${kind}.*`);

/**
 * https://cdevents.dev , 0.4 and 0.5: `service.deployed`, `service.upgraded` and `service.rolledback` say that a
 * service runs in an environment. CDEvents has no word for a deployment that failed.
 */
export const cdevents: Preset = {
  version: 1,
  productName: 'CDEvents',
  verify: 'bearer',
  mapping: {
    events: [
      {
        name: 'service',
        when: [{ 'context.type': KINDS }, { 'data.context.type': KINDS }],
        fields: {
          id: {
            first: [{ text: '{context.source}:{context.id}' }, { text: '{data.context.source}:{data.context.id}' }],
          },
          state: 'succeeded',
          change_type: {
            ...at('context.type'),
            capture: '/^dev\\.cdevents\\.service\\.(?<kind>[a-z]+)/',
            map: { rolledback: 'rollback' },
          },
          environment: at('subject.content.environment.id'),
          service: at('subject.id'),
          artifacts: [at('subject.content.artifactId')],
          repository: at('customData.repository'),
          ref: at('customData.ref'),
          commit: at('customData.commit'),
          actor: at('customData.actor'),
          occurred_at: at('context.timestamp'),
        },
      },
    ],
  },
  steps: (address) => [
    {
      text: ['Let the broker or the tool post each event, in binary or structured mode:'],
      block: [
        `curl ${address.url} -H ${bearerOr(address, 'SHIPLOG_WEBHOOK_SECRET')} \\`,
        "  -H 'Content-Type: application/json' --data @event.json",
      ].join('\n'),
    },
  ],
  sample: (time) => ({
    body: {
      context: {
        specversion: '0.5.1',
        id: `sample-${Math.floor(time.getTime() / 1000)}`,
        source: '/shiplog/sample',
        type: 'dev.cdevents.service.deployed.0.3.0',
        timestamp: time.toISOString(),
      },
      subject: {
        id: 'shiplog-sample',
        source: '/shiplog/sample',
        content: { environment: { id: 'staging' }, artifactId: 'pkg:oci/shiplog-sample@1.0.0' },
      },
    },
  }),
};
