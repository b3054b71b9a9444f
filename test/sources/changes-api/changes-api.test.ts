import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeRecord, type NewChangeRecord } from '../../../src/domain/change-record.ts';
import { WebhookRejected } from '../../../src/domain/errors.ts';
import { changesApi } from '../../../src/sources/changes-api/index.ts';
import { parseChange } from '../../../src/sources/changes-api/schema.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
import { parseJson } from '../../../src/values/parse-json.ts';

const KEY = 'ak_live_0123456789abcdefABCDEF0123456789';
const OTHER_KEY = 'ak_live_the-key-before-this-one';
const source = changesApi.parse({ type: 'changes-api', secrets: [KEY, OTHER_KEY] });

function post(said: Partial<Webhook> = {}): Webhook {
  return {
    id: 'whk_1',
    method: 'POST',
    path: '/api/v1/changes',
    headers: { authorization: `Bearer ${KEY}` },
    body: Buffer.alloc(0),
    receivedAt: new Date('2026-03-19T14:30:00.000Z'),
    ...said,
  };
}

function map(payload: unknown, said: Partial<Webhook> = {}): NewChangeRecord {
  const mapped = source.map(payload, post(said));
  if (mapped.kind !== 'records' || !mapped.records[0]) throw new Error('there is no record');
  return mapped.records[0];
}

/** The record of a body that says `said` besides a summary. */
const said = (fields: Record<string, unknown>, webhook: Partial<Webhook> = {}) =>
  map({ summary: 'Tide table', ...fields }, webhook);

const COMMIT = { commit_sha: '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf', environment: 'production' };

describe('the bodies that pipelines send', () => {
  const here = new URL('.', import.meta.url);
  const files = readdirSync(here).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));
  it.each(files)('%s becomes its expected record', async (file) => {
    const parsed = parseJson(readFileSync(new URL(file, here)));
    if (!parsed.ok) throw new Error(parsed.message);
    const record = map(parsed.value);
    expect(ChangeRecord.safeParse(record).success).toBe(true);
    await expect(`${JSON.stringify(record, null, 2)}\n`).toMatchFileSnapshot(file.replace('.json', '.expected.json'));
  });
});

describe('the key', () => {
  it.each([`Bearer ${KEY}`, `Bearer ${OTHER_KEY}`, `Token ${KEY}`, KEY])('accepts %s', (authorization) => {
    expect(() => source.verify(post({ headers: { authorization } }))).not.toThrow();
  });

  it.each([
    undefined,
    '',
    'Bearer ',
    `Digest ${KEY}`,
    `Basic ${KEY}`,
    `Bearer ${KEY}x`,
    `Bearer ${KEY}, Bearer ${KEY}`,
  ])('refuses %s', (authorization) => {
    const refused = expect(() => source.verify(post({ headers: { authorization } })));
    refused.toThrow(expect.objectContaining({ code: 'bad_signature', message: expect.not.stringContaining(KEY) }));
  });

  it('distinguishes a wrong one from none', () => {
    const verify = (headers: Record<string, string>) => () => source.verify(post({ headers }));
    expect(verify({})).toThrow(/^Missing API key/);
    expect(verify({ authorization: 'Bearer ' })).toThrow(/^Missing API key/);
    expect(verify({ authorization: 'Bearer somebody-guesses' })).toThrow(/^Invalid API key/);
  });

  it('must have 16 characters', () => {
    expect(changesApi.safeParse({ type: 'changes-api', secrets: ['short'] }).success).toBe(false);
  });
});

