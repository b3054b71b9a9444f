import { describe, expect, it } from 'vitest';
import { toText } from '../../src/cli/explain-text.ts';
import { explain, receivedAt } from '../../src/explain/explain.ts';
import { REASONS } from '../../src/sources/reasons.ts';
import { ALERT24_KEY, aConfig, aWebhook, GITLAB_TOKEN, gitlabHook, payload, SECRET, sourceOf } from './support.ts';

const bearer = { authorization: `Bearer ${SECRET}` };

async function explained(type: string, body: unknown, said: Parameters<typeof aWebhook>[1] = {}, config = aConfig()) {
  return explain(sourceOf(config, type), aWebhook(body, said), {
    ...config,
    checkSignature: said.headers !== undefined,
  });
}

describe('an accepted webhook', () => {
  const rules = [
    { name: 'Critical lights', match: { environment: 'prod*' }, set: { risk_level: 'high', tags: ['lights'] } },
    { name: 'Home', match: { source: 'argocd' }, set: { gitlab_project: 'harbor/lighthouse-api' } },
  ];

  it('is explained with its record, the origin of each field, the rules and the exact request of each sink', async () => {
    const config = aConfig({ rules });
    const found = await explained('argocd', payload('argocd/succeeded.json'), { headers: bearer }, config);
    expect(found).toMatchObject({ verdict: 'accepted', signature: 'valid', answer: { status: 202 }, lookups: [] });
    expect(found.records.map(({ history }) => history?.recovered)).toEqual([undefined, true]); // what its history says, too
    const [deployment] = found.deployments;
    expect(deployment?.origins).toEqual(
      expect.arrayContaining([
        { field: 'state', value: 'succeeded', from: ['argocd notification'] },
        { field: 'riskLevel', value: 'high', from: [expect.stringContaining('rule Critical lights:')] },
        {
          field: 'repository.gitlabProject',
          value: 'harbor/lighthouse-api',
          from: [expect.stringContaining('rule Home:')],
        },
        {
          field: 'tags',
          value: expect.arrayContaining(['lights']),
          from: ['argocd notification', expect.stringContaining('rule Critical lights:')],
        },
      ]),
    );
    expect(deployment?.rules).toHaveLength(2);
    expect(deployment?.sinks).toMatchObject([
      {
        name: 'alert24',
        wanted: true,
        request: {
          method: 'POST',
          url: 'https://app.alert24.net/api/v1/changes',
          headers: { authorization: 'Bearer [secret]' },
          body: { environment: 'production', risk_level: 'high' },
        },
      },
      {
        name: 'gitlab',
        wanted: true,
        request: {
          url: 'https://gitlab.harbor.example/api/v4/projects/harbor%2Flighthouse-api/deployments',
          headers: { 'private-token': '[secret]' },
          body: { environment: 'production', status: 'success' },
        },
      },
    ]);
    await expect(toText(found)).toMatchFileSnapshot('./argocd-succeeded.txt');
  });

  it('shows no secret', async () => {
    const found = await explained('argocd', payload('argocd/succeeded.json'), { headers: bearer }, aConfig({ rules }));
    for (const secret of [SECRET, ALERT24_KEY, GITLAB_TOKEN])
      expect(JSON.stringify(found) + toText(found)).not.toContain(secret);
  });

  it('shows an HTTP request as a command, and a row as a row', async () => {
    const sinks = [
      { type: 'otlp', url: 'https://collector.harbor.example' },
      { type: 'postgres', url: 'postgres://shiplog:a-password-of-a-database@db.harbor.example/shiplog' },
    ];
    const text = toText(await explained('gitlab', gitlabHook(), {}, aConfig({ sinks })));
    expect(text).toMatch(
      /curl -X POST 'https:\/\/collector.harbor.example\/v1\/logs' .*\n.*\n.*content-type: application\/json/,
    );
    expect(text).toContain('  INSERT postgres://db.harbor.example:5432/shiplog/shiplog.deployments\n  {\n    "key": ');
    expect(text).not.toContain('a-password-of-a-database');
  });

  it('reports why nothing is delivered to a sink', async () => {
    const running = await explained('gitlab', gitlabHook({ status: 'running' }));
    expect(running.deployments[0]?.sinks).toEqual([
      { name: 'alert24', type: 'alert24', wanted: false, why: expect.stringContaining('only accepts: succeeded') },
      { name: 'gitlab', type: 'gitlab-deployments', wanted: false, why: 'GitLab made it itself' },
    ]);
    const config = aConfig({ rules: [{ name: 'Quiet', sinks: ['gitlab'] }] });
    const routed = await explained('gitlab', gitlabHook(), {}, config);
    expect(routed.deployments[0]?.sinks[0]).toMatchObject({ wanted: false, why: 'a rule sends it to gitlab' });
  });

  it('reports what a sink would refuse to send', async () => {
    const body = { ...JSON.parse(payload('argocd/succeeded.json')), revision: '1.2.3' };
    const config = aConfig({ rules: [{ set: { gitlab_project: 'harbor/lighthouse-api' } }] });
    const found = await explained('argocd', body, {}, config);
    const sink = found.deployments[0]?.sinks.find(({ name }) => name === 'gitlab');
    expect(sink).toMatchObject({ wanted: false, why: expect.stringContaining('no full commit is known') });
    expect(sink?.request).toBeUndefined();
  });

  it('keeps several deployments of one webhook apart', async () => {
    const found = await explained('gitlab', payload('gitlab/pipeline-two-of-five-jobs-deployed.json'));
    expect(found.deployments.map(({ deployment }) => deployment.key)).toEqual(
      found.records.map((record) => record.deployment),
    );
    expect(found.deployments).toHaveLength(2);
  });

  it('leaves out entries of a history, and reports it', async () => {
    const body = JSON.parse(payload('argocd/succeeded.json'));
    body.history[0].deployed_at = '2026-05-04T08:00:09Z';
    const { records, deployments, notes } = await explained('argocd', body);
    expect(records.map(({ signal }) => signal)).toContain('argocd history');
    expect(deployments).toHaveLength(1);
    expect(notes.join('\n')).toContain("read from the tool's history");
  });

  it('notes that echoes and earlier deployments are only known to the worker', async () => {
    const body = gitlabHook({ deployable_id: undefined, deployable_url: undefined });
    const { notes } = await explained('gitlab', body);
    expect(notes.join('\n')).toMatch(/echo[\s\S]*duplicate/);
  });
});

