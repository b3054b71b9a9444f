import { readFileSync } from 'node:fs';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { pipelineStep } from '../../src/sources/bitbucket/setup.ts';
import { AnySource } from '../../src/sources/index.ts';
import { memoryDeployments, memoryInbox, source, step, webhook } from './stores.ts';
import { ADMIN, app, CHANGES, glance, notes, see, sessionCookie, submit } from './support.ts';

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

  it('warns if that address is only reachable from this machine', async () => {
    expect(await see('/setup')).toContain('only this machine can reach');
  });

  it('shows hostile host names as text', async () => {
    const response = await request(app())
      .get('/setup')
      .set('cookie', sessionCookie())
      .set('host', 'x"><script>alert(1)</script>');
    expect(response.text).not.toContain('<script>');
  });

  it('names what the last webhook deployed, as the inbox does, and not the key that it has here', async () => {
    const change = step({ deployment: 'argocd:lighthouse/beacon:7', service: 'beacon' });
    const inbox = memoryInbox([webhook({ source: 'argocd', verdict: 'recorded', deployments: [change.deployment] })]);
    const page = await see('/setup', { inbox, deployments: memoryDeployments([change]) });
    expect(text(page)).toMatch(/It works\. Last webhook .* beacon → production/);
    expect(text(page)).not.toContain(change.deployment);
  });

  it('shows the last webhook of each source and its verdict', async () => {
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

  it('shows which set-up in a tool is outdated', async () => {
    const body = (version: number) => JSON.stringify({ schema: 'shiplog/argocd/v1', version });
    const seen = (...bodies: string[]) =>
      see('/setup', {
        inbox: memoryInbox(bodies.map((one, at) => webhook({ source: 'argocd', id: `w${at}`, body: one }))),
      });
    expect(text(await seen(body(1), body(2)))).toContain('Argo CD sends by an older ConfigMap');
    expect(text(await seen(body(2), body(1)))).not.toContain('older ConfigMap');
  });

  it('shows what is wrong, and what to do', async () => {
    const inbox = memoryInbox([webhook({ verdict: 'ignored', reason: 'no_environment' })]);
    expect(text(await see('/setup', { inbox }))).toContain(
      'it does not count as a deployment. If it deploys, set the environment of',
    );
  });

  it('polls for the next webhook by a script', async () => {
    const server = app({
      inbox: memoryInbox([webhook({ receivedAt: new Date(Date.now() - 7 * 60_000).toISOString() })]),
    });
    const page = await request(server).get('/setup').set('cookie', sessionCookie()).expect(200);
    const path = /<script src="(\/assets\/setup[^"]+)" defer><\/script>/.exec(page.text)?.[1] ?? '';
    const script = await request(server)
      .get(path)
      .expect(200)
      .expect('content-type', /javascript/);
    expect(script.text).toContain("fetch('setup/last'");
    const answer = await request(server).get('/setup/last').set('cookie', sessionCookie()).expect(200);
    expect(text(answer.text)).toMatch(/It works\. Last webhook 7 min ago .* recorded/);
    expect(page.text).toContain('<div id="last-gitlab" data-last><div class="last recorded">');
    await request(server).get('/setup/last').expect(303);
  });

  it('sends a test event and shows its result', async () => {
    const { done, actions } = notes();
    const sent = webhook({ deployments: ['gitlab:sample'] });
    const parts = { actions, inbox: memoryInbox([sent]) };
    const response = await submit(
      '/actions/test-event',
      { source: 'gitlab', back: '/setup#source-gitlab' },
      parts,
    ).expect(303);
    expect(done).toEqual([['sendSample', 'gitlab']]);
    expect(response.headers['location']).toBe(`/setup?test=${sent.id}#source-gitlab`);
    const page = text(await see(`/setup?test=${sent.id}`, parts));
    expect(page).toContain('The test event came in: recorded its webhook , its change');
    expect(text(await see(`/setup?test=${sent.id}`))).toContain('The test event is not in the inbox');
  });

  it('shows where a test event will be delivered', async () => {
    expect(text(await see('/setup'))).toContain('It is forwarded to alert24 as well.');
  });

  it('offers the same pipeline step as the README of the source', () => {
    expect(readFileSync('src/sources/bitbucket/README.md', 'utf8')).toContain(pipelineStep('bitbucket'));
  });
});

describe('the secrets', () => {
  const ask = () => request(app()).post('/setup').type('form').send({ show: 'gitlab' });
  const asked = (show: string) => submit('/setup', { show }).expect(200);

  it('are only shown on request', async () => {
    expect(await see('/setup?show=gitlab')).not.toContain('secret-of-');
    expect(await see('/')).not.toContain('secret-of-');
  });

  it('are shown to an admin, for the source that was asked for', async () => {
    const response = await asked('gitlab');
    expect(response.text).toContain('secret-of-gitlab-0123456789');
    expect(response.text).not.toContain('secret-of-argocd');
    expect(response.headers['cache-control']).toBe('no-store');
    await ask().set('authorization', `Bearer ${ADMIN}`).expect(200);
  });

  it('are filled into the text to paste', async () => {
    expect((await asked('gitlab')).text).toContain('<li>Secret token: <code>secret-of-gitlab-0123456789</code></li>');
    expect((await asked('argocd')).text).toContain(
      `&quot;%s&quot;}}&#39; &#39;secret-of-argocd-0123456789&#39;)&quot;`,
    );
    expect((await asked('bitbucket')).text).toContain(
      '<code>SHIPLOG_BITBUCKET_SECRET</code> = <code>secret-of-bitbucket-0123456789</code>',
    );
    expect((await asked('changes')).text).toContain('&#39;Authorization: Bearer secret-of-changes-0123456789&#39;');
  });

  it('are filled into the recipes of every tool there is', async () => {
    for (const option of AnySource.options) {
      const kind = source(option.in.shape.type.value, 'harbor');
      const page = await submit('/setup', { show: 'harbor' }, { sources: [kind] }).expect(200);
      const cards = page.text.slice(0, page.text.indexOf('action="/sessions/end"'));
      const recipe = cards.slice(cards.lastIndexOf('</form>'));
      expect(recipe, kind.type).toContain('/webhooks/harbor');
      expect(recipe, kind.type).toContain('secret-of-harbor-0123456789');
      expect(recipe, kind.type).not.toContain('Send its webhooks to the URL above');
    }
  });

  it.each([
    ['heroku', "-s 'secret-of-heroku-0123456789' \\\n  -u 'http"],
    ['ctoai', '/webhooks/ctoai/$CI_PIPELINE_ID'],
  ])('are filled into the lines of %s', async (type, line) => {
    const page = await submit('/setup', { show: type }, { sources: [source(type)] }).expect(200);
    expect(page.text.replaceAll('&#39;', "'")).toContain(line);
  });

  it('are quoted in commands', async () => {
    const odd = { ...source('argocd'), secrets: [`it's $(rm) 0123456789`] };
    const page = await submit('/setup', { show: 'argocd' }, { sources: [odd] }).expect(200);
    expect(page.text).toContain('&#39;it&#39;\\&#39;&#39;s $(rm) 0123456789&#39;)');
  });

  it('and the buttons are hidden from a viewer', async () => {
    const page = await glance('/setup');
    expect(page).toContain('/webhooks/gitlab');
    expect(page).not.toMatch(/secret-of-|Show the secret|Send a test event/);
  });

  it('are not shown to others', async () => {
    const response = await ask().set('authorization', `Bearer ${CHANGES}`).expect(401);
    expect(response.text).not.toContain('secret-of-');
    await ask().expect(303).expect('location', '/login?next=%2Fsetup');
  });
});
