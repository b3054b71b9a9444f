import { describe, expect, it } from 'vitest';
import { withBoundaries } from '../../src/sources/boundary.ts';
import { AnySource } from '../../src/sources/index.ts';
import type { Source } from '../../src/sources/source.ts';

const AT = new Date('2026-03-14T21:00:00Z');
const SECRET = 'a-secret-of-24-characters';
const source = (type: string, name: string) => AnySource.parse({ type, name, secrets: [SECRET] });

function told(by: Source, sample = by.sample(AT)) {
  const webhook = { id: 'w', method: 'POST', ...sample, body: Buffer.from(sample.body), receivedAt: AT };
  const mapped = by.map(JSON.parse(sample.body), webhook);
  return mapped.kind === 'records' ? mapped.records[0] : undefined;
}

describe('several sources of one type', () => {
  const plain = [source('changes-api', 'harbor'), source('changes-api', 'tides'), source('gitlab', 'gitlab')];
  const [harbor, tides, gitlab] = withBoundaries(plain);
  if (!harbor || !tides || !gitlab) throw new Error('three went in');

  it('never report the same deployment, whatever they send', () => {
    const body = harbor.sample(AT);
    const [first, second] = [told(harbor, body), told(tides, body)];
    expect(second?.deployment).toBe(`tides@${first?.deployment}`);
    expect(second?.id).not.toBe(first?.id);
    expect(second?.id).toMatch(/^chg_[0-9a-f]{32}$/);
    expect(told(tides, body)).toEqual(second);
  });

  it('bind the other deployments that an ignored webhook reports as well', () => {
    const [, unbound] = plain;
    const hint = unbound && told(unbound);
    if (!hint) throw new Error('the sample reports one');
    const hinting: Source = { ...unbound, map: () => ({ kind: 'ignored', reason: 'no_op', hints: [hint] }) };
    const mapped = withBoundaries([harbor, hinting])[1]?.map({}, {} as never);
    expect(mapped).toMatchObject({ hints: [{ deployment: `tides@${hint.deployment}` }] });
  });

  it('do not change the keys of the first', () => {
    for (const [at, one] of [harbor, gitlab].entries()) {
      const before = plain[at * 2];
      expect(before && told(one)).toEqual(before && told(before));
    }
  });
});
