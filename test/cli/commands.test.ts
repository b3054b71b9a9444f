import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChangesOptions, listChanges } from '../../src/cli/changes.ts';
import { NothingFound } from '../../src/cli/output.ts';
import { replay } from '../../src/cli/replay.ts';
import { trace } from '../../src/cli/trace.ts';
import { gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { paper, reaching } from '../support/command.ts';
import { sha } from '../support/deployment.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let webhook: string;
const key = 'gitlab:git.harbor.example:77:job:15664214926';
const commit = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const twin = `4b825dc6${sha('twin').slice(8)}`;

const hook = (said: Record<string, unknown>) => bridge.post('/webhooks/gitlab', gitlabDeploymentHook(said), headers());
const headers = () => ({ ...gitlabHeaders(), 'idempotency-key': `hook-${Math.random()}` });
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const change = (said: Record<string, unknown>) =>
  bridge.post('/webhooks/changes', { summary: 'Deployed tide-tables', service: 'tide-tables', ...said }, bearer);
const bearer = { authorization: `Bearer ${SECRET}` };

beforeAll(async () => {
  alert24 = await startFakeAlert24();
  bridge = await startTestBridge({
    sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }],
    rules: [{ name: 'No rehearsals', match: { service: 'rehearsal' }, drop: true }],
    owners: [
      { service: 'lighthouse-*', team: 'harbor', channel: '#harbor', on_call: 'https://pager.harbor.example/1' },
    ],
  });
  await hook({ status: 'running', status_changed_at: minutesAgo(6) });
  await bridge.settled();
  const sent = { ...headers(), 'idempotency-key': 'an-id-of-gitlab' };
  const answer = await bridge.post(
    '/webhooks/gitlab',
    gitlabDeploymentHook({ status_changed_at: minutesAgo(5) }),
    sent,
  );
  webhook = answer.body.webhook;
  await bridge.settled();
  await change({ environment: 'staging', commit_sha: twin, external_id: 'tide-1', occurred_at: minutesAgo(300) });
  await bridge.settled();
});
afterAll(async () => {
  await bridge?.stop();
  await alert24?.close();
});

const changes = async (options: Partial<ChangesOptions>, columns?: number) => {
  const page = paper(columns);
  await listChanges(reaching(bridge), { limit: 25, ...options }, page.output);
  return page;
};
const traced = async (what: string) => {
  const page = paper();
  await trace(reaching(bridge), what, { output: page.output });
  return page.out();
};

