import { expect, it } from 'vitest';
import type { ChangeRecord } from '../../src/domain/change-record.ts';
import { Rule } from '../../src/domain/rules/rule.ts';
import type { DeploymentView } from '../../src/domain/view.ts';
import { createForward } from '../../src/forward.ts';
import { noFlush } from '../../src/queue/flush.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createEchoes } from '../../src/store/deliveries/echoes.ts';
import { createLedger } from '../../src/store/deliveries/ledger.ts';
import { aSink } from '../support/a-sink.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

/** The change log and one destination, which notes what it is sent. */
function open(said: Partial<Sink> = {}, rules: readonly Rule[] = []) {
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const changeLog = createChangeLog(deployments, createBuildView({ rules, routing: {}, before: deployments.before }));
  const sent: string[] = [];
  const sink = aSink({
    async deliver({ key, state }) {
      sent.push(`${key} ${state}`);
      return { message: 'ok', remoteId: '7' };
    },
    ...said,
  });
  const clock = () => new Date('2026-03-14T21:00:00.000Z');
  const ledger = createLedger(redis, { echoes: createEchoes(redis, 3600), clock, keepSeconds: 3600, safety: noFlush });
  const forward = createForward({
    deployments,
    ledger,
    clock,
    sourceName: () => undefined,
    named: (view) => view,
    pageUrl: () => undefined,
    onDelivered: () => {},
  });
  /** As a join moves the records of one key into the deployment of another. */
  const join = async (record: ChangeRecord, to: string) => {
    const { deployment } = record;
    await changeLog.apply({ ...record, deployment: to, joinedFrom: deployment, aliases: [deployment] });
    await changeLog.take({ name: deployment, ids: [record.id], to });
  };
  return { changeLog, ledger, sent, join, forward: (key: string, view?: DeploymentView) => forward(sink, key, view) };
}

it('delivers a deployment once that was joined while deliveries under both of its keys were waiting', async () => {
  const { changeLog, ledger, sent, join, forward } = open();
  const post = aRecord({ deployment: 'curl:1', source: 'curl', instance: 'curl' });
  await changeLog.apply(aRecord({ deployment: 'forge:job:7' }));
  await changeLog.apply(post);
  await join(post, 'forge:job:7');
  expect(await forward('curl:1')).toBe('delivered');
  expect(await forward('forge:job:7')).toBe('duplicate');
  expect(sent).toEqual(['forge:job:7 succeeded']);
  expect((await ledger.read('buoy', 'forge:job:7'))?.delivered?.state).toBe('succeeded');
});

it('delivers the end that counts, although the one that was sent before has a later time', async () => {
  const { changeLog, sent, forward } = open();
  const key = 'forge:job:7';
  const posted = await changeLog.apply(
    aRecord({ deployment: key, source: 'curl', authoritative: false, occurredAt: '2026-03-14T20:59:00.000Z' }),
  );
  expect(await forward(key)).toBe('delivered');
  await changeLog.apply(aRecord({ deployment: key, state: 'failed', occurredAt: '2026-03-14T20:50:00.000Z' }));
  expect(await forward(key)).toBe('delivered');
  expect(await forward(key, posted)).toBe('duplicate'); // a worker that has read the deployment before
  expect(sent).toEqual([`${key} succeeded`, `${key} failed`]);
});

it('ends at the destination what began there before it was known that nothing had to be sent', async () => {
  const { changeLog, sent, forward } = open({
    wants: ({ sources }) => (sources.length > 1 ? { wanted: false, why: 'it has it' } : { wanted: true }),
    follows: ({ sources }) => sources.length > 1,
  });
  const report = (deployment: string, source: string, state: 'running' | 'succeeded') =>
    changeLog.apply(aRecord({ deployment, source, state, signal: source }));
  await report('gitops:a', 'gitops', 'running');
  await forward('gitops:a');
  await report('gitops:a', 'forge', 'succeeded');
  expect(await forward('gitops:a')).toBe('delivered');
  await report('gitops:b', 'gitops', 'succeeded');
  await report('gitops:b', 'forge', 'succeeded');
  expect(await forward('gitops:b')).toBe('unwanted');
  expect(sent).toEqual(['gitops:a running', 'gitops:a succeeded']);
});

it('delivers nothing to a sink from which a later signal has sent a waiting deployment elsewhere', async () => {
  const elsewhere = Rule.parse({ match: { job: 'deploy-canary' }, sinks: ['lantern'] });
  const { changeLog, sent, forward } = open({}, [elsewhere]);
  await changeLog.apply(aRecord({ deployment: 'forge:job:7', signal: 'deployment hook' }));
  await changeLog.apply(aRecord({ deployment: 'forge:job:7', signal: 'job hook', job: 'deploy-canary' }));
  expect(await forward('forge:job:7')).toBe('unwanted');
  expect(sent).toEqual([]);
});
