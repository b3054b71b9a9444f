import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InboxEntry, Refusal } from '../../../src/store/inbox/entry.ts';
import { createInbox } from '../../../src/store/inbox/inbox.ts';
import { lastWebhooksBySource } from '../../../src/store/inbox/last-webhooks.ts';
import { createInboxPacker } from '../../../src/store/inbox/packer.ts';
import { CAUSES_OF_ONE_ADDRESS, REFUSALS_KEPT } from '../../../src/store/inbox/refusals.ts';
import { keys } from '../../../src/store/keys.ts';
import { anInboxEntry } from '../../support/inbox-entry.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();

const open = (over: Partial<Parameters<typeof createInbox>[1]> = {}) =>
  createInbox(redis, { days: 7, count: 20_000, maxBytes: 1024 ** 3, ...over });
const startMs = Date.now() - 60_000;
const at = (ms: number) => new Date(startMs + ms).toISOString();

const webhook = (ms: number): InboxEntry => anInboxEntry({ receivedAt: at(ms) });

const refusal = (ms: number, over: Partial<Refusal> = {}): Refusal => ({
  receivedAt: at(ms),
  source: 'gitlab',
  method: 'POST',
  path: '/webhooks/gitlab',
  headers: { 'user-agent': 'a-stranger/1.0' },
  bytes: 2_000_000,
  address: '192.0.2.7',
  reason: 'bad_signature',
  detail: 'the token is wrong',
  ...over,
});

describe('refusals', () => {
  it('are one entry for an address and a reason, with a count', async () => {
    const inbox = open();
    for (const ms of [1, 2, 3]) await inbox.addRefusal(refusal(ms));
    await inbox.addRefusal(refusal(4, { reason: 'too_large' }));
    await inbox.addRefusal(refusal(5, { address: '192.0.2.8' }));
    const { entries, total } = await inbox.list({ limit: 10, offset: 0 });
    expect(total).toBe(3);
    expect(entries.map(({ address, reason, count }) => [address, reason, count])).toEqual([
      ['192.0.2.8', 'bad_signature', 1],
      ['192.0.2.7', 'too_large', 1],
      ['192.0.2.7', 'bad_signature', 3],
    ]);
    expect(entries[2]).toMatchObject({ verdict: 'rejected', receivedAt: at(3), deployments: [] });
    expect(await inbox.get(entries[2]?.id ?? '')).toEqual(entries[2]);
    expect(await redis.xlen(keys.feed())).toBe(3);
  });

  it('are one entry for each cause', async () => {
    const inbox = open();
    const swapped = 'this is the secret of the source "bitbucket": the token is wrong';
    await inbox.addRefusal(refusal(1, { detail: swapped }));
    for (const ms of [2, 3]) await inbox.addRefusal(refusal(ms));
    const { entries } = await inbox.list({ limit: 10, offset: 0 });
    expect(entries.map(({ detail, count }) => [detail, count])).toEqual([
      ['the token is wrong', 2],
      [swapped, 1],
    ]);
  });

  it('of one address do not displace those of another, whatever its causes', async () => {
    const inbox = open();
    await inbox.addRefusal(refusal(0, { address: '192.0.2.8' }));
    const count = REFUSALS_KEPT + 10;
    for (let n = 1; n <= count; n++) await inbox.addRefusal(refusal(n, { detail: `no source is at /${n}` }));
    const { entries, total } = await inbox.list({ limit: REFUSALS_KEPT, offset: 0 });
    expect(total).toBe(CAUSES_OF_ONE_ADDRESS + 1);
    expect(entries[0]).toMatchObject({ detail: `no source is at /${count}` });
    expect(entries.at(-1)).toMatchObject({ address: '192.0.2.8' });
    expect(await redis.hlen(keys.refusals())).toBe(2 * total);
  });

  it('displace no authentic webhook, and need about a megabyte', async () => {
    const inbox = open({ count: 10 });
    const authentic = webhook(0);
    await inbox.add(authentic, Buffer.from('{}'));
    const long = 'x'.repeat(200);
    const headers = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`x-header-${n}`, long]));
    for (let n = 0; n < REFUSALS_KEPT + 50; n++)
      await inbox.addRefusal(
        refusal(n + 1, { address: `2001:db8::${n}`, headers, detail: long.repeat(10), path: long }),
      );
    await inbox.prune();
    expect(await inbox.get(authentic.id)).toMatchObject({ id: authentic.id, body: '{}' });
    const { newest } = await lastWebhooksBySource(inbox, ({ verdict }) => verdict !== 'rejected');
    expect(newest.get('gitlab')?.id).toBe(authentic.id);
    expect((await inbox.list({ limit: 1, offset: 0 })).total).toBe(REFUSALS_KEPT + 1);
    expect(await redis.hlen(keys.refusals())).toBe(2 * REFUSALS_KEPT);
    expect(Number(await redis.memory('USAGE', keys.refusals(), 'SAMPLES', 0))).toBeLessThan(1_500_000);
  });

  it('are listed among the webhooks by time, each on one page only', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ms: fc.integer({ min: 0, max: 30 }), isRefused: fc.boolean() }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (arrivals, limit) => {
          await redis.flushall();
          const inbox = open();
          for (const [n, { ms, isRefused }] of arrivals.entries())
            await (isRefused ? inbox.addRefusal(refusal(ms, { address: `192.0.2.${n}` })) : inbox.add(webhook(ms)));
          const seen: InboxEntry[] = [];
          for (let offset = 0; offset < arrivals.length; offset += limit)
            seen.push(...(await inbox.list({ limit, offset })).entries);
          expect(new Set(seen.map(({ id }) => id)).size).toBe(arrivals.length);
          const times = seen.map(({ receivedAt }) => receivedAt);
          expect(times).toEqual(times.toSorted().toReversed());
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are found by a search, and deleted with the webhooks of their age', async () => {
    const inbox = open({ days: 30 });
    await inbox.addRefusal(refusal(0));
    expect((await inbox.search({ text: 'token is wrong' }, { offset: 0, limit: 5 })).entries).toHaveLength(1);
    await open({ days: 30 / 86_400 }).prune();
    expect(await redis.exists(keys.refusals(), keys.refusalsByTime())).toBe(0);
  });
});

