import { expect, it } from 'vitest';
import { memoryDeployments, step } from './stores.ts';
import { see } from './support.ts';

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const pay = { service: 'pay-api' };
const records = [
  step({ ...pay, deployment: 'gitlab:pay:1', occurredAt: ago(70), commit: { sha: 'a'.repeat(40) } }),
  step({ ...pay, deployment: 'gitlab:pay:2', occurredAt: ago(40), commit: { sha: 'b'.repeat(40) }, riskLevel: 'high' }),
  step({ ...pay, deployment: 'gitlab:pay:3', occurredAt: ago(5), changeType: 'rollback', actor: 'ana' }),
  step({ service: 'ledger', deployment: 'gitlab:ledger:1', occurredAt: ago(50), actor: 'jonas' }),
];
const parts = { deployments: memoryDeployments(records) };

it('the list shows what runs, what was superseded, what was rolled back and by whom, and which are risky', async () => {
  const page = text(await see('/', parts));
  expect(page).toContain('current here');
  expect(page).toMatch(/rolled back by ana 5 min ago/);
  expect(page).toContain('superseded by bbbbbbbb');
  expect(page).toContain('high risk');
});

it('the page of a failed deployment shows its roll-back, its neighbours, and what else changed', async () => {
  const page = await see('/deployments/gitlab:pay:2', parts);
  expect(text(page)).toMatch(/rolled back by ana 5 min ago/);
  expect(page).toMatch(/rel="prev" href="\/deployments\/gitlab:pay:1"/);
  expect(page).toMatch(/rel="next" href="\/deployments\/gitlab:pay:3"/);
  expect(text(page)).toMatch(/What else changed in the hour before .* pay-api aaaaaaaa .* ledger .*jonas/);
  expect(text(await see('/deployments/gitlab:pay:3', parts))).toContain('current here');
});