describe('what is refused', () => {
  it.each([
    [{}, /^summary is required: write /],
    [{ summary: '' }, /^summary is required: /],
    [{ summary: ' \n' }, /^summary is required: /],
    [{ summary: null }, /^summary is required: /],
    [{ summary: 7 }, /^summary must be a text, not a number$/],
    [
      { summary: 's', change_type: 'deploy' },
      /^change_type must be deployment, config_change, infrastructure, code, database_migration, feature_flag, rollback, scaling, security_patch or other$/,
    ],
    [{ summary: 's', change_type: 7 }, /^change_type must be deployment, /],
    [{ summary: 's', risk_level: 'urgent' }, /^risk_level must be low, medium, high or critical$/],
    [{ summary: 's', status: 'skipped' }, /^status must be pending, running, succeeded, failed or canceled$/],
    [{ summary: 's', status: '' }, /^status is empty, a variable that was not filled in: /],
    [{ summary: 's', status: null }, /^status is null, a variable that was not filled in: /],
    [{ summary: 's', status: 'null' }, /^status is null, a variable that was not filled in: /],
    [{ summary: 's', status: '<no value>' }, /^status is <no value>, a variable that was not filled in: /],
    [
      { summary: 's', status: '$CI_JOB_STATUS' },
      /^status is \$CI_JOB_STATUS, a variable that was not filled in: nothing says how the deployment ended\. /,
    ],
    [{ summary: 's', status: "'${{ job.status }}'" }, /^status is \$\{\{ job\.status \}\}, a variable that was not /],
    [{ summary: 's', branch: ['main'] }, /^branch must be a text or a number, not a list$/],
    [{ summary: 's', description: { a: 1 } }, /^description must be a text, not an object$/],
    [{ summary: 's', pr_number: true }, /^pr_number must be a text or a number, not true or false$/],
    [{ summary: 's', tags: { a: 1 } }, /^tags must be a list of texts, not an object$/],
    [{ summary: 's', tags: ['a', ['b']] }, /^tags\[1\] must be a text or a number, not a list$/],
    [{ summary: 's', finished_at: 'yesterday' }, /^finished_at must be a time with a zone, such as /],
    [{ summary: 's', finished_at: [] }, /^finished_at must be a time, not a list$/],
    [[], /^the body must be a JSON object, not a list$/],
    [null, /^the body must be a JSON object, not null$/],
    ['x', /^the body must be a JSON object, not a text$/],
  ])('%j is refused, with the field and what it must be', (payload, message) => {
    const refused = expect(() => map(payload));
    refused.toThrow(expect.objectContaining({ code: 'bad_payload', message: expect.stringMatching(message) }));
  });

  it.each([
    '/api/v1/services/svc_1',
    '/api/v1/services/',
    '/api/v1/services/svc_1/incidents',
    '/api/v1/services/a/b/changes',
    '/api/v1/services/%/changes',
    '/api/v1/services/%20/changes',
  ])('a post to %s is refused', (path) => {
    expect(() => said({}, { path })).toThrow(expect.objectContaining({ code: 'bad_payload' }));
  });
});

describe('a field by the name that another tool has for it', () => {
  it('is named in a note, with the name that was meant', () => {
    const { notes } = said({ env: 'production', Sha: COMMIT.commit_sha, timestamp: 1774000000, colour: 'red' });
    expect(notes).toContain(
      'fields that are not understood: env (did you mean environment?), Sha (did you mean commit_sha?), ' +
        'timestamp (did you mean occurred_at?), colour',
    );
  });

  it('is not suggested where the right one was sent as well', () => {
    const { notes } = said({ environment: 'production', env: 'production' });
    expect(notes).toContain('fields that are not understood: env');
  });

  it('is named where the summary is missing for it', () => {
    const message = expect.stringMatching(/^summary is required: .*; .*: title \(did you mean summary\?\)$/);
    expect(() => map({ title: 'Deployed pay' })).toThrow(expect.objectContaining({ message }));
  });
});

describe('the words of a pipeline', () => {
  it('are read in any case', () => {
    const record = said({ change_type: 'Database Migration', risk_level: 'HIGH', status: 'In Progress' });
    expect(record).toMatchObject({ changeType: 'database_migration', riskLevel: 'high', state: 'running' });
  });

  it.each([
    ['HEAD', undefined],
    ['origin/main', 'main'],
  ])('name the checkout %s', (branch, ref) => {
    expect(said({ branch }).ref).toBe(ref);
  });
});

