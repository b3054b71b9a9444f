import type { Preset } from '../preset.ts';
import { DEEP_LINK } from './links.ts';
import { ended, started } from './times.ts';

/** No limits are documented; those of Jira's deployments, whose fields these are. */
const TEXT_CHARS = 255;

/**
 * https://developer.atlassian.com/cloud/compass/rest/v2/api-group-events/ and the types of forge-graphql
 * (CompassCreateDeploymentEventInput). Compass orders the updates of an event by
 * number; only final states are sent, once each.
 */
export const compassDeployment: Preset = {
  version: 1,
  settings: {
    site: { what: 'the address of the site, such as https://harbor.atlassian.net' },
    cloud_id: { what: 'the cloudId that <site>/_edge/tenant_info shows' },
    user: { what: 'the e-mail address of the account that the token is of' },
    component_id: {
      what: 'the ARI of the component that is deployed, from its page; without it, an event source has to be attached',
      optional: true,
    },
    event_source_id: { what: 'the external id of the event source, instead of the repository', optional: true },
  },
  secrets: { token: { what: 'an API token of that account' } },
  advice: [
    {
      status: 404,
      text:
        'Compass has no component {settings.component_id} on this site, or the account may not see it: correct ' +
        'component_id or cloud_id; then replay',
    },
    {
      status: 404,
      text:
        'Compass has no event source for it, or site is wrong: set component_id, or attach an event source whose ' +
        'external id is the address of the repository; then replay',
    },
  ],
  request: {
    url: '{settings.site}/gateway/api/compass/v1/events',
    auth: { basic: { user: '{settings.user}', password: '{secrets.token}' } },
    states: ['succeeded', 'failed', 'canceled'],
    rate_per_minute: 100,
    body: {
      cloudId: { path: 'settings.cloud_id' },
      componentId: { path: 'settings.component_id' },
      event: {
        deployment: {
          displayName: { path: 'summary', truncate: TEXT_CHARS },
          description: {
            first: [
              { text: '{commit.title} (team {owner.team})' },
              { path: 'commit.title' },
              { path: 'description' },
              { path: 'summary' },
            ],
            truncate: TEXT_CHARS,
          },
          url: { first: [...DEEP_LINK.first, { path: 'repository.url' }], required: true },
          lastUpdated: ended('iso'),
          updateSequenceNumber: { path: 'occurred_at', as: 'epoch_ms' },
          externalEventSourceId: {
            first: [{ path: 'settings.event_source_id' }, { path: 'repository.url' }, { path: 'service' }],
            truncate: TEXT_CHARS,
          },
          deploymentProperties: {
            sequenceNumber: started('epoch_ms'),
            state: {
              path: 'state',
              map: {
                pending: 'PENDING',
                running: 'IN_PROGRESS',
                succeeded: 'SUCCESSFUL',
                failed: 'FAILED',
                canceled: 'CANCELLED',
              },
              required: true,
            },
            startedAt: { path: 'started_at' },
            completedAt: { path: 'finished_at' },
            pipeline: {
              pipelineId: { path: 'service', truncate: TEXT_CHARS },
              displayName: { first: [{ path: 'job' }, { path: 'service' }], truncate: TEXT_CHARS },
              url: { first: [...DEEP_LINK.first, { path: 'repository.url' }], required: true },
            },
            environment: {
              environmentId: { path: 'environment.name', truncate: TEXT_CHARS },
              displayName: { path: 'environment.name', truncate: TEXT_CHARS },
              category: {
                path: 'environment.tier',
                map: {
                  production: 'PRODUCTION',
                  staging: 'STAGING',
                  testing: 'TESTING',
                  development: 'DEVELOPMENT',
                },
                default: 'UNMAPPED',
              },
            },
          },
        },
      },
    },
  },
};
