import type { Preset } from '../preset.ts';
import { DEEP_LINK } from './links.ts';
import { ended } from './times.ts';

/** Sentry's ENVIRONMENT_NAME_PATTERN takes no slash and no line break; its documentation says: no space either. */
const NOT_IN_A_NAME = { '/': '-', '\n': '-', '\r': '-', '\f': '-', '\t': '-', ' ': '-' };

/**
 * https://docs.sentry.io/api/releases/create-a-deploy/ . The release must exist: its version is the commit, unless
 * `url` says otherwise.
 */
export const sentryDeploy: Preset = {
  version: 2,
  settings: {
    url: { what: 'the address of Sentry', default: 'https://sentry.io' },
    organization: { what: 'the slug of the organization' },
    project: { what: 'the slug of the only project that it concerns', optional: true },
  },
  secrets: { token: { what: 'a token with project:releases' } },
  needs: ['full_commit'],
  advice: [
    {
      status: 404,
      text:
        'Sentry has no release {commit.sha} in {settings.organization}, or the token may not see its projects: make ' +
        'it before the deployment (sentry-cli releases new {commit.sha}), give the token project:releases, or ' +
        'correct organization; then replay',
    },
  ],
  request: {
    url: '{settings.url}/api/0/organizations/{settings.organization}/releases/{commit.sha}/deploys/',
    auth: { bearer: '{secrets.token}' },
    states: ['succeeded'],
    body: {
      environment: { path: 'environment.name', replace: NOT_IN_A_NAME, truncate: 64 },
      name: {
        first: [
          { path: 'change_type', map: { rollback: { text: 'ROLLBACK {service} {commit.short}' } } },
          { text: '{service} {commit.short}' },
        ],
        truncate: 64,
      },
      url: DEEP_LINK,
      dateStarted: { path: 'started_at' },
      dateFinished: ended('iso'),
      projects: [{ path: 'settings.project' }],
    },
    remote_id: { path: 'id' },
  },
};
