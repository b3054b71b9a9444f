import { readFileSync } from 'node:fs';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { bitbucketStep } from '../../src/web/setup-help.ts';
import { memoryInbox, source, webhook } from './stores.ts';
import { ADMIN, app, CHANGES, see, sessionCookie } from './support.ts';

const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

describe('the set-up page', () => {
  it('builds the URLs from the address by which it was reached', async () => {
    const response = await request(app())
      .get('/setup')
      .set('cookie', sessionCookie())
      .set('host', 'shiplog.harbor.example:8443')
      .expect(200);
    for (const name of ['gitlab', 'bitbucket', 'argocd', 'changes'])
      expect(response.text).toContain(`http://shiplog.harbor.example:8443/webhooks/${name}`);
    expect(response.text).not.toContain('only this machine can reach');
  });

  it('warns when that address is no address for others', async () => {
    expect(await see('/setup')).toContain('only this machine can reach');
  });

  it('shows hostile host names as text', async () => {
    const response = await request(app())
      .get('/setup')
      .set('cookie', sessionCookie())
      .set('host', 'x"><script>alert(1)</script>');
    expect(response.text).not.toContain('<script>');
  });

  it('says whether it worked: the last webhook of each source and its verdict', async () => {
    const inbox = memoryInbox([
      webhook({ source: 'gitlab', verdict: 'rejected', reason: 'bad_signature', detail: 'X-Gitlab-Token is missing' }),
      webhook({ source: 'gitlab', verdict: 'recorded' }),
      webhook({ source: 'argocd', verdict: 'recorded' }),
    ]);
    const page = text(await see('/setup', { inbox }));
    expect(page).toMatch(
      /gitlab Refused\. Last webhook .* rejected bad_signature X-Gitlab-Token is missing .* bitbucket Nothing has come from here yet\. .* argocd It works\./,
    );
  });

  it('helps with a source of a type that it does not know', async () => {
    expect(await see('/setup', { sources: [source('constructor', 'boat')] })).toContain('npx shiplog sample boat');
  });

  it('offers the same pipeline step as the README of the source', () => {
    expect(readFileSync('src/sources/bitbucket/README.md', 'utf8')).toContain(bitbucketStep('bitbucket'));
  });
});

describe('the secrets', () => {
  const ask = () => request(app()).post('/setup').type('form').send({ show: 'gitlab' });

  it('are on no page that nobody asked for', async () => {
    expect(await see('/setup?show=gitlab')).not.toContain('secret-of-');
    expect(await see('/')).not.toContain('secret-of-');
  });

  it('are shown to an admin, for the source that was asked for', async () => {
    const response = await ask().set('cookie', sessionCookie()).expect(200);
    expect(response.text).toContain('secret-of-gitlab-0123456789');
    expect(response.text).not.toContain('secret-of-argocd');
    expect(response.headers['cache-control']).toBe('no-store');
    await ask().set('authorization', `Bearer ${ADMIN}`).expect(200);
  });

  it('are shown to nobody else', async () => {
    const response = await ask().set('authorization', `Bearer ${CHANGES}`).expect(403);
    expect(response.text).not.toContain('secret-of-');
    await ask().expect(303).expect('location', '/login?next=%2Fsetup');
  });
});
