import type { Preset } from '../preset.ts';
import { linksAs } from './links.ts';
import { ended } from './times.ts';

/**
 * https://developer.pagerduty.com/docs/send-change-event . No state: the summary says it. A repeat is a second event.
 */
export const pagerdutyChangeEvent: Preset = {
  version: 1,
  settings: {},
  secrets: { routing_key: { what: 'the integration key of a service, 32 characters' } },
  request: {
    url: 'https://events.pagerduty.com/v2/change/enqueue',
    states: ['succeeded', 'failed'],
    body: {
      routing_key: { path: 'secrets.routing_key' },
      payload: {
        summary: { path: 'summary', truncate: 1024 },
        timestamp: ended('iso'),
        source: { first: [{ path: 'repository.name' }, { path: 'service' }] },
        custom_details: {
          environment: { path: 'environment.name' },
          service: { path: 'service' },
          state: { path: 'state' },
          change_type: { path: 'change_type' },
          commit: { path: 'commit.sha' },
          title: { path: 'commit.title', truncate: 500 },
          actor: { path: 'actor' },
          team: { path: 'owner.team' },
          channel: { path: 'owner.channel' },
          artifacts: { path: 'artifacts', truncate: 20 },
          replaced: { path: 'replaced.sha' },
        },
      },
      links: linksAs((path, name) => ({ href: { path }, text: { const: name } })),
    },
  },
};