describe('an empty value', () => {
  it('is absent, whatever a shell or a template prints for an empty variable', () => {
    const empty = ['', ' ', null, 'null', 'undefined', '<no value>', '$CI_COMMIT_BRANCH', '${CI_COMMIT_BRANCH}'];
    for (const branch of empty) expect(said({ branch })).not.toHaveProperty('ref');
    const record = said({
      change_type: '',
      risk_level: '',
      pr_number: '',
      changed_by: '',
      tags: ['', 'a'],
      external_id: '',
    });
    expect(record).toMatchObject({ changeType: 'deployment', tags: ['a'] });
    for (const key of ['riskLevel', 'pullRequest', 'actor', 'externalId']) expect(record).not.toHaveProperty(key);
  });

  it('never makes an environment production', () => {
    for (const environment of [undefined, '', null, '$CI_ENVIRONMENT_NAME']) {
      const record = said({ environment });
      expect(record.environment).toEqual({ name: 'unknown' });
      expect(record.notes).toContain('environment has no value: it stays unknown (Alert24 would say production)');
    }
  });

  it('is named in a note if it is an unexpanded variable', () => {
    for (const environment of ['${WHERE}', '${{ inputs.where }}', '$(where)', '{{where}}', '%WHERE%']) {
      const one = said({ environment });
      expect(one.environment.name).toBe('unknown');
      expect(one.notes).toContain(`left out, as variables were not filled in: ${environment} in environment`);
    }
  });
});

it('makes no id of a text with a variable in it, which every deployment would share', () => {
  const one = said({ external_id: 'pay-$CI_PIPELINE_ID' });
  expect(one).not.toHaveProperty('externalId');
  expect(one.notes).toContain('left out, as variables were not filled in: pay-$CI_PIPELINE_ID in external_id');
});

