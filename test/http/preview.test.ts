import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createBodyBudget } from '../../src/http/body-budget.ts';
import { createPreview } from '../../src/http/preview.ts';
import { AnySource } from '../../src/sources/index.ts';
import { MEBIBYTE } from '../../src/values/settings.ts';
import { aConfig, gitlabHook, SECRET } from '../explain/support.ts';

const app = (said: Record<string, unknown> = {}) => {
  const { sources, sinks, rules, routing } = aConfig(said);
  const budget = createBodyBudget({ provedBytes: 64 * MEBIBYTE, unprovedBytes: MEBIBYTE });
  return express().post('/api/preview/:source', createPreview({ sources, sinks, rules, routing, budget }));
};
const post = (path: string, said: Record<string, unknown> = {}) =>
  request(app(said)).post(path).set('content-type', 'application/json').set('authorization', 'Bearer an-admin-token');

describe('POST /api/preview/<source>', () => {
  it('explains the body of the request', async () => {
    const { status, body } = await post('/api/preview/gitlab').send(gitlabHook());
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      source: { name: 'gitlab' },
      verdict: 'accepted',
      signature: 'not checked',
      answer: { status: 202 },
      records: [{ state: 'succeeded', environment: { name: 'production' } }],
      deployments: [
        {
          sinks: [
            { name: 'alert24', wanted: true },
            { name: 'gitlab', wanted: false },
          ],
        },
      ],
    });
  });

  it("uses the request's headers as the webhook's, and checks a signature if there is one", async () => {
    const right = await post('/api/preview/gitlab').set('x-gitlab-token', SECRET).send(gitlabHook());
    expect(right.body.data).toMatchObject({ verdict: 'accepted', signature: 'valid' });
    const wrong = await post('/api/preview/gitlab').set('x-gitlab-token', 'wrong').send(gitlabHook());
    expect(wrong.body.data).toMatchObject({ verdict: 'rejected', reason: 'bad_signature', signature: 'wrong' });
  });

  it.each(AnySource.options.map((option) => option.in.shape.type.value))(
    'checks what proves the sender of %s',
    async (type) => {
      const sources = [{ type, name: 'buoy', secrets: [SECRET] }];
      const source = AnySource.parse(sources[0]);
      const { headers, body } = source.sample(new Date('2026-03-14T21:00:00Z'));
      const sent = (change: (proof: string) => string) =>
        Object.entries(headers).reduce(
          (call, [name, value]) => {
            const isProof = source.proofHeaders.includes(name);
            const as = name === 'authorization' ? 'x-preview-authorization' : name;
            return call.set(as, isProof ? change(value) : value);
          },
          post('/api/preview/buoy', { sources }),
        );
      const right = await sent((proof) => proof).send(body);
      expect(right.body.data).toMatchObject({ verdict: 'accepted', signature: 'valid' });
      const wrong = await sent((proof) => `${proof}x`).send(body);
      expect(wrong.body.data).toMatchObject({ verdict: 'rejected', reason: 'bad_signature', signature: 'wrong' });
    },
  );

  it("never uses the admin's token as the sender's", async () => {
    const change = { summary: 'Deployed lighthouse-api', environment: 'production' };
    const unchecked = await post('/api/preview/changes').send(change);
    expect(unchecked.body.data).toMatchObject({ verdict: 'accepted', signature: 'not checked' });
    const checked = await post('/api/preview/changes').set('x-preview-authorization', `Bearer ${SECRET}`).send(change);
    expect(checked.body.data).toMatchObject({ signature: 'valid', answer: { status: 201 } });
    expect(JSON.stringify(checked.body)).not.toContain(SECRET);
  });

  it('accepts the path that the sender would use', async () => {
    const sha = '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d';
    const body = { status: 'success', environment: 'production', sha, ref: 'main', tag: false };
    const path = encodeURIComponent('/api/v4/projects/harbor%2Flighthouse-api/deployments?x=1');
    const answer = await post(`/api/preview/argocd?path=${path}`).send(body);
    expect(answer.body.data).toMatchObject({
      records: [{ signal: 'gitlab drop-in', service: 'lighthouse-api' }],
      answer: { status: 201 },
    });
    expect((await post('/api/preview/argocd?path=elsewhere').send(body)).status).toBe(400);
    expect((await post('/api/preview/argocd?path=/a&path=/b').send(body)).status).toBe(400);
  });

  it('explains a body that is not JSON', async () => {
    const { status, body } = await post('/api/preview/bitbucket').send('{"a": ,}');
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ reason: 'not_json', detail: expect.stringContaining('column 7') });
  });

  it('refuses unknown sources, and applies the limits', async () => {
    const unknown = await post('/api/preview/gitlub').send({});
    expect(unknown).toMatchObject({ status: 404, body: { error: { message: expect.stringContaining('gitlab') } } });
    const sources = [{ type: 'gitlab', secrets: [SECRET], max_body_mib: 0.001 }];
    const large = await post('/api/preview/gitlab', { sources }).send({ pad: 'x'.repeat(2_000) });
    expect(large).toMatchObject({ status: 413, body: { error: { type: 'validation_error' } } });
  });
});
