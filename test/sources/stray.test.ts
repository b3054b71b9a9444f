import { describe, expect, it } from 'vitest';
import { WebhookRejected } from '../../src/domain/errors.ts';
import type { Webhook } from '../../src/sources/received-webhook.ts';
import { strayFrom } from '../../src/sources/wrong-secret.ts';
import { config } from '../support/every-source.ts';

const named = (name: string) => {
  const source = config.sources.find((one) => one.name === name);
  if (!source) throw new Error(`there is no source ${name}`);
  return source;
};
const sent = (headers: Record<string, string>): Webhook => ({
  ...{ id: 'w', method: 'POST', path: '/', headers, body: Buffer.from('{}') },
  ...{ receivedAt: new Date(), address: '192.0.2.1' },
});
const stray = (name: string, headers: Record<string, string>) => strayFrom(named(name), sent(headers), config.sources);
const HOOK = { 'x-gitlab-event': 'Deployment Hook', 'x-gitlab-token': 'mistyped', 'x-request-id': '7' };

describe('a webhook at the address of another source', () => {
  it.each(['bitbucket', 'argocd', 'changes', 'heroku', 'gitlab-api'])('is recognised at %s by its headers', (name) => {
    expect(stray(name, HOOK)).toEqual({ name: 'gitlab', header: 'x-gitlab-event' });
  });

  it.each([
    ['gitlab', { 'x-event-key': 'repo:push' }, 'bitbucket'],
    ['argocd', { 'heroku-webhook-hmac-sha256': 'abc' }, 'heroku'],
  ])('%s, %j', (at, headers, name) => {
    expect(stray(at, headers)?.name).toBe(name);
  });

  it.each([
    ['gitlab', HOOK],
    ['gitlab', { 'x-request-id': '7', 'idempotency-key': '8', authorization: 'Bearer 9' }],
    ['bitbucket', { 'user-agent': 'curl/8', 'content-type': 'application/json' }],
  ])('is not suspected of its own tool, or of any client: %s, %j', (name, headers) => {
    expect(stray(name, headers)).toBeUndefined();
  });

  it('is named where its body cannot be read', () => {
    const looks = 'this looks like a webhook of the source "gitlab" (it has the header x-gitlab-event), whose address';
    const mapped = named('argocd').map({ status: 'success' }, sent(HOOK));
    expect(mapped).toMatchObject({ kind: 'ignored', reason: 'unmapped', detail: expect.stringContaining(looks) });
    const refused = () => named('changes').map({ status: 'success' }, sent(HOOK));
    expect(refused).toThrow(WebhookRejected);
    expect(refused).toThrow(looks);
    expect(refused).toThrow('summary is required');
  });
});
