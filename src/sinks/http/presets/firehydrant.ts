import type { Preset } from '../preset.ts';
import { ended, started } from './times.ts';

/**
 * https://docs.firehydrant.com/docs/change-events . Services and environments stand in labels: as fields they would
 * have to be in its catalog.
 */
export const firehydrant: Preset = {
  version: 1,
  settings: { url: { what: 'where change events go', default: 'https://api.firehydrant.io/v1/changes/events' } },
  secrets: { token: { what: 'the token of a bot user' } },
  request: {
    url: '{settings.url}',
    auth: { bearer: '{secrets.token}' },
    states: ['succeeded', 'failed'],
    body: {
      summary: { path: 'summary', truncate: 250 },
      description: {
        first: [{ text: '{environment.name}: {commit.title}' }, { path: 'environment.name' }],
        truncate: 2000,
      },
      external_id: { path: 'key' },
      starts_at: started('iso'),
      ends_at: ended('iso'),
      labels: {
        type: 'deployment',
        service: { path: 'service' },
        environment: { path: 'environment.name' },
        state: { path: 'state' },
        change_type: { path: 'change_type' },
        actor: { path: 'actor' },
        url: { first: [{ path: 'pipeline_url' }, { path: 'job_url' }] },
      },
      change_identities: [{ if_known: 'commit.sha', value: { type: 'commit_sha', value: { path: 'commit.sha' } } }],
    },
  },
};
