import type { Preset } from '../preset.ts';
import { linksAs } from './links.ts';
import { ended, started } from './times.ts';

/**
 * https://docs.firehydrant.com/docs/change-events and the fields of firehydrant-typescript-sdk (CreateChangeEvent,
 * AttachmentsLinkEntity). Services and environments are sent as labels: as fields they would have to be in its catalog.
 */
export const firehydrant: Preset = {
  version: 2,
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
        team: { path: 'owner.team' },
        channel: { path: 'owner.channel' },
      },
      attachments: linksAs((path, name) => ({ type: 'link', href_url: { path }, display_text: { const: name } })),
      authors: [
        {
          if_known: 'actor',
          value: { source: 'shiplog', source_id: { path: 'actor' }, name: { path: 'actor' } },
        },
      ],
      change_identities: [{ if_known: 'commit.sha', value: { type: 'commit_sha', value: { path: 'commit.sha' } } }],
    },
  },
};
