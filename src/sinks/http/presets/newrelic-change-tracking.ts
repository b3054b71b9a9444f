import type { Preset } from '../preset.ts';
import { DEEP_LINK, OWNER_ATTRIBUTES } from './links.ts';
import { NERDGRAPH_RETRY } from './nerdgraph.ts';
import { ended, VERSION } from './times.ts';

export const MUTATION =
  'mutation($d: ChangeTrackingDeploymentInput!)' +
  '{changeTrackingCreateDeployment(deployment:$d){deploymentId entityGuid}}';

/** https://docs.newrelic.com/docs/change-tracking/config/nerdgraph ("legacy": it takes one entity by its GUID). */
export const newrelicChangeTracking: Preset = {
  version: 2,
  settings: {
    url: {
      what: 'the address of NerdGraph; in the EU https://api.eu.newrelic.com/graphql',
      default: 'https://api.newrelic.com/graphql',
    },
    entity_guid: { what: 'the GUID of the entity that is deployed' },
  },
  secrets: { api_key: { what: 'a user key' } },
  needs: ['version'],
  request: {
    url: '{settings.url}',
    auth: { header: 'API-Key', value: '{secrets.api_key}' },
    states: ['succeeded'],
    body: {
      query: { const: MUTATION },
      variables: {
        d: {
          version: { ...VERSION, required: true },
          entityGuid: { path: 'settings.entity_guid' },
          user: { path: 'actor' },
          customAttributes: OWNER_ATTRIBUTES,
          commit: { path: 'commit.sha' },
          deepLink: DEEP_LINK,
          changelog: { path: 'replaced.compare_url' },
          deploymentType: 'BASIC',
          groupId: { path: 'environment.name' },
          description: { path: 'summary', truncate: 1000 },
          timestamp: ended('epoch_ms'),
        },
      },
    },
    success: { body: { path: 'errors', exists: false } },
    retry: NERDGRAPH_RETRY,
    remote_id: { path: 'data.changeTrackingCreateDeployment.deploymentId' },
  },
};
