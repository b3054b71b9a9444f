import type { Preset } from '../preset.ts';
import { DEEP_LINK } from './links.ts';
import { started } from './times.ts';

/** An update erases the fields that it leaves out: both requests send all of them. */
const BODY = {
  start_time: started('epoch_seconds'),
  end_time: { path: 'finished_at', as: 'epoch_seconds' },
  message: { path: 'summary', truncate: 500 },
  type: { path: 'state', map: { failed: 'deploy-failed' }, default: 'deploy' },
  url: DEEP_LINK,
};

/** https://docs.honeycomb.io/api/tag/Markers/ . Seconds; a later state changes the same marker. */
export const honeycombMarker: Preset = {
  version: 1,
  settings: {
    url: {
      what: 'the address of the API; in the EU https://api.eu1.honeycomb.io',
      default: 'https://api.honeycomb.io',
    },
    dataset: { what: 'the slug of a dataset', default: '__all__' },
  },
  secrets: { api_key: { what: 'a configuration key that may manage markers' } },
  request: {
    url: '{settings.url}/1/markers/{settings.dataset}',
    auth: { header: 'X-Honeycomb-Team', value: '{secrets.api_key}' },
    check: '{settings.url}/1/auth',
    states: ['succeeded', 'failed'],
    body: BODY,
    remote_id: { path: 'id' },
    update: { method: 'PUT', url: '{settings.url}/1/markers/{settings.dataset}/{remote_id}', body: BODY, states: [] },
  },
};
