import { afterAll, beforeAll, expect, it } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge();
});
afterAll(() => bridge.stop());

const send = async (status: string, at: string, job = 501) => {
  const changes = { status, status_changed_at: at, deployment_id: job * 10, deployable_id: job };
  const { body } = await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(changes), gitlabHeaders());
  await bridge.settled();
  return (await bridge.get(`/api/inbox/${body.webhook}`)).body.data;
};

it("GitLab's test button changes nothing, and the inbox names it", async () => {
  await send('running', '2026-03-14 20:45:00 +0000');
  await send('success', '2026-03-14 20:48:00 +0000');
  const before = await bridge.changes();
  const pressed = await send('success', '2026-03-22 09:00:00 +0000');
  expect(pressed).toMatchObject({
    verdict: 'duplicate',
    detail: "GitLab's Test of deployment 5010: arrived, nothing changed",
  });
  expect(await bridge.changes()).toEqual(before);
  expect(before[0]).toMatchObject({ occurred_at: '2026-03-14T20:48:00.000Z', duration_seconds: 180 });
});

it('a test of an older deployment replaces none', async () => {
  const at = (time: string) => `2026-03-14 ${time} +0000`;
  await send('success', at('22:00:00'), 601);
  await send('success', at('21:00:00'), 602);
  await send('success', at('23:00:00'), 602);
  const [newest] = await bridge.changes();
  expect(newest).toMatchObject({ deployment: expect.stringMatching(/601$/), occurred_at: '2026-03-14T22:00:00.000Z' });
});
