// What the load sends: look-alikes with invented contents, in the shape and size of what GitLab and Argo CD send.
// A request is one buffer with holes for a number of nine digits, so that every one is another deployment and making it
// costs the sender next to nothing. Decimal digits are hexadecimal ones too: the same number serves in ids and in a sha.

export const TOKEN = 'a-secret-of-24-characters';
/** The rest of every commit sha, after the nine digits: by it a destination finds the number again. */
export const SHA_TAIL = 'b0a710ad5ea1e5c0ffee0ddba11feed';

const HOLE = '#########';
/** In the place of a number of ten digits. */
const NUMBER = `~${HOLE}`;
const SERVICES = 40;
const ENVIRONMENTS = ['production', 'staging', 'review/lamp'];

/** `vary` chooses the project and the environment. `state` in GitLab's words. Those of one `now` tell of the same deployments. */
export function createTemplate(kind, { port, path: elsewhere, vary = 0, state = 'success', now = new Date() }) {
  const { path, headers, body } = KINDS[kind]({ vary, state, now });
  const text = (typeof body === 'string' ? body : JSON.stringify(body)).replaceAll(`"${NUMBER}"`, `1${HOLE}`);
  const head = Object.entries({
    host: `127.0.0.1:${port}`,
    connection: 'keep-alive',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const bytes = Buffer.from(`POST ${elsewhere ?? path} HTTP/1.1\r\n${lines}\r\n${text}`);
  return { bytes, holes: holesOf(bytes), bodyBytes: Buffer.byteLength(text) };
}

/** Writes the number into the request, in place: the request before this one on its connection has been answered. */
export function fill({ bytes, holes }, number) {
  let rest = number;
  for (let place = HOLE.length - 1; place >= 0; place -= 1) {
    const digit = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
    for (const at of holes) bytes[at + place] = digit;
  }
  return bytes;
}

function holesOf(bytes) {
  const holes = [];
  for (let at = bytes.indexOf(HOLE); at >= 0; at = bytes.indexOf(HOLE, at + HOLE.length)) holes.push(at);
  return holes;
}

const KINDS = {
  deployment: (wish) => ({ ...fromGitlab('Deployment Hook'), body: deploymentHook(wish) }),
  pipeline: (wish) => ({ ...fromGitlab('Pipeline Hook'), body: pipelineHook(wish) }),
  push: (wish) => ({ ...fromGitlab('Push Hook'), body: pushHook(wish) }),
  argocd: (wish) => ({
    path: '/webhooks/argocd',
    headers: { authorization: `Bearer ${TOKEN}`, 'user-agent': 'Go-http-client/1.1' },
    body: argocdBody(wish),
  }),
};

const fromGitlab = (event) => ({
  path: '/webhooks/gitlab',
  headers: {
    'user-agent': 'GitLab/18.4.1',
    'idempotency-key': `5f0c1f7a-3c1e-4b6e-9d57-000${HOLE}`,
    'x-gitlab-event': event,
    'x-gitlab-webhook-uuid': '2f4bd1c8-0a86-4a39-8d5c-6d3b5d1f9c11',
    'x-gitlab-instance': 'https://git.harbor.example',
    'x-gitlab-event-uuid': `1b7a0d52-88c4-4f4f-8f0e-000${HOLE}`,
    'x-gitlab-token': TOKEN,
  },
});

const SHA = `${HOLE}${SHA_TAIL}`;
const TITLE =
  'Retry the lamp that does not answer, keep its place in the row, and write the attempt into the watch log (!418)';
/** GitLab's own layout of times in hooks. */
const gitlabTime = (now) => `${now.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const pathOf = (vary) => `harbor/platform/lights-and-signals/lighthouse-api-${vary % SERVICES}`;

function project(vary) {
  const path = pathOf(vary);
  const web = `https://git.harbor.example/${path}`;
  const ssh = `git@git.harbor.example:${path}.git`;
  return {
    id: 4_200 + (vary % SERVICES),
    name: path.split('/').at(-1),
    description:
      'Turns the lamps of the outer harbour on and off, reports what burns, and keeps the watch log. Owned by the lights crew; the rota, the dashboards, the runbooks and the list of those who read from it are in the handbook of the harbour. Deployments to production are announced in the release channel and need a second pair of eyes; to roll one back, start the manual job of the pipeline before. What burns at night, and for how long, is what the harbour master reads first in the morning, so that reports go before repairs.',
    web_url: web,
    avatar_url: null,
    git_ssh_url: ssh,
    git_http_url: `${web}.git`,
    namespace: 'lights',
    visibility_level: 0,
    path_with_namespace: path,
    default_branch: 'main',
    ci_config_path: '',
    homepage: web,
    url: ssh,
    ssh_url: ssh,
    http_url: `${web}.git`,
  };
}

const PEOPLE = [
  ['Mira Okafor', 'mira'],
  ['Tomas Lindqvist', 'tomasl'],
  ['Aiko Brandt', 'aiko'],
  ['Ren Castellano', 'ren.castellano'],
  ['Salome Duarte', 'salome'],
  ['Jonas Hekkala', 'jhekkala'],
  ['Priya Vance', 'pvance'],
];

function userOf(vary) {
  const at = vary % PEOPLE.length;
  const [name, username] = PEOPLE[at];
  const picture = `https://secure.avatars.harbor.example/avatar/8e2d2ab4b1a9f5d6c4e5d3f90f7a6b1${at}?s=80&d=identicon`;
  return { id: 3 + at, name, username, avatar_url: picture, email: '[REDACTED]' };
}

const environmentOf = (vary) => ENVIRONMENTS[vary % ENVIRONMENTS.length];
const tierOf = (name) => (name.startsWith('review') ? 'development' : name);

/** 2.4 kB. */
function deploymentHook({ vary, state, now }) {
  const of = project(vary);
  const environment = environmentOf(vary);
  return {
    object_kind: 'deployment',
    status: state,
    status_changed_at: gitlabTime(now),
    deployment_id: NUMBER,
    deployable_id: NUMBER,
    deployable_url: `${of.web_url}/-/jobs/1${HOLE}`,
    environment,
    environment_tier: tierOf(environment),
    environment_slug: environment.replace('/', '-'),
    environment_external_url: `https://${environment.replace('/', '-')}.lighthouse.harbor.example/`,
    project: of,
    short_sha: SHA.slice(0, 8),
    user: userOf(vary),
    user_url: `https://git.harbor.example/${userOf(vary).username}`,
    commit_url: `${of.web_url}/-/commit/${SHA}`,
    commit_title: TITLE,
    ref: 'main',
  };
}

const JOBS = [
  'lint',
  'typecheck',
  'build:server',
  'build:web',
  'test:unit 1/3',
  'test:unit 2/3',
  'test:unit 3/3',
  'test:contract',
  'scan:image',
  'package:image',
];

/** 12 kB: eleven jobs, of which the last deploys. */
function pipelineHook({ vary, state, now }) {
  const of = project(vary);
  const environment = environmentOf(vary);
  const at = gitlabTime(now);
  const user = userOf(vary);
  const runner = {
    id: 380_987,
    description: 'blue-3.saas-linux-small-amd64.runners-manager-6.harbor.example/default',
    runner_type: 'instance_type',
    active: true,
    is_shared: true,
    tags: ['linux', 'docker', 'x86_64'],
  };
  const job = (name, id, deploys) => ({
    id,
    stage: name.split(':')[0],
    name,
    status: 'success',
    created_at: at,
    started_at: at,
    finished_at: at,
    duration: 148.214,
    queued_duration: 2.918,
    failure_reason: null,
    when: 'on_success',
    manual: false,
    allow_failure: false,
    user,
    runner,
    artifacts_file: { filename: null, size: null },
    environment: deploys ? { name: environment, action: 'start', deployment_tier: tierOf(environment) } : null,
  });
  return {
    object_kind: 'pipeline',
    object_attributes: {
      id: NUMBER,
      iid: 3_107,
      name: 'Release of the lamps',
      ref: 'main',
      tag: false,
      sha: SHA,
      before_sha: `${HOLE}7ab5ea1e5c0ffee0ddba11feed5ca1e`,
      source: 'push',
      status: state,
      detailed_status: state === 'success' ? 'passed' : state,
      stages: ['lint', 'build', 'test', 'scan', 'package', 'deploy'],
      created_at: at,
      finished_at: at,
      duration: 1_043,
      queued_duration: 5,
      protected_ref: true,
      variables: [{ key: 'LAMP_REGION', value: 'outer-harbour' }],
      url: `${of.web_url}/-/pipelines/1${HOLE}`,
    },
    merge_request: {
      id: 90_210,
      iid: 418,
      title: TITLE,
      source_branch: 'retry-lamp',
      source_project_id: of.id,
      target_branch: 'main',
      target_project_id: of.id,
      state: 'merged',
      merge_status: 'can_be_merged',
      detailed_merge_status: 'not_open',
      url: `${of.web_url}/-/merge_requests/418`,
    },
    user,
    project: of,
    commit: {
      id: SHA,
      message: `${TITLE}\n\nA lamp answers after our deadline in about three of a thousand calls.\n\nChangelog: fixed\n`,
      title: TITLE,
      timestamp: now.toISOString(),
      url: `${of.web_url}/-/commit/${SHA}`,
      author: { name: user.name, email: `${user.username}@harbor.example` },
    },
    builds: [
      ...JOBS.map((name, index) => job(name, 7_960_000 + index, false)),
      job(`deploy:${environment}`, NUMBER, true),
    ],
  };
}

/** 3 kB. Of no interest to Shiplog: nothing is deployed by a push. */
function pushHook({ vary, now }) {
  const of = project(vary);
  const { id, name, web_url: web } = of;
  const user = userOf(vary);
  return {
    object_kind: 'push',
    event_name: 'push',
    before: `${HOLE}7ab5ea1e5c0ffee0ddba11feed5ca1e`,
    after: SHA,
    ref: 'refs/heads/main',
    ref_protected: true,
    checkout_sha: SHA,
    message: null,
    user_id: user.id,
    user_name: user.name,
    user_username: user.username,
    user_email: '',
    user_avatar: user.avatar_url,
    project_id: id,
    project: of,
    commits: [
      {
        id: SHA,
        message: `${TITLE}\n`,
        title: TITLE,
        timestamp: now.toISOString(),
        url: `${web}/-/commit/${SHA}`,
        author: { name: user.name, email: user.email },
        added: ['src/lamp/retry.ts'],
        modified: ['src/lamp/index.ts', 'test/lamp/retry.test.ts'],
        removed: [],
      },
    ],
    total_commits_count: 1,
    push_options: {},
    repository: {
      name,
      url: of.url,
      description: of.description,
      homepage: web,
      git_http_url: of.git_http_url,
      git_ssh_url: of.git_ssh_url,
      visibility_level: 0,
    },
  };
}

const ARGO_PHASES = { running: 'Running', success: 'Succeeded', failed: 'Failed' };

/** 3 kB. Each number is a sync of an application of its own, because the time of the start tells syncs of one apart. */
function argocdBody({ vary, state, now }) {
  const at = `${now.toISOString().slice(0, 19)}Z`;
  const name = `lighthouse-api-${vary % SERVICES}`;
  const environment = environmentOf(vary);
  const repository = `https://git.harbor.example/${pathOf(vary)}.git`;
  const ended = state !== 'running';
  return {
    schema: 'shiplog/argocd/v1',
    event: ended ? (state === 'success' ? 'succeeded' : state) : state,
    sent_at: at,
    argocd_url: 'https://argocd.harbor.example',
    app: {
      name,
      namespace: 'argocd',
      uid: `7c1f0b7e-93a5-4c7c-8e0a-000${HOLE}`,
      project: 'lights',
      labels: {
        'app.kubernetes.io/instance': name,
        'app.kubernetes.io/part-of': 'lights',
        'app.kubernetes.io/managed-by': 'applicationset',
        team: 'lights',
      },
      annotations: {
        'shiplog/environment': environment,
        'shiplog/gitlab-project': pathOf(vary),
        'shiplog/ref': 'main',
        'notifications.argoproj.io/subscribe.on-shiplog.shiplog': '',
        'argocd.argoproj.io/manifest-generate-paths': '.;/charts/lighthouse;/values/production',
        'argocd.argoproj.io/sync-wave': '20',
        'harbor.example/runbook': 'https://handbook.harbor.example/lights/lighthouse-api/runbook',
        'harbor.example/dashboard': 'https://boards.harbor.example/d/lights/lighthouse-api?orgId=1&refresh=30s',
        'harbor.example/contact': 'the lights crew, in the channel lights-and-signals, or the rota below at night',
        'harbor.example/on-call': 'https://rota.harbor.example/lights/this-week',
      },
    },
    destination: { server: 'https://kubernetes.harbor.example:6443', name: 'outer-harbour', namespace: 'lights' },
    operation: {
      phase: ARGO_PHASES[state],
      message: ended ? 'successfully synced (all tasks run)' : 'waiting for completion of hook batch/Job/lamp-migrate',
      started_at: at,
      ...(ended && { finished_at: at }),
      username: userOf(vary).username,
      info: [{ name: 'reason', value: TITLE }],
    },
    revision: SHA,
    sources: [{ repo_url: repository, target_revision: 'main', path: 'deploy/overlays/outer-harbour' }],
    health: { status: ended ? 'Healthy' : 'Progressing', since: at },
    images: ['server', 'worker', 'web', 'migrate'].map(
      (part) => `registry.harbor.example/lights/lighthouse-api/${part}:2026.3.14-${HOLE}`,
    ),
    external_urls: ['https://lighthouse.harbor.example/', 'https://lighthouse.harbor.example/watch-log'],
    resources: {
      total: 14,
      changed: 6,
      failed: [],
      images: ['server', 'worker', 'web', 'migrate'].map(
        (part) => `registry.harbor.example/lights/lighthouse-api/${part}:2026.3.14-${HOLE}`,
      ),
    },
    history: [
      {
        id: 7,
        revision: SHA,
        deployed_at: at,
        started_at: at,
        sources: [{ repo_url: repository, target_revision: 'main', path: 'deploy/overlays/outer-harbour' }],
      },
    ],
  };
}
