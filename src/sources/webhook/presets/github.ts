import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';
import { eventOf, githubSteps, HUB_SIGNATURE, PING, repository } from './github-parts.ts';

const environment = { first: [{ path: 'deployment_status.environment' }, { path: 'deployment.environment' }] };

const fields = {
  id: { path: 'deployment.id' },
  environment,
  tier: { path: 'deployment.production_environment', map: { true: 'production' } },
  change_type: {
    path: 'deployment.task',
    map: { deploy: 'deployment', 'deploy:migrations': 'database_migration', rollback: 'rollback' },
  },
  description: { path: 'deployment.description' },
  commit: { path: 'deployment.sha' },
  ref: { path: 'deployment.ref' },
  actor: {
    first: [
      { path: 'workflow_run.triggering_actor.login' }, // who ran it again
      { path: 'workflow_run.actor.login' },
      { path: 'deployment.creator.login' },
    ],
  },
  started_at: { path: 'deployment.created_at' },
  ...repository,
};

/**
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status : whatever makes a deployment on
 * GitHub, a workflow's job with `environment:` among them.
 */
export const github: Preset = {
  version: 1,
  productName: 'GitHub',
  verify: HUB_SIGNATURE,
  deliveryIdHeaders: ['x-github-delivery'],
  mapping: {
    witness: 'job',
    ignore: [
      PING,
      {
        when: { 'deployment_status.state': 'inactive' },
        detail: 'the deployment is no longer active: another one took its place, or it was deleted',
      },
    ],
    events: [
      {
        name: 'deployment_status',
        when: eventOf('deployment_status'),
        fields: {
          ...fields,
          state: {
            path: 'deployment_status.state',
            map: {
              pending: 'pending',
              queued: 'pending',
              waiting: 'pending',
              in_progress: 'running',
              success: 'succeeded',
              failure: 'failed',
              error: 'failed',
            },
          },
          environment_url: { path: 'deployment_status.environment_url' },
          pipeline_url: {
            first: [
              { path: 'workflow_run.html_url' },
              { path: 'deployment_status.log_url' },
              { path: 'deployment_status.target_url' },
            ],
          },
          job: { path: 'check_run.name' },
          job_url: { path: 'check_run.html_url' },
          occurred_at: { path: 'deployment_status.created_at' },
        },
      },
      {
        name: 'deployment',
        when: eventOf('deployment'),
        fields: {
          ...fields,
          state: 'pending',
          pipeline_url: { path: 'workflow_run.html_url' },
          occurred_at: { path: 'deployment.created_at' },
        },
      },
    ],
  },
  steps: (address) => githubSteps(address, ['Deployments', 'Deployment statuses']),
  sample(at) {
    const time = at.toISOString();
    const number = Math.floor(at.getTime() / 1000);
    return {
      headers: { 'x-github-event': 'deployment_status' },
      body: {
        action: 'created',
        deployment_status: { state: 'success', environment: 'staging', created_at: time },
        deployment: {
          id: number,
          sha: sampleSha(number),
          ref: 'main',
          task: 'deploy',
          environment: 'staging',
          creator: { login: 'mira' },
          created_at: time,
        },
        repository: { name: 'sample', full_name: 'shiplog/sample', html_url: 'https://github.com/shiplog/sample' },
      },
    };
  },
};
