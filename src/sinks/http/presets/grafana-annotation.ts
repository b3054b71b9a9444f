import type { Preset } from '../preset.ts';
import { started } from './times.ts';

const BODY = {
  time: started('epoch_ms'),
  timeEnd: { path: 'finished_at', as: 'epoch_ms' },
  tags: [
    'deploy',
    { path: 'environment.name' },
    { path: 'service' },
    { path: 'state' },
    { path: 'change_type', map: { rollback: 'rollback' } },
  ],
  text: { first: [{ text: '{summary} by {actor}' }, { path: 'summary' }], truncate: 1000 },
};

/**
 * https://grafana.com/docs/grafana/latest/developers/http_api/annotations/ . Milliseconds; a later state changes the
 * same annotation.
 */
export const grafanaAnnotation: Preset = {
  version: 1,
  settings: { url: { what: 'the address of Grafana, such as https://grafana.example.com' } },
  secrets: { token: { what: 'the token of a service account with annotations:create and annotations:write' } },
  request: {
    url: '{settings.url}/api/annotations',
    auth: { bearer: '{secrets.token}' },
    states: ['succeeded', 'failed'],
    body: BODY,
    remote_id: { path: 'id' },
    update: { method: 'PATCH', url: '{settings.url}/api/annotations/{remote_id}', body: BODY, states: [] },
  },
};
