import type { Preset } from '../preset.ts';

/**
 * https://api-docs.incident.io/tag/Alert-Events-V2 . An alert, not a change: a failed deployment opens it, and the next
 * one of the same service and environment that succeeds closes it.
 */
export const incidentIo: Preset = {
  version: 1,
  settings: { alert_source_config_id: { what: 'the last part of the URL that the HTTP alert source shows' } },
  secrets: { token: { what: 'the token that the HTTP alert source shows' } },
  request: {
    url: 'https://api.incident.io/v2/alert_events/http/{settings.alert_source_config_id}',
    auth: { bearer: '{secrets.token}' },
    states: ['succeeded', 'failed'],
    body: {
      status: { path: 'state', map: { failed: 'firing', succeeded: 'resolved' }, required: true },
      title: { path: 'summary', truncate: 250 },
      deduplication_key: { path: 'alert_key' },
      description: { first: [{ path: 'description' }, { path: 'commit.title' }], truncate: 2000 },
      source_url: { first: [{ path: 'job_url' }, { path: 'pipeline_url' }, { path: 'page_url' }] },
      metadata: {
        service: { path: 'service' },
        environment: { path: 'environment.name' },
        tier: { path: 'environment.tier' },
        change_type: { path: 'change_type' },
        commit: { path: 'commit.sha' },
        actor: { path: 'actor' },
        team: { path: 'owner.team' },
        channel: { path: 'owner.channel' },
        runbook: { path: 'owner.runbook' },
        on_call: { path: 'owner.on_call' },
        shiplog: { path: 'page_url' },
      },
    },
    idempotent: true,
    per: 'service',
  },
};
