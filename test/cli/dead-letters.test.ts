import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listDeadLetters, orderDeadLetters, showDeadLetter } from '../../src/cli/dead-letters.ts';
import { NothingFound } from '../../src/cli/output.ts';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { paper, reaching } from '../support/command.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  alert24 = await startFakeAlert24();
  bridge = await startTestBridge({ sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] });
});
afterAll(async () => {
  await bridge?.stop();
  await alert24?.close();
});

const KEY = 'gitlab:git.harbor.example:77:job:31';

const listed = async (options: Parameters<typeof listDeadLetters>[1] = {}) => {
  const page = paper();
  await listDeadLetters(reaching(bridge), options, page.output);
  return page.out();
};
const ordered = async (...[order, options]: [order: 'replay' | 'drop', Parameters<typeof orderDeadLetters>[2]]) => {
  const page = paper();
  await orderDeadLetters(reaching(bridge), order, options, page.output);
  return page.out();
};
const shown = async (id: string, json = false) => {
  const page = paper();
  await showDeadLetter(reaching(bridge), id, { json, output: page.output });
  return page.out();
};

describe('shiplog dead-letters', () => {
  it('shows what was refused and why, and delivers it once when the destination has been mended', async () => {
    expect(await listed()).toBe('there are no dead letters\n');
    const body = { error: { type: 'validation_error', message: 'no such lamp', status: 422 } };
    alert24.inject({ kind: 'status', method: 'POST', status: 422, body, times: 2 });
    const hook = gitlabDeploymentHook({ deployable_id: 31, deployment_id: 31 });
    await bridge.post('/webhooks/gitlab', hook, gitlabHeaders());
    await bridge.settled();
    expect(await listed()).toContain('no such lamp');
    const id = (await listed()).trimEnd().split(' ').at(-1) ?? '';
    expect(await shown(id)).toMatch(
      new RegExp(
        `^Dead letter ${id}\n {2}sink +alert24\n {2}deployment +${KEY}\n[\\s\\S]*refused by the destination\n` +
          `[\\s\\S]*no such lamp[\\s\\S]*after 1 attempt\nTry again: shiplog dead-letters replay --id ${id}\n` +
          `All about it: shiplog trace ${KEY}\n$`,
      ),
    );
    expect(JSON.parse(await shown(id, true))).toMatchObject({ id, about: { deployment: { key: KEY } } });

    expect(await ordered('replay', { id })).toBe('1 of 1 in the queue again\n');
    await bridge.settled(); // refused once more
    expect(await shown(id)).toContain('no such lamp');
    expect(await ordered('replay', { sink: 'alert24' })).toBe('1 of 1 in the queue again\n');
    await bridge.settled();
    expect(await listed()).toBe('there are no dead letters\n');
    expect(alert24.changes).toHaveLength(1);
  });

  it('reports that nothing matches', async () => {
    expect(await listed({ reason: 'something else' })).toBe('no dead letter matches\n');
    await expect(ordered('replay', { reason: 'something else' })).rejects.toThrow(NothingFound);
    await expect(ordered('drop', { all: true })).rejects.toThrow('no dead letter matches');
    await expect(shown('alert24:fwd_1')).rejects.toThrow(NothingFound);
  });

  it('refuses a sink that it does not know, and an order without a filter', async () => {
    const message = 'there is no sink "alert-24". Configured: record, alert24';
    await expect(listed({ sink: 'alert-24' })).rejects.toThrow(message);
    await expect(ordered('replay', { sink: 'alert-24' })).rejects.toThrow(message);
    await expect(ordered('drop', {})).rejects.toThrow(/select dead letters with --id, --sink, .*--since, or --all/);
  });
});