describe('the fields', () => {
  it('keep a full sha as the commit and a short one as a tag', () => {
    expect(said(COMMIT).commit).toEqual({ sha: COMMIT.commit_sha });
    const short = said({ commit_sha: '4f0c9e1d' });
    expect(short).not.toHaveProperty('commit');
    expect(short.tags).toEqual(['commit:4f0c9e1d']);
    const none = said({ commit_sha: 'v3.4.0' });
    expect(none).toMatchObject({ tags: [], notes: expect.arrayContaining(['commit_sha is no commit sha: left out']) });
  });

  it('name the service: by service, else pipeline, else service id, else summary', () => {
    const summary = 'Deployed tide-table @ 4f0c9e1d';
    const pipeline_url = 'https://gitlab.example.com/harbor/coast/lighthouse-api/-/pipelines/71';
    expect(map({ summary, pipeline_url, service_id: 'svc_1', service: 'lamp' }).service).toBe('lamp');
    expect(map({ summary, pipeline_url, service_id: 'svc_1' }).service).toBe('lighthouse-api');
    expect(map({ summary, service_id: 'svc_1' }).service).toBe('svc_1');
    expect(map({ summary }).service).toBe('tide-table');
    expect(map({ summary: 'Something' }).service).toBe('unknown');
  });

  it('name the run by pipeline_url, job_url, or both: the job says the rest', () => {
    const job_url = 'https://gitlab.example.com/harbor/coast/lighthouse-api/-/jobs/9';
    const pipeline_url = 'https://gitlab.example.com/harbor/coast/lighthouse-api/-/pipelines/71';
    const record = map({ summary: 'Tide table', job_url });
    expect(record).toMatchObject({ jobUrl: job_url, service: 'lighthouse-api', repeatable: true });
    expect(record.repository?.name).toBe('harbor/coast/lighthouse-api');
    expect(record.notes).toContain('service is the project in job_url');
    const keyOf = (fields: Record<string, unknown>) => said(fields).deployment;
    expect(keyOf({ pipeline_url, job_url })).not.toBe(keyOf({ pipeline_url, job_url: `${job_url}1` }));
    expect(keyOf({ job_url })).not.toBe(keyOf({ pipeline_url }));
    expect(said({ job_url: 'javascript:1' })).not.toHaveProperty('jobUrl');
    expect(said({ job_url: 'javascript:1' }).notes).toContain('job_url is no http(s) URL: left out');
    const answer = source.answer?.({ kind: 'accepted', records: [record] }, post());
    expect(answer?.body).toMatchObject({ data: { job_url } });
  });

  it.each([
    [
      'https://gitlab.example.com:8443/harbor/coast/lamp/-/pipelines/7',
      'harbor/coast/lamp',
      'https://gitlab.example.com:8443/harbor/coast/lamp',
    ],
    ['https://gitlab.example.com/harbor/lamp/-/jobs/7', 'harbor/lamp', 'https://gitlab.example.com/harbor/lamp'],
    ['https://bitbucket.org/harbor/lamp/pipelines/results/7', 'harbor/lamp', 'https://bitbucket.org/harbor/lamp'],
  ])('identify the repository by %s, and never a GitLab project to write to', (pipeline_url, name, url) => {
    expect(said({ pipeline_url }).repository).toEqual({ name, url });
  });

  it('leave out a repository without a pipeline address', () => {
    for (const pipeline_url of [
      'https://ci.example.com/runs/8',
      'nonsense',
      '/-/pipelines/1',
      'https://gitlab.example.com/-/pipelines/1',
    ]) {
      expect(said({ pipeline_url })).not.toHaveProperty('repository');
    }
  });

  it('write only to the GitLab project in gitlab_project', () => {
    expect(said({ gitlab_project: 42 }).repository).toEqual({ name: '42', gitlabProject: '42' });
    expect(said({ gitlab_project: 'harbor/lamp', repository: 'lamp' }).repository).toEqual({
      name: 'lamp',
      gitlabProject: 'harbor/lamp',
    });
  });

  it('drop user and password of every URL', () => {
    const record = said({
      repository: 'https://gitlab-ci-token:secret@gitlab.example.com/harbor/lamp.git',
      pipeline_url: 'https://u:secret@gitlab.example.com/harbor/lamp/-/pipelines/7',
      pr_url: 'https://u:secret@gitlab.example.com/harbor/lamp/-/merge_requests/9',
    });
    expect(JSON.stringify(record)).not.toContain('secret');
    expect(record.pullRequest?.number).toBe('9');
    expect(record.repository).toEqual({ name: 'harbor/lamp', url: 'https://gitlab.example.com/harbor/lamp' });
  });

  it.each(['javascript:alert(1)', '/-/merge_requests/', 'gitlab.example.com/x', 'file:///etc/passwd'])(
    'drop a URL such as %s',
    (url) => {
      const record = said({ pr_url: url, pr_number: '9', pipeline_url: url });
      expect(record.pullRequest).toEqual({ number: '9' });
      expect(record).not.toHaveProperty('pipelineUrl');
      expect(record.notes).toEqual(
        expect.arrayContaining(['pr_url is no http(s) URL: left out', 'pipeline_url is no http(s) URL: left out']),
      );
    },
  );

  it('keep the message of the commit, its first line as title, without the quotes that the documents add', () => {
    const commit = { title: 'Turn slower', message: 'Turn slower\n\nCloses 12' };
    expect(said({ commit_message: 'Turn slower\n\nCloses 12\n\n' }).commit).toEqual(commit);
    expect(said({ commit_message: '"Turn slower"\n' }).commit?.title).toBe('Turn slower');
    expect(said({ commit_message: '"Slow" and "fast"' }).commit?.title).toBe('"Slow" and "fast"');
  });

  it('are named in a note if they are unknown', () => {
    const record = said({ component: 'x', metadata: {}, ['c'.repeat(99)]: 1 });
    expect(record.notes).toContain(
      `fields that are not understood: component (did you mean service?), metadata, ${'c'.repeat(39)}…`,
    );
  });

  it('are read in the spelling of other languages, too', () => {
    const { commit_sha: sha, environment } = COMMIT;
    const snake = said({ commit_sha: sha, environment, started_at: '2026-03-19T14:00:00Z', pr_number: 7 });
    const camel = said({ commitSha: sha, Environment: environment, startedAt: '2026-03-19T14:00:00Z', 'pr-number': 7 });
    expect(camel).toEqual(snake);
    expect(map({ Summary: 'Tide table' }).summary).toBe('Tide table');
    const unfilled = 'left out, as variables were not filled in: $COMMIT in commit_sha';
    expect(said({ commitSha: '$COMMIT' }).notes).toContain(unfilled);
  });

  it('are not read in another spelling if two would have one name', () => {
    const record = said({
      commit_sha: COMMIT.commit_sha,
      commitSha: 'another',
      changedBy: 'mira',
      'changed-by': 'ana',
    });
    expect(record.commit?.sha).toBe(COMMIT.commit_sha);
    expect(record).not.toHaveProperty('actor');
    expect(record.notes).toContain(
      'fields that are not understood: commitSha, changedBy (did you mean changed_by?), ' +
        'changed-by (did you mean changed_by?)',
    );
    expect(said({ constructor: 'x', ['__proto__']: 'y', toString: 'z' }).notes?.join()).toContain('not understood');
  });

  it('prefer the service id of the path to the one of the body', () => {
    const record = said({ service_id: 'svc_body' }, { path: '/api/v1/services/svc%2F1/changes' });
    expect(record.serviceId).toBe('svc/1');
    expect(record.notes).toContain('service_id differs from the path: the path counts');
    expect(said({ service_id: 'svc_body' }, { path: '/webhooks/changes' }).serviceId).toBe('svc_body');
  });
});

