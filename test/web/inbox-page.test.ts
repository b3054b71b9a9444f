import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { prettyJson } from '../../src/web/pretty-json.ts';
import { memoryInbox, webhook } from './stores.ts';
import { app, see, sessionCookie } from './support.ts';

const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

describe('the inbox', () => {
  it('shows verdict, reason, detail, source and size, and links to the deployments', async () => {
    const refused = webhook({
      id: 'w/1',
      verdict: 'rejected',
      reason: 'bad_signature',
      detail: 'X-Gitlab-Token is not one of our secrets',
      bytes: 2048,
    });
    const page = await see('/inbox', { inbox: memoryInbox([refused, webhook({ deployments: ['changes:a/b'] })]) });
    expect(text(page)).toContain('rejected gitlab bad_signature X-Gitlab-Token is not one of our secrets 2.0 KiB');
    expect(page).toContain('href="/inbox/w%2F1"');
    expect(page).toContain('href="/deployments/changes:a%2Fb"');
  });

  it('goes on over several pages', async () => {
    const inbox = memoryInbox(Array.from({ length: 101 }, (_, index) => webhook({ id: `hook-${index}-` })));
    expect(await see('/inbox', { inbox })).not.toContain('hook-100-');
    expect(await see('/inbox?page=2', { inbox })).toContain('hook-100-');
  });

  it('shows one webhook with its headers and its body', async () => {
    const page = await see('/inbox/w1', {
      inbox: memoryInbox([webhook({ id: 'w1', body: '{"a":"</pre><script>"}' })]),
    });
    expect(text(page)).toContain('x-gitlab-event Deployment Hook');
    expect(page).toContain('{\n  &quot;a&quot;: &quot;&lt;/pre&gt;&lt;script&gt;&quot;\n}</pre>');
  });

  it('shows a body that is not JSON as it came, and the beginning of a long one', async () => {
    expect(await see('/inbox/w1', { inbox: memoryInbox([webhook({ id: 'w1', body: 'not {json' })]) })).toContain(
      '>not {json</pre>',
    );
    const long = await see('/inbox/w1', { inbox: memoryInbox([webhook({ id: 'w1', body: 'x'.repeat(300_000) })]) });
    expect(long).toContain('The first 200 KB of 293.0 KiB');
    expect(long).not.toContain('x'.repeat(200_001));
  });

  it('says why there is no body, and 404 where there is no webhook', async () => {
    expect(await see('/inbox/w1', { inbox: memoryInbox([webhook({ id: 'w1' })]) })).toContain('Not kept');
    await request(app()).get('/inbox/none').set('cookie', sessionCookie()).expect(404);
  });
});

describe('prettyJson', () => {
  it('indents and changes nothing else', () => {
    const text =
      '{"big":12345678901234567890,"twice":1,"twice":2,"s":"a: {[,\\"]","none":[],"empty":{ },"list":[1,[true,null]]}';
    expect(prettyJson(text)).toBe(
      '{\n  "big": 12345678901234567890,\n  "twice": 1,\n  "twice": 2,\n  "s": "a: {[,\\"]",\n  "none": [],\n  "empty": {},\n  "list": [\n    1,\n    [\n      true,\n      null\n    ]\n  ]\n}',
    );
  });

  it('bears the deepest nesting without growing beyond measure', () => {
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    expect(prettyJson(deep)?.length).toBeLessThan(1_000_000);
  });

  it('leaves what is not JSON alone', () => {
    expect(prettyJson('{"a":')).toBeUndefined();
  });
});
