import type { presetNames } from '../../src/sinks/http/presets/index.ts';

export type PresetName = (typeof presetNames)[number];

export const PRESET_SECRET = 'look-alike-secret-0001';

/** What each preset is given, and which of the places that it asks for stand in for a real one. */
export const PRESETS_GIVEN: Readonly<
  Record<PresetName, { settings?: Record<string, string>; secrets: Record<string, string> }>
> = {
  'datadog-dora-deployment': {
    settings: { site: 'datadoghq.eu', team: 'harbor' },
    secrets: { api_key: PRESET_SECRET, application_key: `app-${PRESET_SECRET}` },
  },
  'pagerduty-change-event': { secrets: { routing_key: PRESET_SECRET } },
  'devlake-deployment': {
    settings: { url: 'https://devlake.example.com/', connection_id: '3' },
    secrets: { api_key: PRESET_SECRET },
  },
  'grafana-annotation': { settings: { url: 'https://grafana.example.com' }, secrets: { token: PRESET_SECRET } },
  'sentry-deploy': { settings: { organization: 'harbor', project: 'lighthouse' }, secrets: { token: PRESET_SECRET } },
  'newrelic-change-tracking': { settings: { entity_guid: 'TG9va0FsaWtl' }, secrets: { api_key: PRESET_SECRET } },
  'newrelic-change-event': { secrets: { api_key: PRESET_SECRET } },
  'honeycomb-marker': { secrets: { api_key: PRESET_SECRET } },
  'incident-io': { settings: { alert_source_config_id: '01LOOKALIKE' }, secrets: { token: PRESET_SECRET } },
  'compass-deployment': {
    settings: {
      site: 'https://harbor.atlassian.net',
      cloud_id: '8c1b61ee-0000-4000-8000-f1129c2081ab',
      user: 'shiplog@harbor.example',
      component_id: 'ari:cloud:compass:8c1b61ee-0000-4000-8000-f1129c2081ab:component/a/b',
    },
    secrets: { token: PRESET_SECRET },
  },
  firehydrant: { secrets: { token: PRESET_SECRET } },
  slack: { secrets: { url: 'https://hooks.slack.com/services/T000/B000/lookalike0001' } },
};