describe('the inbox', () => {
  const sizes = async () => Object.entries(await redis.hgetall(keys.inboxSizes()));

  it('keeps its limit of bytes: the oldest are deleted', async () => {
    const inbox = open({ maxBytes: 20_000 });
    const all = Array.from({ length: 30 }, (_, n) => webhook(n));
    for (const entry of all) await inbox.add(entry, Buffer.from('y'.repeat(1_000)));
    await inbox.prune();
    const kept = (await inbox.list({ limit: 100, offset: 0 })).entries.map(({ id }) => id);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length).toBeLessThan(20);
    expect(kept).toEqual(
      all
        .slice(-kept.length)
        .map(({ id }) => id)
        .toReversed(),
    );
    expect(Number(await redis.hget(keys.inboxSizes(), 'total'))).toBeLessThanOrEqual(20_000);
    expect((await redis.keys(keys.webhook('*'))).length).toBe(kept.length);
    expect((await sizes()).length).toBe(kept.length + 1);
  });

  it('counts a repeated webhook once, and deleted ones not at all', async () => {
    const inbox = open();
    const entry = webhook(0);
    await inbox.add(entry, Buffer.from('{}'));
    const once = await sizes();
    await inbox.add(entry, Buffer.from('{}'));
    await expect(await sizes()).toEqual(once);
    await redis.del(keys.webhook(entry.id)); // expired while no bridge ran
    await open({ days: 1 / 86_400 }).prune();
    expect(await sizes()).toEqual([['total', '0']]);
    expect(await redis.exists(keys.inbox())).toBe(0);
  });

  it('packs older bodies, which read as before and need less', async () => {
    const inbox = open();
    const body = JSON.stringify({ title: 'Turn the lamp slowly. '.repeat(40), sha: 'a'.repeat(40) });
    const entries = [webhook(0), webhook(1)];
    await inbox.add(entries[0] ?? webhook(0), Buffer.from(body));
    await inbox.add(entries[1] ?? webhook(0));
    const before = Number(await redis.hget(keys.inboxSizes(), 'total'));
    expect(await createInboxPacker(redis, { quietMs: 3_600_000 }).packSome()).toBe(0);
    expect(await createInboxPacker(redis, { quietMs: 0 }).packSome()).toBe(1);
    expect(await inbox.get(entries[0]?.id ?? '')).toEqual({ ...entries[0], body });
    expect(await inbox.get(entries[1]?.id ?? '')).toEqual(entries[1]);
    expect(Number(await redis.hget(keys.inboxSizes(), 'total'))).toBeLessThan(before - 600);
    await open({ days: 1 / 86_400 }).prune();
    expect(await sizes()).toEqual([['total', '0']]);
  });
});

