import { Match } from '../../../domain/rules/match.ts';
import type { Preset } from '../preset.ts';
import { ended, started, VERSION } from './times.ts';

/** https://docs.datadoghq.com/getting_started/tagging/ */
const TAG_CHARS = 200;

/**
 * https://docs.datadoghq.com/api/latest/dora-metrics/ . It has no status for a deployment that failed: one that was
 * recorded is marked as a change failure when it fails afterwards, or when another one rolls it back; the next
 * deployment is its remediation. This needs an application key besides the API key. Datadog keeps our own ids: a
 * deployment that was rolled back is identified by its key.
 */
export const datadogDoraDeployment: Preset = {
  version: 2,
  settings: {
    site: { what: 'the Datadog site, such as datadoghq.eu', default: 'datadoghq.com' },
    team: { what: 'the team that deploys', optional: true },
  },
  secrets: {
    api_key: { what: 'an API key' },
    application_key: { what: 'an application key with dora_metrics_write, to mark change failures', optional: true },
  },
  updateNeeds: 'application_key',
  request: {
    url: 'https://api.{settings.site}/api/v2/dora/deployment',
    auth: { header: 'DD-API-KEY', value: '{secrets.api_key}' },
    check: 'https://api.{settings.site}/api/v1/validate',
    states: ['succeeded'],
    body: {
      data: {
        attributes: {
          // 16 to 128 of letters, digits and -_.: which a key of ours may exceed.
          id: { path: 'key_digest' },
          service: { path: 'service' },
          env: { path: 'environment.name' },
          version: VERSION,
          team: { first: [{ path: 'settings.team' }, { path: 'owner.team' }] },
          started_at: started('epoch_ms'),
          finished_at: ended('epoch_ms'),
          git: {
            if_known: ['commit.sha', 'repository.url'],
            value: { commit_sha: { path: 'commit.sha' }, repository_url: { path: 'repository.url' } },
          },
          custom_tags: [
            { text: 'source:{source}', truncate: TAG_CHARS },
            { text: 'change_type:{change_type}' },
            { text: 'tier:{environment.tier}' },
          ],
        },
      },
    },
    remote_id: { path: 'data.id' },
    update: {
      method: 'PATCH',
      url: 'https://api.{settings.site}/api/v2/dora/deployments/{remote_id}',
      headers: { 'DD-APPLICATION-KEY': { path: 'secrets.application_key' } },
      states: ['failed'],
      body: {
        data: {
          id: { path: 'remote_id' },
          type: 'dora_deployment_patch_request',
          attributes: { change_failure: { path: 'state', map: { failed: true, succeeded: false } } },
        },
      },
    },
    follow_up: {
      when: Match.parse({ status: 'succeeded' }),
      if_known: ['replaced.remediation', 'replaced.key_digest', 'remote_id'],
      method: 'PATCH',
      url: 'https://api.{settings.site}/api/v2/dora/deployments/{replaced.key_digest}',
      headers: { 'DD-APPLICATION-KEY': { path: 'secrets.application_key' } },
      body: {
        data: {
          id: { path: 'replaced.key_digest' },
          type: 'dora_deployment_patch_request',
          attributes: {
            change_failure: true,
            remediation: { id: { path: 'remote_id' }, type: { path: 'replaced.remediation' } },
          },
        },
      },
    },
    idempotent: true,
  },
};
