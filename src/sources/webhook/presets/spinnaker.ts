import { shownSecret } from '../../recipe.ts';
import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';

const run = 'content.execution';

/** https://spinnaker.io/docs/setup/features/notifications/ : Echo's `rest` endpoint gets every event of Orca. */
export const spinnaker: Preset = {
  version: 1,
  productName: 'Spinnaker',
  verify: 'basic',
  mapping: {
    witness: 'job',
    ignore: [
      { when: { [`${run}.trigger.dryRun`]: true }, reason: 'dry_run', detail: 'the pipeline was run as a rehearsal' },
    ],
    events: [
      {
        name: 'pipeline',
        when: { 'details.type': ['orca:pipeline:starting', 'orca:pipeline:complete', 'orca:pipeline:failed'] },
        fields: {
          id: { first: [{ path: `${run}.id` }, { path: 'content.executionId' }] },
          state: {
            first: [
              { path: 'details.type', map: { 'orca:pipeline:starting': 'running' } },
              {
                path: `${run}.status`,
                map: {
                  SUCCEEDED: 'succeeded',
                  TERMINAL: 'failed',
                  FAILED_CONTINUE: 'failed',
                  CANCELED: 'canceled',
                  STOPPED: 'canceled',
                  SKIPPED: 'canceled',
                  NOT_STARTED: 'canceled',
                },
              },
            ],
          },
          environment: {
            first: ['environment', 'env', 'ENVIRONMENT'].map((name) => ({ path: `${run}.trigger.parameters.${name}` })),
          },
          service: { first: [{ path: `${run}.application` }, { path: 'details.application' }] },
          job: { path: `${run}.name` },
          actor: { first: [{ path: `${run}.trigger.user` }, { path: `${run}.authentication.user` }] },
          commit: { path: `${run}.trigger.buildInfo.scm.0.sha1` },
          ref: { path: `${run}.trigger.buildInfo.scm.0.branch` },
          artifacts: { each: `${run}.trigger.artifacts`, item: { path: 'item.reference' } },
          started_at: { path: `${run}.startTime` },
          finished_at: { path: `${run}.endTime` },
        },
      },
    ],
  },
  steps: (address) => [
    {
      text: ['In ', { code: 'echo-local.yml' }, ':'],
      block: [
        'rest:',
        '  enabled: true',
        '  endpoints:',
        '    - wrap: false',
        `      url: ${address.url}`,
        '      username: shiplog',
        `      password: ${address.secret ?? '<secret>'}`,
      ].join('\n'),
    },
    {
      text: [
        'Give the pipeline a parameter ',
        { code: 'environment' },
        ', or write in the configuration where it stands: ',
        { code: 'fields: { environment: { path: content.execution.name, map: { "Deploy to prod": production } } }' },
      ],
    },
    { text: ['The password is ', shownSecret(address)] },
  ],
  sample(at) {
    const number = Math.floor(at.getTime() / 1000);
    return {
      body: {
        details: { source: 'orca', type: 'orca:pipeline:complete', application: 'shiplog-sample' },
        content: {
          execution: {
            id: `01SAMPLE${number}`,
            application: 'shiplog-sample',
            name: 'Deploy',
            status: 'SUCCEEDED',
            startTime: at.getTime(),
            endTime: at.getTime(),
            trigger: {
              type: 'manual',
              user: 'mira',
              parameters: { environment: 'staging' },
              buildInfo: { scm: [{ sha1: sampleSha(number), branch: 'main' }] },
            },
          },
        },
      },
    };
  },
};