describe('shiplog changes', () => {
  it('lists the newest first, filtered, in lines for grep', async () => {
    const all = (await changes({})).out().trimEnd().split('\n');
    expect(all).toHaveLength(3);
    expect(all[1]).toMatch(/succeeded +production +lighthouse-api +4b825dc6 +Turn the lamp "slowly" +mira +gitlab:/);
    const few = (
      await changes({ environment: 'production', since: '2h', status: 'succeeded', commit: '4b825dc' })
    ).out();
    expect(few).toContain('lighthouse-api');
    expect(few).not.toContain('tide-tables');
    expect((await changes({ limit: 1 })).err()).toBe('1 of 2; more with --limit\n');
  });

  it('fits a terminal', async () => {
    const lines = (await changes({}, 80)).out().trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('writes JSON for programs', async () => {
    const found = JSON.parse((await changes({ service: 'tide-tables', json: true })).out());
    expect(found).toMatchObject([{ environment: 'staging', commit_sha: twin }]);
  });

  it('reports that nothing matches, with another exit code than a failure', async () => {
    await expect(changes({ environment: 'nowhere' })).rejects.toBeInstanceOf(NothingFound);
    await expect(changes({ commit: 'abc' })).rejects.toThrow('first 7 digits');
    const stopped = { ...reaching(bridge), port: 9 };
    await expect(listChanges(stopped, { limit: 1 }, paper().output)).rejects.toThrow('no bridge responds');
  });

  it('shows how far back a search went, and how to continue it', async () => {
    const since = '2026-05-01T09:00:00.001Z';
    const meta = { total: 0, limit: 25, offset: 0, has_more: false, searched: 300_000, searched_since: since };
    const server = createServer((_, response) => void response.end(JSON.stringify({ data: [], meta })));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo; // it listens on a port
    const page = paper();
    const asking = listChanges({ ...reaching(bridge), port }, { limit: 25, text: 'lamp' }, page.output);
    await expect(asking).rejects.toThrow('no change matches so far');
    expect(page.err()).toContain(`--until ${since} goes on`);
    server.close();
  });

  it('shows why a bridge without Redis answers nothing', async () => {
    const error = 'Redis does not answer just now';
    const server = createServer((_, response) => void response.writeHead(503).end(JSON.stringify({ error })));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo; // it listens on a port
    const asking = listChanges({ ...reaching(bridge), port }, { limit: 25 }, paper().output);
    await expect(asking).rejects.toThrow(error);
    server.close();
  });

  it('advises to check the address, where the bridge is elsewhere', async () => {
    const elsewhere = { ...reaching(bridge), url: 'http://127.0.0.1:9' };
    const asking = listChanges(elsewhere, { limit: 1 }, paper().output);
    await expect(asking).rejects.toThrow('no bridge responds at http://127.0.0.1:9; check the address');
  });

  it('marks what was rolled back', async () => {
    const deploy = (id: string, said: Record<string, unknown>) =>
      change({ environment: 'harbor', service: 'buoys', external_id: `buoys-${id}`, changed_by: 'ana', ...said });
    await deploy('1', { commit_sha: sha('one'), occurred_at: minutesAgo(30) });
    await deploy('2', { commit_sha: sha('two'), occurred_at: minutesAgo(20) });
    await deploy('3', { commit_sha: sha('one'), occurred_at: minutesAgo(10), change_type: 'rollback' });
    await bridge.settled();
    const rows = (await changes({ service: 'buoys' })).out().trimEnd().split('\n').slice(1);
    expect(rows.map((row) => /succeeded( ↩|, rolled back)?/.exec(row)?.[0])).toEqual([
      'succeeded ↩',
      'succeeded, rolled back',
      'succeeded',
    ]);
    const [newest, bad] = JSON.parse((await changes({ service: 'buoys', json: true })).out());
    expect(newest.running).toEqual({ is_current: true });
    expect(bad.running).toMatchObject({ is_current: false, next: { change_type: 'rollback', changed_by: 'ana' } });
  });

  it('reads page after page', async () => {
    const many = Array.from({ length: 130 }, (_, index) =>
      change({ environment: 'load', external_id: `load-${index}`, occurred_at: minutesAgo(600 + index) }),
    );
    await Promise.all(many);
    await bridge.settled();
    const page = JSON.parse((await changes({ environment: 'load', limit: 125, json: true })).out());
    expect(page).toHaveLength(125);
    expect(new Set(page.map(({ deployment }: { deployment: string }) => deployment)).size).toBe(125);
  });
});

describe('shiplog trace', () => {
  it('shows all of a deployment: steps, webhooks, and deliveries with their attempts', async () => {
    const text = await traced(key);
    expect(text).toMatch(new RegExp(`^Deployment ${key}\n  state +succeeded\n`));
    expect(text).toMatch(/ owner +harbor +#harbor\n +on call +https:\/\/pager/);
    expect(text).toMatch(/Steps\n.*\n.* running +deployment hook .*\n.* succeeded +deployment hook /);
    expect(text).toMatch(new RegExp(`Webhooks\n.*\n.*recorded .*\n.*recorded +gitlab +${webhook}`));
    expect(text).toMatch(/Sink alert24: received succeeded of .*\n.*\n.* delivered +succeeded +201 created/);
  });

  it('finds it by a pasted address, of the tool or of a page', async () => {
    const job = 'https://git.harbor.example/harbor/lighthouse-api/-/jobs/15664214926#L3';
    const page = `https://shiplog.harbor.example/base/deployments/${encodeURIComponent(key)}?map=1`;
    for (const address of [job, page, `https://shiplog.harbor.example/inbox/${webhook}`])
      expect(await traced(address), address).toContain(`Deployment ${key}`);
    await expect(traced('https://git.harbor.example/harbor/lighthouse-api/-/jobs/1')).rejects.toThrow(
      'nothing is found for',
    );
  });

  it('finds it by any of its names', async () => {
    const [created] = alert24.changes;
    const names = [
      'gitlab:git.harbor.example:77:deployment:501',
      commit,
      commit.slice(0, 9).toUpperCase(),
      webhook,
      'an-id-of-gitlab',
      String(created?.id),
    ];
    for (const name of names) expect(await traced(name), name).toContain(`Deployment ${key}`);
  });

  it('finds a posted change by the id that was sent with it', async () => {
    await change({ service: 'buoy', environment: 'dock', external_id: 'buoy run/17' });
    await change({ service: 'buoy', environment: 'dock', external_id: 'buoy run/170' });
    await bridge.settled();
    expect(await traced('buoy run/17')).toContain('Deployment changes:buoy run/17\n');
    await expect(traced('buoy run/1')).rejects.toBeInstanceOf(NothingFound);
  });

  it('lists all if several match', async () => {
    const text = await traced('4b825dc6');
    expect(text).toMatch(/^2 deployments fit/);
    expect(text).toContain('tide-tables');
    expect(text).toContain('lighthouse-api');
  });

  it('writes all of it as JSON', async () => {
    const page = paper();
    await trace(reaching(bridge), key, { json: true, output: page.output });
    expect(JSON.parse(page.out())).toMatchObject({
      found: 'deployment',
      deployments: [{ change: { status: 'succeeded' }, webhooks: [{}, { id: webhook }], dead_letters: [] }],
    });
  });

  it('shows why a sink does not get it', async () => {
    await change({ service: 'rehearsal', environment: 'dock', external_id: 'rehearsal-1' });
    await bridge.settled();
    expect(await traced('changes:rehearsal-1')).toContain(
      'Sink alert24: not delivered: the rule No rehearsals drops it\n',
    );
  });

  it('shows whether it still runs, its merge request and its author', async () => {
    const ferry = {
      summary: 'Ferry',
      service: 'ferry',
      environment: 'dock',
      repository: 'harbor/ferry',
      pr_number: 12,
    };
    const post = (id: string, commit_sha: string, changed_by: string) =>
      bridge.post(
        '/webhooks/changes',
        { ...ferry, external_id: id, commit_sha, changed_by },
        { authorization: `Bearer ${SECRET}` },
      );
    for (const [id, commit_sha, person] of [
      ['ferry-1', 'a'.repeat(40), 'mira'],
      ['ferry-2', 'b'.repeat(40), 'jonas'],
      ['ferry-3', 'a'.repeat(40), 'lin'],
    ] as const) {
      await post(id, commit_sha, person);
      await bridge.settled();
    }
    await expect
      .poll(() => traced('changes:ferry-2'))
      .toMatch(/since then +rolled back by lin at .* changes:ferry-3\n/);
    expect(await traced('changes:ferry-2')).toMatch(/ request +!12\n/);
    await expect.poll(() => traced('changes:ferry-3')).toMatch(/since then +it runs here\n/);
  });

  it('reports that nothing has that name', async () => {
    await expect(traced('0000000')).rejects.toBeInstanceOf(NothingFound);
    await expect(traced('no/such thing?#%')).rejects.toBeInstanceOf(NothingFound);
  });
});

describe('shiplog replay', () => {
  const replayed = async (what: string) => {
    const page = paper();
    await replay(reaching(bridge), what, { output: page.output });
    return page.out();
  };

  it('maps a webhook again, and changes nothing when nothing is new', async () => {
    expect(await replayed(webhook)).toContain(`webhook ${webhook} is mapped and recorded again`);
    await bridge.settled();
    expect(
      await changes({ service: 'lighthouse-api', json: true }).then((page) => JSON.parse(page.out())),
    ).toHaveLength(1);
    expect(alert24.duplicates()).toEqual([]);
  });

  it("delivers a deployment's dead letters again, and no other's", async () => {
    const body = { error: { type: 'validation_error', message: 'no such thing', status: 422 } };
    alert24.inject({ kind: 'status', method: 'POST', status: 422, body, times: 2 });
    for (const job of [901, 902])
      await hook({ deployable_id: job, deployment_id: job, status_changed_at: minutesAgo(2) });
    await bridge.settled();
    const dead = 'gitlab:git.harbor.example:77:job:901';
    expect(await traced(dead)).toMatch(/Dead letters\n.*refused.*no such thing[\s\S]*shiplog replay gitlab:.*:901/);
    const letter = (await bridge.get('/api/dead-letters')).body.data.at(-1);
    expect(await traced(letter.id)).toContain(`Deployment ${letter.deployment}`);
    expect(await replayed(dead)).toContain(`1 delivery of ${dead} tried again`);
    await bridge.settled();
    expect((await bridge.get('/api/dead-letters')).body.data).toMatchObject([
      { deployment: expect.stringMatching(/:902$/) },
    ]);
  });

  it('reports that there is nothing to replay', async () => {
    await expect(replayed(key)).rejects.toBeInstanceOf(NothingFound);
    await expect(replayed('never-heard-of')).rejects.toThrow('there is no webhook and no deployment');
  });
});
