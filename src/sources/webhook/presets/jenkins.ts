import { capital } from '../../../values/text.ts';
import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';

const inCamelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Paths distinguish upper and lower case, and so do the names of parameters. */
const PARAMETERS = [
  'environment',
  'deploy_environment',
  'deploy_env',
  'target_environment',
  'target_env',
  'env',
].flatMap((name) => [name.toUpperCase(), name, capital(name), inCamelCase(name)]);
/**
 * The job of a multibranch pipeline is called as its branch or tag, with `%2F` for a slash; the folder around it says
 * what is built. The address encodes the name once more.
 */
const BRANCHES = [
  ...['main', 'master', 'trunk', 'dev', 'develop', 'development', 'staging', 'stage', 'prod', 'production', 'release'],
  ...['PR-\\d+', 'v?\\d+\\.[\\d.]+', '[^/]*%(?:25)?2F[^/]*'],
];
const OF_FOLDER = `/(?:^|\\/)job\\/(?<service>[^/]+)\\/job\\/(?:${BRANCHES.join('|')})\\/?$/`;

/** One plugin uses snake_case, the other camelCase. */
const either = (one: string, other: string) => ({ first: [{ path: one }, { path: other }] });

const fields = {
  // without Jenkins' own URL in its settings the builds have a path alone
  id: { first: [{ path: 'build.full_url' }, { path: 'build.fullUrl' }, { path: 'build.url' }] },
  environment: { first: PARAMETERS.map((name) => ({ path: `build.parameters.${name}` })) },
  service: { first: [{ path: 'url', capture: OF_FOLDER }, { path: 'name' }] },
  commit: either('build.scm.commit', 'build.scmState.commit'),
  ref: { ...either('build.scm.branch', 'build.scmState.branch'), capture: '/^(?:origin\\/)?(?<branch>.+)$/' },
  repository: either('build.scm.url', 'build.scmState.url'),
  pipeline_url: either('build.full_url', 'build.fullUrl'),
  job: { path: 'name' },
  actor: { path: 'userName' },
};

/**
 * The Notification plugin (https://plugins.jenkins.io/notification/) and the CloudEvents plugin
 * (https://plugins.jenkins.io/cloudevents/) send nearly the same of a build, with the time of its phase. A build
 * deploys where one of its parameters names the environment; all others are ignored.
 */
export const jenkins: Preset = {
  version: 1,
  productName: 'Jenkins',
  verify: 'path', // neither plugin can send a header
  mapping: {
    witness: 'job',
    without_environment: 'ignore',
    ignore: [
      {
        when: { 'build.phase': 'QUEUED' },
        reason: 'not_started',
        detail: 'the build waits in the queue: its start makes the change',
      },
      {
        when: { 'build.phase': ['COMPLETED', 'FINALIZED'], 'build.status': { known: false } },
        reason: 'unknown_status',
        detail: 'the build has no result yet: a step of its own pipeline reports it, before its end',
      },
    ],
    events: [
      {
        name: 'build started',
        when: { 'build.phase': 'STARTED' },
        // its status is that of the build before
        fields: { ...fields, state: 'running', started_at: { path: 'build.timestamp' } },
      },
      {
        name: 'build',
        when: { 'build.phase': ['COMPLETED', 'FINALIZED'] },
        fields: {
          ...fields,
          state: {
            path: 'build.status',
            map: {
              ...{ SUCCESS: 'succeeded', UNSTABLE: 'failed', FAILURE: 'failed', ABORTED: 'canceled' },
              NOT_BUILT: 'canceled', // it had started: a milestone ends older builds like this
            },
          },
          finished_at: { path: 'build.timestamp' },
        },
      },
    ],
  },
  steps: (address) => [
    {
      text: ['With the Notification plugin, in the job: ', { menu: 'Job Notifications → Add Endpoint' }],
      block: `${address.url}/${address.secret ?? '<secret>'}`,
    },
    { text: ['Format: ', { menu: 'JSON' }, ', Protocol: ', { menu: 'HTTP' }, ', Event: ', { menu: 'All Events' }] },
    {
      text: [
        'With the CloudEvents plugin: ',
        { menu: 'Manage Jenkins → Configure System → CloudEvents Plugin' },
        ', the same URL as HTTP sink, for “Job started” and “Job completed”',
      ],
    },
    {
      text: [
        'Give the job a parameter ',
        { code: 'ENVIRONMENT' },
        ', or write in the configuration where the environment stands: ',
        { code: 'fields: { environment: { path: name, map: { deploy-pay: production } } }' },
      ],
    },
  ],
  sample(at) {
    const number = Math.floor(at.getTime() / 1000);
    return {
      body: {
        name: 'shiplog-sample',
        url: 'job/shiplog-sample/',
        build: {
          full_url: `https://jenkins.harbor.example/job/shiplog-sample/${number}/`,
          number,
          timestamp: at.getTime(),
          phase: 'COMPLETED',
          status: 'SUCCESS',
          scm: {
            url: 'https://git.harbor.example/shiplog/sample.git',
            branch: 'origin/main',
            commit: sampleSha(number),
          },
          parameters: { ENVIRONMENT: 'staging' },
        },
      },
    };
  },
};