describe('a value as scripts write it', () => {
  it.each([
    [{ environment: "'staging'" }, { environment: { name: 'staging' } }],
    [{ environment: '"staging"\n' }, { environment: { name: 'staging' } }],
    [{ service: "pay's" }, { service: "pay's" }],
    [
      { environment: 12, service: 7, changed_by: 42 },
      { environment: { name: '12' }, service: '7', actor: '42' },
    ],
    [{ commit_sha: 4012345 }, { tags: ['commit:4012345'] }],
    [{ tags: 'blue, green ,' }, { tags: ['blue', 'green'] }],
    [{ tags: ['blue', 7] }, { tags: ['blue', '7'] }],
  ])('%j is read', (fields, expected) => {
    expect(said(fields)).toMatchObject(expected);
  });
});

describe('status and times', () => {
  it.each([
    [undefined, 'succeeded'],
    ['success', 'succeeded'],
    ['failure', 'failed'],
    ['failed', 'failed'],
    ['cancelled', 'canceled'],
    ['in_progress', 'running'],
    ['started', 'running'],
    ['pending', 'pending'],
  ])('%j is %s', (status, state) => {
    expect(said({ status }).state).toBe(state);
  });

  const times = { started_at: '2026-03-19T14:00:00Z', finished_at: '2026-03-19T14:10:00+00:00' };

  it('use its own time, else its end or start, else its receipt', () => {
    expect(said({}).occurredAt).toBe('2026-03-19T14:30:00.000Z');
    expect(said(times).occurredAt).toBe('2026-03-19T14:10:00.000Z');
    expect(said({ ...times, status: 'running' }).occurredAt).toBe('2026-03-19T14:00:00.000Z');
    expect(said({ ...times, occurred_at: '2026-03-19T14:11:00Z' }).occurredAt).toBe('2026-03-19T14:11:00.000Z');
  });

  it('have an end only in a final state', () => {
    expect(said({ ...times, status: 'running' })).not.toHaveProperty('finishedAt');
    expect(said(times)).toMatchObject({
      startedAt: '2026-03-19T14:00:00.000Z',
      finishedAt: '2026-03-19T14:10:00.000Z',
    });
  });

  it.each([1773929400, '1773929400', 1773929400000, '1773929400.000000001'])('reads the epoch %j', (occurred_at) => {
    expect(said({ occurred_at }).occurredAt).toBe('2026-03-19T14:10:00.000Z');
  });
});

describe('one change or two', () => {
  it('the same body again is the same step of the same change', () => {
    const first = said(COMMIT);
    const retry = said(COMMIT, { id: 'whk_2', receivedAt: new Date('2026-03-19T14:30:05Z') });
    expect([retry.id, retry.deployment]).toEqual([first.id, first.deployment]);
  });

  it('a later status is another step of the same change', () => {
    const [running, done] = [said({ ...COMMIT, status: 'running' }), said({ ...COMMIT, status: 'success' })];
    expect(done.deployment).toBe(running.deployment);
    expect(done.id).not.toBe(running.id);
  });

  it.each(['environment', 'branch', 'pipeline_url', 'service_id', 'service', 'summary'])(
    'another %s is a different change',
    (field) => {
      expect(said({ ...COMMIT, [field]: 'another' }).deployment).not.toBe(said(COMMIT).deployment);
    },
  );

  it('the external_id decides alone', () => {
    const running = map({ summary: 'Deploying', external_id: 'run-8', status: 'running', ...COMMIT });
    const done = map({ summary: 'Deployed', external_id: 'run-8' });
    expect([running.deployment, done.deployment]).toEqual(['changes:run-8', 'changes:run-8']);
    expect(said({ external_id: 8 }).deployment).toBe('changes:8');
    expect(said({ external_id: 'x'.repeat(100_000) }).deployment.length).toBeLessThan(100);
  });

  it('manual posts are one change each, unless an Idempotency-Key marks them as repeats', () => {
    const headers = { 'idempotency-key': 'k1' };
    expect(said({}, { id: 'whk_1' }).deployment).not.toBe(said({}, { id: 'whk_2' }).deployment);
    expect(said({}, { id: 'whk_1', headers }).deployment).toBe(said({}, { id: 'whk_2', headers }).deployment);
    const another = { headers: { 'idempotency-key': 'k2' } };
    expect(said(COMMIT, { headers }).deployment).not.toBe(said(COMMIT, another).deployment);
  });
});

