import { describe, expect, it } from 'vitest';
import { memoryDeployments, step } from './stores.ts';
import { see } from './support.ts';

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const show = (path: string, ...records: Parameters<typeof step>[0][]) =>
  see(path, {
    deployments: memoryDeployments(records.map((record, index) => step({ deployment: `changes:${index}`, ...record }))),
  });

describe('the list of changes', () => {
  it('says when, what, where, who and how long, the newest first', async () => {
    const older = { service: 'tide-tables', occurredAt: ago(7200) };
    const page = await show('/', older, {
      occurredAt: ago(240),
      startedAt: ago(365),
      finishedAt: ago(240),
      actor: 'mira',
      ref: 'main',
      commit: {
        sha: '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d',
        title: 'Turn the lamp faster',
        url: 'https://gitlab.harbor.example/c/4f0c9e1d',
      },
      pipelineUrl: 'https://gitlab.harbor.example/p/1',
      pullRequest: { number: '12', url: 'https://gitlab.harbor.example/mr/12' },
    });
    expect(text(page)).toContain('4 min ago');
    expect(text(page)).toContain(
      'succeeded lighthouse-api production Turn the lamp faster main 4f0c9e1d gitlab mira 2 min 5 s pipeline #12',
    );
    expect(page).toContain('<a href="https://gitlab.harbor.example/c/4f0c9e1d">4f0c9e1d</a>');
    expect(page.indexOf('Turn the lamp faster')).toBeLessThan(page.indexOf('<bdi>tide-tables</bdi>'));
  });

  it('makes a roll-back stand out, and no plain deployment', async () => {
    expect(await show('/', { changeType: 'rollback' })).toMatch(/<tr class="succeeded rollback">[\s\S]*roll-back/);
    expect(await show('/', {})).not.toContain('roll-back');
  });

  it('keeps the filter in the form and in every link', async () => {
    const hour = { environment: { name: 'blue & green' } };
    const page = await show(
      '/?environment=blue+%26+green&status=succeeded&range=24h&live=1',
      { ...hour, occurredAt: ago(60) },
      { ...hour, occurredAt: ago(90_000) },
      { occurredAt: ago(60) },
    );
    expect(text(page)).toContain('1 change ');
    expect(page).toContain('name="environment" value="blue &amp; green"');
    expect(page).toContain('<option selected>succeeded</option>');
    expect(page).toContain('<input type="hidden" name="range" value="24h">');
    expect(page).toContain('href="/?environment=blue+%26+green&amp;status=succeeded&amp;live=1&amp;range=7d"');
  });

  it('shows all where the filter makes no sense', async () => {
    expect(text(await show('/?status=excellent&range=ages&page=-3&service=a&service=b', {}))).toContain('1 change ');
  });

  it('loads itself again only when it is asked to', async () => {
    expect(await show('/', {})).not.toContain('http-equiv="refresh"');
    expect(await show('/?live=1', {})).toContain('<meta http-equiv="refresh" content="15">');
  });

  it('goes on over several pages', async () => {
    const many = Array.from({ length: 51 }, (_, index) => ({ service: `boat-${index}-`, occurredAt: ago(index * 60) }));
    const first = await show('/?range=24h', ...many);
    expect(first).toContain('<a rel="next" href="/?range=24h&amp;page=2">');
    expect(first).not.toContain('<bdi>boat-50-</bdi>');
    const second = await show('/?range=24h&page=2', ...many);
    expect(second).toContain('<bdi>boat-50-</bdi>');
    expect(second).not.toContain('<bdi>boat-49-</bdi>');
  });

  it('says that nothing fits a filter, and how to see all', async () => {
    expect(text(await show('/?service=ghost-ship', {}))).toContain('No change fits this filter. Show all');
  });

  it('shows the set-up page while nothing was recorded', async () => {
    const page = await see('/');
    expect(page).toContain('/webhooks/gitlab');
    expect(page).not.toContain('<table');
  });

  it('shows hostile words as the text that they are', async () => {
    const page = await show('/', {
      deployment: 'changes:"><script>/../\u202e',
      summary: '<script>alert(1)</script>\u001b[2J',
      service: '"><img src=x onerror=alert(1)>',
      environment: { name: `'"\u202Enoitcudorp`, url: 'javascript:alert(2)' },
      actor: '</td><b>',
      pipelineUrl: 'JavaScript:alert(3)',
      jobUrl: 'https://ci.example/" onclick="alert(4)',
      tags: ['<i>'],
    });
    expect(page).not.toMatch(/<script|<img|<b>|onclick="|href="javascript/i);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;[U+001B][2J');
    expect(page).toContain('[U+202E]noitcudorp');
    expect(page).toContain('(JavaScript:alert(3))');
    expect(page).toContain('href="/deployments/changes:%22%3E%3Cscript%3E%2F..%2F%E2%80%AE"');
  });

  it('survives a key that no URL can hold', async () => {
    expect(await show('/', { deployment: 'changes:\ud800' })).toContain('href="/deployments/changes:%EF%BF%BD"');
  });
});
