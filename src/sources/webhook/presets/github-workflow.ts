import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';
import { eventOf, githubSteps, HUB_SIGNATURE, PING, repository } from './github-parts.ts';

/**
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run : workflows whose jobs have no
 * `environment:`, so that GitHub knows of no deployment. The configuration says which workflow deploys to which
 * environment; all others are ignored.
 */
export const githubWorkflow: Preset = {
  version: 1,
  productName: 'GitHub Actions',
  verify: HUB_SIGNATURE,
  deliveryIdHeaders: ['x-github-delivery'],
  needs: {
    environment:
      'a workflow_run names no environment: write which workflow deploys where, such as environment: { path: ' +
      'workflow_run.name, map: { Deploy: production } }',
  },
  mapping: {
    witness: 'job',
    without_environment: 'ignore',
    ignore: [
      PING,
      {
        when: { 'workflow_run.conclusion': 'action_required' },
        reason: 'not_started',
        detail: 'the workflow waits for an approval: nothing was deployed',
      },
    ],
    events: [
      {
        name: 'workflow_run',
        when: eventOf('workflow_run'),
        fields: {
          id: { text: '{workflow_run.id}:{workflow_run.run_attempt}' },
          state: {
            first: [
              {
                path: 'workflow_run.conclusion',
                map: {
                  success: 'succeeded',
                  failure: 'failed',
                  timed_out: 'failed',
                  startup_failure: 'failed',
                  cancelled: 'canceled',
                  // ignored, they would leave a run that was requested waiting for ever
                  skipped: 'canceled',
                  neutral: 'canceled',
                  stale: 'canceled',
                },
              },
              {
                path: 'workflow_run.status',
                map: {
                  requested: 'pending',
                  queued: 'pending',
                  pending: 'pending',
                  waiting: 'pending',
                  in_progress: 'running',
                },
              },
            ],
          },
          ...repository,
          commit: { path: 'workflow_run.head_sha' },
          commit_message: { path: 'workflow_run.head_commit.message' },
          commit_author: { path: 'workflow_run.head_commit.author.name' },
          ref: { path: 'workflow_run.head_branch' },
          actor: { first: [{ path: 'workflow_run.triggering_actor.login' }, { path: 'workflow_run.actor.login' }] },
          job: { path: 'workflow_run.name' },
          pipeline_url: { path: 'workflow_run.html_url' },
          pull_request: { path: 'workflow_run.pull_requests.0.number' },
          started_at: { path: 'workflow_run.run_started_at' },
          occurred_at: { path: 'workflow_run.updated_at' },
        },
      },
    ],
  },
  steps: (address) => githubSteps(address, ['Workflow runs']),
  sample(at) {
    const time = at.toISOString();
    const number = Math.floor(at.getTime() / 1000);
    return {
      headers: { 'x-github-event': 'workflow_run' },
      body: {
        action: 'completed',
        workflow_run: {
          id: number,
          run_attempt: 1,
          name: 'Deploy',
          status: 'completed',
          conclusion: 'success',
          head_sha: sampleSha(number),
          head_branch: 'main',
          run_started_at: time,
          updated_at: time,
        },
        repository: { name: 'sample', full_name: 'shiplog/sample', html_url: 'https://github.com/shiplog/sample' },
      },
    };
  },
};
