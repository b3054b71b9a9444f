import type { SetupAddress } from '../../recipe.ts';
import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';

/**
 * https://docs.kargo.io/user-guide/reference-docs/promotion-steps/http : Kargo posts what its steps write, so that the
 * recipe below is the contract.
 */
export const kargo: Preset = {
  version: 1,
  productName: 'Kargo',
  verify: 'bearer',
  mapping: {
    events: [
      {
        name: 'promotion',
        when: { promotion: { known: true } },
        fields: {
          id: { text: '{project}/{promotion}' },
          state: { path: 'status' },
          environment: { path: 'stage' },
          service: { first: [{ path: 'service' }, { path: 'project' }] },
          commit: { path: 'commit' },
          repository: { path: 'repository' },
          artifacts: { path: 'images' },
          actor: { path: 'actor' },
          pipeline_url: { path: 'url' },
          tags: [{ text: 'freight:{freight}' }],
        },
      },
    ],
  },
  steps: (address) => [
    { text: ['First step of the promotion template:'], block: step(address, 'running') },
    { text: ['Last steps:'], block: [step(address, 'succeeded'), step(address, 'failed', 'failure()')].join('\n') },
    {
      text: [
        'The environment is the name of the stage; give it the name that other tools use with ',
        { code: 'environments:' },
        ' in the configuration. Add ',
        { code: 'commit' },
        ', ',
        { code: 'repository' },
        ' and ',
        { code: 'images' },
        ' where the freight has them.',
      ],
    },
  ],
  sample(at) {
    const number = Math.floor(at.getTime() / 1000);
    return {
      body: {
        project: 'shiplog-sample',
        stage: 'staging',
        promotion: `staging.01sample${number}`,
        freight: 'lively-lamp',
        status: 'succeeded',
        commit: sampleSha(number),
      },
    };
  },
};

function step({ url, secret }: SetupAddress, status: string, condition?: string): string {
  return [
    '- uses: http',
    ...(condition ? [`  if: \${{ ${condition} }}`] : []),
    '  config:',
    '    method: POST',
    `    url: ${url}`,
    '    headers:',
    '    - name: Authorization',
    `      value: Bearer ${secret ?? "${{ secret('shiplog').token }}"}`,
    '    - name: Content-Type',
    '      value: application/json',
    '    body: |',
    '      ${{ quote({',
    '        "project": ctx.project, "stage": ctx.stage, "promotion": ctx.promotion,',
    `        "freight": ctx.targetFreight.name, "status": "${status}"`,
    '      }) }}',
  ].join('\n');
}