describe('the state names of CI systems', () => {
  it.each([
    ['SUCCESS', 'succeeded'],
    ['Succeeded', 'succeeded'],
    ['passed', 'succeeded'],
    ['SUCCESSFUL', 'succeeded'],
    ['FAILURE', 'failed'],
    ['UNSTABLE', 'failed'],
    ['ABORTED', 'canceled'],
    ['NOT_BUILT', 'canceled'],
    ['Superseded', 'canceled'],
    ['deployed', 'succeeded'],
    ['on_hold', 'pending'],
    ['STOPPED', 'canceled'],
    ['In Progress', 'running'],
    ['IN_PROGRESS', 'running'],
  ])('%s is %s, in any case', (word, state) => {
    expect(parseChange({ summary: 's', status: word }).status).toBe(state);
  });
});

describe('the answer', () => {
  const webhook = post();

  it("is the created change in Alert24's format", () => {
    const record = map({
      summary: 'Deployed lamp @ 4f0c9e1d',
      ...COMMIT,
      tags: ['gitlab'],
      source: 'gitlab-ci',
      pr_number: 93,
    });
    expect(source.answer?.({ kind: 'accepted', records: [record] }, webhook)).toEqual({
      status: 201,
      body: {
        data: {
          id: record.id,
          summary: 'Deployed lamp @ 4f0c9e1d',
          service_id: null,
          change_type: 'deployment',
          description: null,
          source: 'gitlab-ci',
          commit_sha: COMMIT.commit_sha,
          commit_message: null,
          branch: null,
          pr_number: '93',
          pr_url: null,
          pipeline_url: null,
          environment: 'production',
          risk_level: 'low',
          changed_by: null,
          external_id: null,
          tags: ['gitlab'],
          created_at: '2026-03-19T14:30:00.000Z',
          status: 'succeeded',
          service: 'lamp',
          notes: ['service is taken from summary'],
        },
      },
    });
  });

  it.each([
    ['not_json', 400, 'validation_error'],
    ['bad_payload', 400, 'validation_error'],
    ['bad_signature', 401, 'authentication_error'],
    ['too_large', 413, 'validation_error'],
  ] as const)('to %s is %i %s', (code, status, type) => {
    const error = new WebhookRejected(code, 'what to do');
    const body = { error: { type, message: 'what to do', status } };
    expect(source.answer?.({ kind: 'rejected', error }, webhook)).toEqual({ status, body });
  });

  it('asks for a retry if nothing was stored', () => {
    const answer = source.answer?.({ kind: 'not_kept' }, webhook);
    expect(answer).toMatchObject({ status: 503, body: { error: { type: 'server_error', status: 503 } } });
  });
});

it('the sample is mapped to a new change every time', () => {
  const deployments = [1, 2].map((second) => {
    const { path, headers, body } = source.sample(new Date(second * 1000));
    source.verify(post({ path, headers }));
    return map(JSON.parse(body), { path, headers }).deployment;
  });
  expect(new Set(deployments).size).toBe(2);
});

it('any JSON is mapped to a valid record or refused', () => {
  const field = fc.constantFrom(
    'summary',
    'tags',
    'pr_number',
    'pr_url',
    'pipeline_url',
    'repository',
    'occurred_at',
    'status',
    'external_id',
    '__proto__',
  );
  const bodies = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.oneof(fc.string(), fc.webUrl(), fc.jsonValue())));
  fc.assert(
    fc.property(bodies, (payload) => {
      try {
        ChangeRecord.parse(map({ summary: 's', ...Object(payload) }));
        ChangeRecord.parse(map(payload));
      } catch (error) {
        expect(error).toBeInstanceOf(WebhookRejected);
      }
    }),
    { numRuns: 500 },
  );
});
