import { describe, expect, it } from 'vitest';
import { outdatedSetups } from '../../../src/domain/setup-seen.ts';
import { body, createSource, createWebhook } from './support.ts';

const told = (version: number | undefined, argocd_url = 'https://argocd.harbor.example') =>
  JSON.stringify({ ...body('succeeded'), version, argocd_url });
const outdated = (...bodies: string[]) => outdatedSetups((payload) => createSource().setupSeen?.(payload), bodies);

describe('the ConfigMap that is installed', () => {
  it.each([undefined, 1])('is outdated if its bodies have version %j', (version) => {
    const [advice = ''] = outdated(told(version));
    expect(advice).toContain('Argo CD at https://argocd.harbor.example sends by an older ConfigMap (version 1');
    expect(advice).toContain('kubectl patch configmap argocd-notifications-cm -n argocd');
  });

  it('is determined by the newest body of each Argo CD', () => {
    const other = 'https://argocd.lighthouse.example';
    expect(outdated(told(2), told(1))).toEqual([]);
    expect(outdated(told(2), told(1, other), told(1))).toHaveLength(1);
    expect(outdated(told(1), told(1), told(2))).toHaveLength(1);
  });

  it('is not recognised in bodies of other templates, nor in invalid JSON', () => {
    expect(
      outdated(JSON.stringify(body('application')), JSON.stringify(body('drop-in')), '{"schema":', 'null'),
    ).toEqual([]);
  });

  it('is as new as the sample that is sent from the set-up page', () => {
    const sample = createSource().sample(createWebhook().receivedAt);
    expect(outdated(String(sample.body))).toEqual([]);
  });
});
