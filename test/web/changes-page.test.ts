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
  it('shows when, what, where, who and how long, the newest first', async () => {
    const older = { service: 'tide-tables', occurredAt: ago(7200) };
    const finishedAt = ago(240);
    const page = await show('/', older, {
      occurredAt: finishedAt,
      startedAt: new Date(Date.parse(finishedAt) - 125_000).toISOString(),
      finishedAt,
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
      'succeeded lighthouse-api gitlab production current here Turn the lamp faster main 4f0c9e1d mira 2 min 5 s pipeline !12',
    );
    expect(page).toContain('<a href="https://gitlab.harbor.example/c/4f0c9e1d">4f0c9e1d</a>');
    expect(page.indexOf('>Turn the lamp faster<')).toBeLessThan(page.indexOf('<bdi>tide-tables</bdi>'));
  });

  it('keeps the digits of a commit together beside a name that is written from right to left', async () => {
    const page = await show('/', { service: 'לוח-שנה', summary: 'Deployed לוח-שנה @ 741e06a4' });
    expect(page).toContain('<bdi>Deployed <bdi>לוח-שנה</bdi> @ 741e06a4</bdi>');
  });

  it('shows what is not over yet however long ago it began, unless a span of time is asked for', async () => {
    const began = { state: 'running', startedAt: ago(50 * 3600), occurredAt: ago(50 * 3600) } as const;
    const records = [
      { ...began, service: 'slow-boat' },
      { ...began, service: 'fast-boat', startedAt: ago(60), occurredAt: ago(60) },
    ];
    const page = await show('/?status=running', ...records);
    expect(page).toContain('<bdi>slow-boat</bdi>');
    expect(page).toContain('<bdi>fast-boat</bdi>');
    expect(text(page)).not.toContain('this goes further back');
    expect(await show('/?status=running&range=24h', ...records)).not.toContain('<bdi>slow-boat</bdi>');
  });

  it('highlights a roll-back, and no plain deployment', async () => {
    const page = await show('/', { changeType: 'rollback', occurredAt: ago(60) });
    expect(page).toMatch(/<tr class="succeeded rollback"[\s\S]*roll-back/);
    expect(page).toContain('<use href="#m-rollback"');
    expect(await show('/', { occurredAt: ago(60) })).not.toContain('class="badge rollback"');
  });

  it('exports the same span and filter as a file', async () => {
    const page = await show('/?service=lighthouse-api&page=1', { occurredAt: ago(60) });
    expect(page).toContain('href="/changes.csv?service=lighthouse-api&amp;range=24h"');
    expect(page).toContain('href="/changes.ndjson?service=lighthouse-api&amp;range=24h"');
  });

  it('keeps the filter in the form and in every link', async () => {
    const hour = { environment: { name: 'blue & green' } };
    const page = await show(
      '/?environment=blue+%26+green&status=succeeded&range=24h&person=mira&text=lamp',
      { ...hour, occurredAt: ago(60), actor: 'mira', summary: 'Turn the LAMP' },
      { ...hour, occurredAt: ago(60), actor: 'mira' },
      { ...hour, occurredAt: ago(60), actor: 'jonas', summary: 'Turn the lamp' },
      { ...hour, occurredAt: ago(90_000), actor: 'mira', summary: 'Turn the lamp' },
      { occurredAt: ago(60) },
    );
    expect(text(page)).toContain('1 change ');
    expect(page).toContain('name="environment" value="blue &amp; green"');
    expect(page).toContain('<option selected>succeeded</option>');
    expect(page).toContain('<input type="hidden" name="range" value="24h">');
    expect(page).toContain(
      'href="/?text=lamp&amp;environment=blue+%26+green&amp;person=mira&amp;status=succeeded&amp;range=7d"',
    );
  });

  it('shows all for an invalid filter, with status 400 and a message', async () => {
    const odd = '/?status=excellent&range=ages&page=-3&service=a&service=b&from=yesterday&to=never';
    const deployments = memoryDeployments([step({ occurredAt: ago(60) })]);
    const page = text(await see(odd, { deployments }, 400));
    expect(page).toContain('1 change ');
    expect(page).toContain('status was left out of the filter');
  });

  it('shows what changed before a time, which each row links', async () => {
    const noon = '2026-05-04T12:00:00.000Z';
    const changes = [
      { service: 'before-noon', occurredAt: '2026-05-04T11:59:59.000Z' },
      { service: 'at-noon', occurredAt: noon },
      { service: 'days-before', occurredAt: '2026-05-01T12:00:00.000Z' },
    ];
    const page = await show('/?to=2026-05-04T12:00', ...changes);
    expect(page).toContain('<bdi>before-noon</bdi>');
    expect(page).not.toContain('at-noon</bdi>');
    expect(page).not.toContain('days-before</bdi>');
    expect(page).toContain('name="to" value="2026-05-04T12:00:00"');
    expect(page).not.toContain('data-live');
    const week = await show('/?range=all', ...changes);
    expect(week).toContain(`href="/?range=all&amp;to=${noon}">before this`);
  });

  it('takes two ends in either order', async () => {
    const page = await show('/?from=2026-05-05T00:00Z&to=2026-05-04T00:00Z', {
      occurredAt: '2026-05-04T10:00:00.000Z',
    });
    expect(text(page)).toContain('1 change ');
  });

  it('goes further back if the last day was quiet, with a message', async () => {
    const page = await show('/', { service: 'slow-boat', occurredAt: ago(3 * 86_400) });
    expect(page).toContain('<bdi>slow-boat</bdi>');
    expect(text(page)).toContain('Nothing changed in the 24 hours before now; this goes further back.');
    expect(page).toMatch(/range=7d" aria-current="true"/);
  });

  it('shows that a chosen span is empty, and where the newest change is', async () => {
    const page = text(await show('/?range=1h', { occurredAt: ago(7200) }));
    expect(page).toContain('Nothing changed in the last 1h. The newest change was 2 h ago');
  });

  it('shows what it replaced, with the way to compare', async () => {
    const replaced = {
      deployment: 'changes:before',
      sha: '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d',
      compareUrl: 'https://gitlab.harbor.example/compare',
    };
    const others = (['failed', 'running'] as const).map((state) =>
      step({ state, deployment: `changes:${state}`, occurredAt: ago(30) }),
    );
    const { deployments } = { deployments: memoryDeployments([step({ occurredAt: ago(60) }), ...others]) };
    const withReplaced = {
      ...deployments,
      list: async (filter: Parameters<typeof deployments.list>[0]) => {
        const found = await deployments.list(filter);
        return { ...found, deployments: found.deployments.map((one) => ({ ...one, replaced })) };
      },
    };
    const page = await see('/', { deployments: withReplaced });
    expect(page).toContain('replaced <a href="/deployments/changes:before"><code>4f0c9e1d</code></a>');
    expect(page).toContain('would have replaced <a');
    expect(page).toContain('will replace <a');
    expect(page).toContain('(<a href="https://gitlab.harbor.example/compare">compare</a>)');
  });

  it('updates itself only if it goes up to now', async () => {
    const page = await show('/', { occurredAt: ago(60) });
    expect(page).toContain('data-live="/events"');
    expect(page).toMatch(/<script src="\/assets\/shiplog\.js\?v=\w{8}" defer><\/script>/);
  });

  it('continues over several pages', async () => {
    const many = Array.from({ length: 51 }, (_, index) => ({ service: `boat-${index}-`, occurredAt: ago(index * 60) }));
    const first = await show('/?range=24h', ...many);
    expect(first).toContain('<a rel="next" href="/?range=24h&amp;page=2">');
    expect(first).not.toContain('<bdi>boat-50-</bdi>');
    const second = await show('/?range=24h&page=2', ...many);
    expect(second).toContain('<bdi>boat-50-</bdi>');
    expect(second).not.toContain('<bdi>boat-49-</bdi>');
  });

  it('shows how far back an incomplete search went, with a link to continue', async () => {
    const deployments = memoryDeployments([step({ occurredAt: ago(60) })]);
    const reachedMs = Date.parse('2026-05-01T09:00:00.000Z');
    const stopped = { count: 300_000, reachedMs };
    const page = await see('/?text=lamp&service=lighthouse-api&range=30d', {
      deployments: {
        ...deployments,
        list: async (filter) => ({ ...(await deployments.list({ ...filter, text: '' })), stopped }),
      },
    });
    expect(text(page)).toContain('1+ change');
    expect(text(page)).toContain('Only the newest 300,000 were looked through');
    expect(page).toContain('/?text=lamp&amp;service=lighthouse-api&amp;range=30d&amp;to=2026-05-01T09:00:00.001Z');
  });

  it('shows that nothing matches a filter, and how to see all', async () => {
    expect(text(await show('/?service=ghost-ship', {}))).toContain('No change matches this filter. Clear the filter');
    const hour = text(await show('/?service=lighthouse-api&range=1h', { occurredAt: ago(7200) }));
    expect(hour).toContain('No change matches this filter in this span of time. Look at all times');
  });

  it('shows the set-up page while nothing was recorded', async () => {
    const page = await see('/');
    expect(page).toContain('/webhooks/gitlab');
    expect(page).not.toContain('<table');
  });

  it('shows hostile text as plain text', async () => {
    const page = await show('/', {
      occurredAt: ago(60),
      deployment: 'changes:"><script>/../\u202e',
      summary: '<script>alert(1)</script>\u001b[2J',
      service: '"><img src=x onerror=alert(1)>',
      environment: { name: `'"\u202Enoitcudorp`, url: 'javascript:alert(2)' },
      actor: '</td><b>',
      pipelineUrl: 'JavaScript:alert(3)',
      jobUrl: 'https://ci.example/" onclick="alert(4)',
      tags: ['<i>'],
    });
    expect(page.replace(/<script src="\/assets\/shiplog\.js\?v=\w{8}" defer><\/script>/, '')).not.toMatch(
      /<script|<img|<b>|onclick="|href="javascript/i,
    );
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;[U+001B][2J');
    expect(page).toContain('[U+202E]noitcudorp');
    expect(page).toContain('(JavaScript:alert(3))');
    expect(page).toContain('href="/deployments/changes:%22%3E%3Cscript%3E%2F..%2F%E2%80%AE"');
  });

  it('works with a key that no URL can contain', async () => {
    expect(await show('/', { deployment: 'changes:\ud800', occurredAt: ago(60) })).toContain(
      'href="/deployments/changes:%EF%BF%BD"',
    );
  });
});
