import type { Preset } from '../preset.ts';

/** https://developers.firehydrant.io : change events. */
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
    },
  },
};
