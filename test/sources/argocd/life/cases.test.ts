import { describe, expect, it } from 'vitest';
import { type Act, createApplication } from './application.ts';
import { createBridge } from './bridge.ts';
import { createController } from './controller.ts';
import type { End } from './reference.ts';

const sync: Act = { kind: 'sync', automated: true };
const applied: Act = { kind: 'finish', how: 'applied' };
const failed: Act = { kind: 'finish', how: 'failed' };
const terminated: Act = { kind: 'finish', how: 'terminated' };
const [healthy, degraded, progressing, suspended] = (['Healthy', 'Degraded', 'Progressing', 'Suspended'] as const).map(
  (status): Act => ({ kind: 'health', status }),
) as [Act, Act, Act, Act];
const selfHeal: Act = { kind: 'selfHeal' };
const dryRun: Act = { kind: 'dryRun' };
const refresh: Act = { kind: 'refresh' };
const days: Act = { kind: 'wait', hours: 30 };

/** Lives that were told wrong once, each with how its deployments ended, the first one first. */
const CASES: readonly (readonly [string, readonly Act[], readonly End[]])[] = [
  [
    'a self-heal, and a new commit after it',
    [sync, applied, selfHeal, sync, failed, sync, applied],
    ['succeeded', 'failed', 'succeeded'],
  ],
  ['degraded, and healthy again', [sync, applied, degraded, progressing, healthy], ['succeeded']],
  ['degraded, healthy, degraded', [sync, applied, degraded, healthy, degraded], ['failed']],
  ['a retry that deploys a newer commit', [sync, refresh, applied], ['superseded', 'succeeded']],
  [
    'a retry that deploys a newer commit, and fails',
    [sync, refresh, refresh, failed],
    ['superseded', 'superseded', 'failed'],
  ],
  [
    'overtaken before it was healthy',
    [progressing, sync, applied, sync, applied, healthy],
    ['superseded', 'succeeded'],
  ],
  ['a sync window of days', [sync, days, applied], ['succeeded']],
  ['a roll-out of days', [progressing, sync, applied, days, healthy], ['succeeded']],
  ['a sync window of days, terminated', [sync, days, terminated], ['canceled']],
  ['healthy behind self-heals', [progressing, sync, applied, selfHeal, selfHeal, healthy], ['succeeded']],
  ['degraded behind a dry run, and seen by a self-heal', [sync, applied, dryRun, degraded, selfHeal], ['failed']],
  ['degraded behind a self-heal', [progressing, sync, applied, selfHeal, degraded], ['failed']],
  ['healthy behind a sync that failed', [progressing, sync, applied, sync, failed, healthy], ['succeeded', 'failed']],
  ['never healthy', [suspended, sync, applied, sync, applied], ['superseded', 'running']],
  [
    'degraded behind a self-heal, more than a day after it was applied',
    [suspended, sync, applied, selfHeal, days, degraded, sync],
    ['failed', 'running'],
  ],
  ['degraded since before', [degraded, sync, applied], ['running']],
  ['degraded since before, and recovers', [degraded, sync, applied, progressing, healthy], ['succeeded']],
  ['deleted while it runs', [sync, { kind: 'delete' }], ['superseded']],
];

const told = (acts: readonly Act[]) => {
  const app = createApplication({ saysSince: true });
  const controller = createController();
  const payloads = acts.flatMap((act) => {
    app.act(act);
    const manifest = app.manifest();
    const payload = { app: manifest, timestamp: app.now(), context: { argocdUrl: 'https://argocd.harbor.example' } };
    return Array.from({ length: controller.look(manifest) }, () => payload);
  });
  return { payloads, now: app.now() };
};

const endsOf = (payloads: readonly unknown[], now: string): readonly End[] => {
  const bridge = createBridge();
  for (const payload of payloads) bridge.tell(payload, now);
  return Object.values(bridge.ends());
};

describe('an application that is', () => {
  it.each(CASES)('%s is recorded correctly in order, reversed, doubled and from any start', (_, acts, ends) => {
    const { payloads, now } = told(acts);
    expect(endsOf(payloads, now)).toEqual(ends);
    expect(endsOf(payloads.toReversed(), now)).toEqual(ends);
    expect(endsOf([...payloads, ...payloads], now)).toEqual(ends);
    for (const first of payloads.keys())
      expect(endsOf([...payloads.slice(first), ...payloads.slice(0, first)], now)).toEqual(ends);
  });

  it.each(CASES)('%s is never recorded as better than it was, if any notification is lost', (_, acts, ends) => {
    const { payloads, now } = told(acts);
    for (const lost of payloads.keys()) {
      const some = endsOf(payloads.toSpliced(lost, 1), now);
      const good = (all: readonly End[]) => all.filter((end) => end === 'succeeded').length;
      if (!acts.includes(degraded)) expect(good(some)).toBeLessThanOrEqual(good(ends));
      expect(some.length).toBeLessThanOrEqual(ends.length);
    }
  });
});
