import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InboxEntry } from '../../../src/store/inbox/entry.ts';
import { createInbox } from '../../../src/store/inbox/inbox.ts';
import { createInboxPacker } from '../../../src/store/inbox/packer.ts';
import { pack, unpack, unpackHead } from '../../../src/store/inbox/packing.ts';
import { keys } from '../../../src/store/keys.ts';
import { anInboxEntry } from '../../support/inbox-entry.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();

const open = (over: Partial<Parameters<typeof createInbox>[1]> = {}) =>
  createInbox(redis, { days: 7, count: 20_000, maxBytes: 1024 ** 3, ...over });
const createPacker = () => createInboxPacker(redis, { quietMs: 0, waitsMs: 0 });
const startMs = Date.now() - 60_000;

const webhook = (ms: number, over: Partial<InboxEntry> = {}): InboxEntry =>
  anInboxEntry({ receivedAt: new Date(startMs + ms).toISOString(), ...over });
const BODY = JSON.stringify({
  object_kind: 'deployment',
  status: 'success',
  commit_title: 'Turn the lamp',
  ref: 'main',
});
const totalBytes = async () => Number(await redis.hget(keys.inboxSizes(), 'total'));
const packedKeys = () => redis.keys(keys.packedWebhook('*'));

describe('a packed webhook', () => {
  it('is identical after unpacking, whatever was received', () => {
    const Body = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.string().map(Buffer.from),
      fc.constant(Buffer.from(BODY)),
    );
    fc.assert(
      fc.property(fc.uuid(), fc.string(), fc.option(Body), fc.boolean(), (id, detail, bytes, isDeflated) => {
        const [entry, conclusion] = [JSON.stringify({ id, path: detail }), JSON.stringify({ verdict: detail })];
        const body = bytes && Buffer.from(bytes);
        const stored = { entry, conclusion, ...(body && (isDeflated ? { deflated: deflateRawSync(body) } : { body })) };
        const packed = pack(id, stored);
        expect(unpackHead(id, packed)).toEqual({ entry, conclusion });
        expect(unpack(id, packed)).toEqual({ entry, conclusion, ...(body && { body }) });
      }),
    );
    const deflated = deflateRawSync(randomBytes(20_000));
    const large = unpack('1', pack('1', { entry: '{}', conclusion: '{}', deflated }));
    expect(inflateRawSync(large.deflated ?? Buffer.alloc(0))).toEqual(inflateRawSync(deflated));
  });

  it('needs a third, and is read as before', async () => {
    const inbox = open();
    const entries = [
      webhook(0),
      webhook(1, { verdict: 'ignored', reason: 'ping' }),
      webhook(2, { path: '/webhooks/api' }),
    ];
    for (const [at, entry] of entries.entries()) await inbox.add(entry, at === 1 ? undefined : Buffer.from(BODY));
    const read = async () => ({
      each: await Promise.all(entries.map(({ id }) => inbox.get(id))),
      listed: await inbox.list({ limit: 10, offset: 0 }),
      some: await inbox.entries(entries.map(({ id }) => id)),
      byBody: await inbox.search({ text: 'turn the LAMP' }, { offset: 0, limit: 10 }),
      byPath: await inbox.search({ text: 'webhooks/api' }, { offset: 0, limit: 10 }),
      hours: await inbox.hours(new Date()),
    });
    const before = await read();
    const bytes = await totalBytes();
    expect(before.byBody.entries).toHaveLength(2);
    expect(await createPacker().packSome()).toBe(3);
    expect(await packedKeys()).toHaveLength(3);
    expect(await redis.keys(keys.webhook('*'))).toEqual([]);
    expect(await read()).toEqual(before);
    expect(await totalBytes()).toBeLessThan(bytes / 3);
  });

  it('is packed after its verdict, not before', async () => {
    const [inbox, packer] = [open(), createPacker()];
    const entry = webhook(0, { verdict: 'accepted', deployments: [] });
    await inbox.add(entry, Buffer.from(BODY));
    await packer.packSome();
    expect(await packedKeys()).toEqual([]);
    await inbox.conclude(entry.id, { verdict: 'recorded', deployments: ['job:7'] });
    expect(await packer.packSome()).toBe(1);
    expect(await inbox.get(entry.id)).toEqual({ ...entry, verdict: 'recorded', deployments: ['job:7'], body: BODY });
  });

  it('is unpacked for a new verdict, and keeps its other data', async () => {
    const inbox = open();
    const entry = webhook(0);
    await inbox.add(entry, Buffer.from(BODY));
    const bytes = await totalBytes();
    await createPacker().packSome();
    await inbox.conclude(entry.id, { verdict: 'ignored', reason: 'dropped_by_rule' });
    expect(await inbox.get(entry.id)).toEqual({ ...entry, verdict: 'ignored', reason: 'dropped_by_rule', body: BODY });
    expect(await packedKeys()).toEqual([]);
    expect(await redis.ttl(keys.webhook(entry.id))).toBeGreaterThan(0);
    expect(Math.abs((await totalBytes()) - bytes)).toBeLessThan(50);
    expect(await createPacker().packSome()).toBe(1);
    expect((await inbox.get(entry.id))?.reason).toBe('dropped_by_rule');
  });

  it('is unchanged if it is moved from the spool again', async () => {
    const inbox = open();
    const entry = webhook(0);
    await inbox.add(entry, Buffer.from(BODY));
    await createPacker().packSome();
    await Promise.all([inbox.add({ ...entry, spooled: true }, Buffer.from(BODY)), inbox.add(webhook(5))]);
    expect(await inbox.get(entry.id)).toEqual({ ...entry, body: BODY });
    expect((await inbox.list({ limit: 10, offset: 0 })).total).toBe(2);
  });

  it.each([
    ['too old', { days: 1 / 86_400 }],
    ['too many', { count: 0 }],
    ['too large', { maxBytes: 1 }],
  ])('is deleted completely when it is %s', async (_why, over) => {
    const inbox = open();
    for (const ms of [1, 2, 3]) await inbox.add(webhook(ms), Buffer.from(BODY));
    await createPacker().packSome();
    await inbox.add(webhook(4), Buffer.from(BODY));
    await open(over).prune();
    expect(await packedKeys()).toEqual([]);
    expect(await redis.exists(keys.inbox())).toBe(0);
    expect(await redis.hgetall(keys.inboxSizes())).toEqual({ total: '0' });
  });

  it('is not packed for a day after an upgrade, to allow a downgrade', async () => {
    const inbox = open();
    await inbox.add(webhook(0), Buffer.from(BODY.repeat(4)));
    await createInboxPacker(redis, { quietMs: 0 }).packSome();
    expect(await packedKeys()).toEqual([]);
    const packer = createInboxPacker(redis, { quietMs: 0 });
    await packer.packSome();
    await redis.set(keys.packingSince(), Date.now() - 86_400_001);
    expect(await packer.packSome()).toBe(1);
    expect(await packedKeys()).toHaveLength(1);
  });
});
