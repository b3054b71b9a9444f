import type { Preset } from '../preset.ts';
import { ended } from './times.ts';

/**
 * https://docs.sentry.io/api/releases/create-a-deploy/ . The release must be there: its version is the commit, unless
 * `url` says otherwise.
 */
export const sentryDeploy: Preset = {
  version: 1,
  settings: {
    url: { what: 'the address of Sentry', default: 'https://sentry.io' },
    organization: { what: 'the slug of the organization' },
    project: { what: 'the slug of the only project that it concerns', optional: true },
  },
  secrets: { token: { what: 'a token with project:releases' } },
  needs: ['full_commit'],
  request: {
    url: '{settings.url}/api/0/organizations/{settings.organization}/releases/{commit.sha}/deploys/',
    auth: { bearer: '{secrets.token}' },
    states: ['succeeded'],
    body: {
      environment: { path: 'environment.name', truncate: 64 },
      name: { first: [{ text: '{service} {commit.short}' }, { path: 'service' }], truncate: 64 },
      url: { first: [{ path: 'pipeline_url' }, { path: 'job_url' }] },
      dateStarted: { path: 'started_at' },
      dateFinished: ended('iso'),
      projects: [{ path: 'settings.project' }],
    },
    remote_id: { path: 'id' },
  },
};
