import { expect, it } from 'vitest';
import { describeDeployment } from '../../src/http/deployment-detail.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { aDeployment } from '../support/deployment.ts';
import { memoryDeployments, memoryLedger, sink } from '../web/stores.ts';

const KEPT = { trace: [], matched: [], lineage: 'harbor', heardAt: '2026-03-19T14:30:08.000Z' };

/** What the API says of each sink about a deployment that the rules routed so. */
async function deliveriesOf(routed: { droppedBy?: string; sinks?: readonly string[] }) {
  const found = await describeDeployment(
    {
      deployments: {
        get: async () => ({ ...KEPT, ...routed, deployment: aDeployment() }),
        records: async () => [],
      },
      related: async () => [],
      running: createRunning(memoryDeployments([])),
      ledger: memoryLedger(),
      sinks: [sink('chat'), sink('pager', () => ({ wanted: false, why: 'it takes only staging' }))],
      holds: () => ({ chat: { why: 'chat answered 503', until: new Date('2026-03-19T14:31:00Z') } }),
    },
    'any',
  );
  return found?.deliveries.map(({ sink: name, wants, on_hold }) => ({ name, wants, on_hold }));
}

it('says of each sink whether it gets the deployment, and whether it is on hold', async () => {
  expect(await deliveriesOf({})).toEqual([
    {
      name: 'chat',
      wants: { wanted: true },
      on_hold: { until: '2026-03-19T14:31:00.000Z', why: 'chat answered 503' },
    },
    { name: 'pager', wants: { wanted: false, why: 'it takes only staging' }, on_hold: undefined },
  ]);
});

it('names the rule that drops it, or sends it elsewhere, before what the sink itself would take', async () => {
  const dropped = { wanted: false, why: 'the rule No rehearsals drops it' };
  const elsewhere = { wanted: false, why: 'a rule sends it to pager' };
  expect((await deliveriesOf({ droppedBy: 'No rehearsals' }))?.map(({ wants }) => wants)).toEqual([dropped, dropped]);
  expect((await deliveriesOf({ sinks: ['pager'] }))?.[0]?.wants).toEqual(elsewhere);
  expect((await deliveriesOf({ sinks: [] }))?.[0]?.wants).toEqual({ wanted: false, why: 'a rule sends it to no sink' });
});
