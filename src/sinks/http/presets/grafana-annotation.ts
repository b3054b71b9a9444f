import type { Preset } from '../preset.ts';
import { started } from './times.ts';

/** Grafana's table of tags holds no longer ones (pkg/services/sqlstore/migrations/tag_mig.go). */
const TAG_CHARS = 100;

/** The text is shown as HTML. */
const SAID = {
  title: { path: 'summary', escape: 'html', truncate: 800 },
  who: { path: 'actor', escape: 'html', truncate: 100 },
  page: { path: 'page_url', escape: 'html' },
};
const PAGE = '<a href="{page}">Shiplog</a>';

const BODY = {
  time: started('epoch_ms'),
  timeEnd: { path: 'finished_at', as: 'epoch_ms' },
  tags: [
    'deploy',
    { path: 'environment.name', truncate: TAG_CHARS },
    { path: 'service', truncate: TAG_CHARS },
    { path: 'state' },
    { path: 'change_type', map: { rollback: 'rollback' } },
    { text: 'team:{owner.team}', truncate: TAG_CHARS },
  ],
  text: {
    first: [
      { text: `{title} by {who} ${PAGE}`, with: SAID },
      { text: `{title} ${PAGE}`, with: SAID },
      { text: '{title} by {who}', with: SAID },
      { text: '{title}', with: SAID },
    ],
  },
};

/**
 * https://grafana.com/docs/grafana/latest/developers/http_api/annotations/ . Milliseconds; a later state changes the
 * same annotation.
 */
export const grafanaAnnotation: Preset = {
  version: 2,
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
