import { shownSecret } from '../../recipe.ts';
import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';

const EVENT = 'ms.vss-release.deployment';
const EMPTY_ID = '00000000-0000-0000-0000-000000000000';
const TEST = { reason: 'ping', detail: 'the test button of Azure DevOps sends an invented deployment' } as const;

const stage = 'resource.environment';
const source = (of: string) => ({
  first: [
    { path: `resource.deployment.release.artifacts.0.definitionReference.${of}.id` },
    { path: `resource.release.artifacts.0.definitionReference.${of}.id` },
  ],
});

/** https://learn.microsoft.com/azure/devops/service-hooks/events : release deployment started and completed. */
export const azureDevops: Preset = {
  version: 1,
  productName: 'Azure DevOps',
  verify: 'basic',
  mapping: {
    witness: 'job',
    ignore: [
      { when: [{ subscriptionId: EMPTY_ID }, { 'resource.project.id': EMPTY_ID }], ...TEST },
      {
        when: { [`${stage}.status`]: 'undefined', eventType: `${EVENT}-completed-event` },
        reason: 'not_started',
        detail: 'the status of the stage is undefined: nothing says how it ended',
      },
    ],
    events: [
      {
        name: 'release deployment',
        when: { eventType: [`${EVENT}-started-event`, `${EVENT}-completed-event`] },
        fields: {
          id: {
            first: [
              { text: `{resource.project.id}:{${stage}.release.id}:{${stage}.id}:{resource.attemptId}` },
              { text: `{resource.project.id}:{${stage}.release.id}:{${stage}.id}` },
            ],
          },
          state: {
            first: [
              { path: 'eventType', map: { [`${EVENT}-started-event`]: 'running' } },
              {
                path: `${stage}.status`,
                map: {
                  succeeded: 'succeeded',
                  partiallySucceeded: 'succeeded',
                  rejected: 'failed',
                  failed: 'failed',
                  canceled: 'canceled',
                  // it ended before it began, perhaps after its start was reported: ignored, it would stay running
                  notStarted: 'canceled',
                  scheduled: 'canceled',
                  queued: 'canceled',
                },
              },
            ],
          },
          environment: { path: `${stage}.name` },
          service: {
            first: [
              { path: `${stage}.releaseDefinition.name` },
              { path: 'resource.release.releaseDefinition.name' },
              { path: 'resource.deployment.releaseDefinition.name' },
              { path: 'resource.project.name' },
            ],
          },
          description: { path: 'detailedMessage.text' },
          commit: source('sourceVersion'),
          ref: source('branch'),
          pipeline_url: { path: `${stage}.release._links.web.href` },
          actor: { path: 'resource.deployment.requestedFor.displayName' },
          tags: [{ text: `release:{${stage}.release.name}` }],
          started_at: { path: 'resource.deployment.startedOn' },
          finished_at: { path: 'resource.deployment.completedOn' },
          occurred_at: { path: 'createdDate' },
        },
      },
    ],
  },
  steps: (address) => [
    { text: [{ menu: 'Project settings → Service hooks → + → Web Hooks' }] },
    { text: ['One subscription for each of ', { menu: 'Release deployment started, Release deployment completed' }] },
    { text: ['URL:'], block: address.url },
    { text: ['Basic authentication username: anything. Password: ', shownSecret(address)] },
    { text: ['Resource details to send: ', { menu: 'All' }] },
  ],
  sample(at) {
    const number = Math.floor(at.getTime() / 1000);
    return {
      body: {
        eventType: `${EVENT}-completed-event`,
        resource: {
          environment: {
            id: 2,
            name: 'Staging',
            status: 'succeeded',
            release: { id: number, name: `Release-${number}` },
            releaseDefinition: { name: 'shiplog-sample' },
          },
          deployment: {
            release: {
              artifacts: [{ definitionReference: { sourceVersion: { id: sampleSha(number) } } }],
            },
          },
          project: { id: '5d2f6b1e-0000-4000-8000-000000000001', name: 'Sample' },
          attemptId: 1,
        },
        createdDate: at.toISOString(),
      },
    };
  },
};
