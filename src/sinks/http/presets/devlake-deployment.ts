import type { Preset } from '../preset.ts';
import { ended, started } from './times.ts';

const RESULT = { path: 'state', map: { succeeded: 'SUCCESS', failed: 'FAILURE' }, required: true };

/** DevLake takes an absent environment for PRODUCTION, so that one is always sent. */
const ENVIRONMENT = {
  first: [
    {
      path: 'environment.tier',
      map: { production: 'PRODUCTION', staging: 'STAGING', testing: 'TESTING', development: 'DEVELOPMENT' },
    },
    {
      path: 'environment.name',
      capture: '/^(?<name>prod|live|stag|test|qa|dev)/i',
      map: {
        prod: 'PRODUCTION',
        live: 'PRODUCTION',
        stag: 'STAGING',
        test: 'TESTING',
        qa: 'TESTING',
        dev: 'DEVELOPMENT',
      },
    },
  ],
  default: { path: 'settings.other_environments' },
};

/**
 * backend/plugins/webhook/api/deployments.go of Apache DevLake: camelCase since v1.0. The result is sent twice, because
 * that of a commit is SUCCESS by default, whatever that of the deployment is.
 */
export const devlakeDeployment: Preset = {
  version: 2,
  settings: {
    url: { what: 'the address of DevLake, such as https://devlake.example.com' },
    connection_id: { what: 'the number of the webhook connection' },
    other_environments: { what: 'what an environment without a tier counts as', default: 'DEVELOPMENT' },
  },
  secrets: { api_key: { what: 'the API key that DevLake shows with the connection' } },
  needs: ['repository_url', 'full_commit'],
  request: {
    url: '{settings.url}/api/rest/plugins/webhook/connections/{settings.connection_id}/deployments',
    auth: { bearer: '{secrets.api_key}' },
    states: ['succeeded', 'failed'],
    body: {
      id: { path: 'key' },
      displayTitle: { path: 'summary', truncate: 250 },
      result: RESULT,
      environment: ENVIRONMENT,
      originalEnvironment: { path: 'environment.name' },
      createdDate: started('iso'),
      startedDate: started('iso'),
      finishedDate: ended('iso'),
      deploymentCommits: [
        {
          repoUrl: { path: 'repository.url', required: true },
          refName: { path: 'ref' },
          commitSha: { path: 'commit.sha', required: true },
          commitMsg: { path: 'commit.title', truncate: 500 },
          startedDate: started('iso'),
          finishedDate: ended('iso'),
          result: RESULT,
        },
      ],
    },
    idempotent: true,
  },
};