describe('the hours of a source', () => {
  const now = () => new Date();
  const total = async (inbox: ReturnType<typeof open>, source = 'gitlab') =>
    [...((await inbox.hours(now())).get(source) ?? [])].map(({ taken, ignored, refused }) => [taken, ignored, refused]);

  it('count each webhook once, in either order of receiver and worker, and however often each runs', async () => {
    const accepted = (): InboxEntry => ({ ...webhook(1), verdict: 'accepted', deployments: [] });
    const steps = fc.shuffledSubarray(['add', 'conclude', 'conclude', 'add'], { minLength: 2 });
    await fc.assert(
      fc.asyncProperty(steps, async (order) => {
        await redis.flushall();
        const inbox = open();
        const entry = accepted();
        for (const step of ['add', ...order]) {
          if (step === 'add') await inbox.add(entry);
          else await inbox.conclude(entry.id, { verdict: 'ignored', reason: 'dropped_by_rule' });
        }
        const late = accepted();
        await inbox.conclude(late.id, { verdict: 'recorded' });
        await inbox.add(late);
        expect(await total(inbox)).toEqual([[1, order.includes('conclude') ? 1 : 0, 0]]);
      }),
      { numRuns: 15 },
    );
  });

  it('count ignored webhooks at once, and every refusal', async () => {
    const inbox = open();
    await inbox.add({ ...webhook(1), verdict: 'ignored', reason: 'ping' });
    for (const ms of [1, 2, 3]) await inbox.addRefusal(refusal(ms));
    await inbox.addRefusal(refusal(4, { source: '(none)' }));
    expect(await total(inbox)).toEqual([[0, 1, 3]]);
    expect(await total(inbox, '(none)')).toEqual([[0, 0, 1]]);
  });

  it('are deleted after eight days', async () => {
    const inbox = open();
    await inbox.add({ ...webhook(1), receivedAt: new Date(startMs - 9 * 86_400_000).toISOString() });
    await inbox.add(webhook(2));
    expect(await redis.hlen(keys.inboxHours())).toBe(2);
    await inbox.prune();
    expect(await redis.hlen(keys.inboxHours())).toBe(1);
  });
});

describe('half a character in the data of a webhook', () => {
  const half = { deployments: ['changes:\ud83d'], path: '/webhooks/\ud83d' };

  it('does not affect others in the same batch, and is read as U+FFFD', async () => {
    const inbox = open();
    const entries = [webhook(1), { ...webhook(2), ...half, verdict: 'ignored' as const }, webhook(3)];
    await Promise.all(entries.map((entry) => inbox.add(entry)));
    expect((await inbox.list({ limit: 10, offset: 0 })).total).toBe(3);
    expect((await inbox.get(entries[1]?.id ?? ''))?.deployments).toEqual(['changes:\ufffd']);
  });

  it('does not prevent a verdict on a webhook of an earlier release', async () => {
    const inbox = open();
    const entry = { ...webhook(1), verdict: 'accepted' as const };
    await inbox.add(entry);
    await redis.hset(keys.webhook(entry.id), 'entry', JSON.stringify({ ...entry, ...half }));
    await inbox.conclude(entry.id, { verdict: 'recorded' });
    expect((await inbox.get(entry.id))?.verdict).toBe('recorded');
  });
});