describe('a webhook that does not create a change', () => {
  it('is ignored with its reason, and what to do', async () => {
    const found = await explained('gitlab', { object_kind: 'push' });
    expect(found).toMatchObject({
      verdict: 'ignored',
      reason: 'not_a_deployment',
      detail: expect.stringContaining('push'),
      words: REASONS.not_a_deployment,
      answer: { status: 202, body: { reason: 'not_a_deployment' } },
      records: [],
      deployments: [],
    });
    expect(toText(found)).toContain(REASONS.not_a_deployment.advice);
  });

  it('is ignored because of the rule that drops it, with the trace, although it is acknowledged', async () => {
    const config = aConfig({ rules: [{ name: 'No sandboxes', match: { environment: 'production' }, drop: true }] });
    const found = await explained('gitlab', gitlabHook(), {}, config);
    expect(found).toMatchObject({
      verdict: 'ignored',
      reason: 'dropped_by_rule',
      detail: 'No sandboxes',
      answer: { status: 202, body: { status: 'accepted' } },
      deployments: [{ droppedBy: 'No sandboxes', rules: [expect.stringContaining('dropped')] }],
    });
    expect(found.deployments[0]?.sinks.map(({ wanted }) => wanted)).toEqual([false, false]);
  });

  it('is rejected if the signature is wrong, and the body is not read', async () => {
    const found = await explained('gitlab', 'not json', { headers: { 'x-gitlab-token': 'wrong' } });
    expect(found).toMatchObject({ verdict: 'rejected', reason: 'bad_signature', signature: 'wrong' });
  });

  it('reports that the signature was not checked when there are no headers', async () => {
    const found = await explained('gitlab', 'not json');
    expect(found).toMatchObject({ verdict: 'rejected', reason: 'not_json', signature: 'not checked' });
    expect(found.notes.join('\n')).toContain('Signature not checked');
  });

  it('follows the rule of the source for a body that is not JSON', async () => {
    expect(await explained('argocd', '{"a": <no value>}')).toMatchObject({
      verdict: 'ignored',
      reason: 'invalid_json',
    });
    expect(await explained('bitbucket', '{"a": }')).toMatchObject({ verdict: 'rejected', reason: 'not_json' });
  });

  it('is checked for its size first', async () => {
    const config = aConfig({ sources: [{ type: 'gitlab', secrets: [SECRET], max_body_mib: 0.001 }] });
    const found = await explained('gitlab', `"${'x'.repeat(2_000)}"`, { headers: {} }, config);
    expect(found).toMatchObject({ verdict: 'rejected', reason: 'too_large', answer: { status: 413 } });
  });
});

describe('every reason', () => {
  it.each(Object.entries(REASONS))('%s is explained with what to do', (reason, words) => {
    const text = toText({
      source: { name: 'gitlab', type: 'gitlab' },
      verdict: 'ignored',
      reason: reason as keyof typeof REASONS, // a key of it
      words,
      signature: 'valid',
      answer: { status: 202, body: {} },
      records: [],
      deployments: [],
      lookups: [],
      notes: [],
    });
    for (const sentence of [reason, words.means, words.advice]) expect(text).toContain(sentence);
  });
});

describe('the text', () => {
  it('contains no control sequence of a payload', async () => {
    const body = gitlabHook({ commit_title: 'red \u001b[31m alarm \u009b2J', environment: 'prod\u001b[2J' });
    expect(toText(await explained('gitlab', body))).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe('the time of arrival', () => {
  it('is that of the signature, which is valid for minutes', () => {
    const now = new Date('2026-05-04T12:00:00Z');
    expect(receivedAt({ 'webhook-timestamp': '1777885200' }, now)).toEqual(new Date('2026-05-04T09:00:00Z'));
    expect(receivedAt({ 'webhook-timestamp': 'soon' }, now)).toBe(now);
    expect(receivedAt({}, now)).toBe(now);
  });
});
