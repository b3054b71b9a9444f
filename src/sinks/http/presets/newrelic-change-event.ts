import type { Preset } from '../preset.ts';
import { DEEP_LINK, OWNER_ATTRIBUTES } from './links.ts';
import { NERDGRAPH_RETRY } from './nerdgraph.ts';
import { ended, VERSION } from './times.ts';

export const EVENT_MUTATION =
  'mutation($e: ChangeTrackingCreateEventInput!)' +
  '{changeTrackingCreateEvent(changeTrackingEvent:$e){changeTrackingEvent{changeTrackingId} messages}}';

const ID = 'data.changeTrackingCreateEvent.changeTrackingEvent.changeTrackingId';

/**
 * https://docs.newrelic.com/docs/change-tracking/config/nerdgraph . It finds the entity by the name of the service: one
 * sink for all of them. The search must find exactly one.
 */
export const newrelicChangeEvent: Preset = {
  version: 1,
  settings: {
    url: {
      what: 'the address of NerdGraph; in the EU https://api.eu.newrelic.com/graphql',
      default: 'https://api.newrelic.com/graphql',
    },
    entities: {
      what: 'what narrows the search beside the name, such as accountId = 12345',
      default: "domain = 'APM' AND type = 'APPLICATION'",
    },
  },
  secrets: { api_key: { what: 'a user key' } },
  needs: ['version', 'quotable_service'],
  request: {
    url: '{settings.url}',
    auth: { header: 'API-Key', value: '{secrets.api_key}' },
    states: ['succeeded'],
    body: {
      query: { const: EVENT_MUTATION },
      variables: {
        e: {
          categoryAndTypeData: {
            kind: { category: 'deployment', type: 'basic' },
            categoryFields: {
              deployment: {
                version: { ...VERSION, required: true },
                commit: { path: 'commit.sha' },
                deepLink: DEEP_LINK,
                changelog: { path: 'replaced.compare_url' },
              },
            },
          },
          entitySearch: {
            query: {
              text: "name = '{service}' AND {where}",
              with: { where: { path: 'settings.entities' } },
              escape: 'quotes',
              required: true,
            },
          },
          user: { path: 'actor' },
          customAttributes: OWNER_ATTRIBUTES,
          groupId: { path: 'environment.name' },
          shortDescription: { path: 'summary', truncate: 250 },
          description: {
            first: [{ path: 'description' }, { path: 'commit.title' }, { path: 'summary' }],
            truncate: 1000,
          },
          timestamp: ended('epoch_ms'),
        },
      },
    },
    success: { body: { path: ID, exists: true } },
    retry: NERDGRAPH_RETRY,
    remote_id: { path: ID },
  },
};
