import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlockMember, openBlock, packBlock, webhookIn } from '../../../src/store/inbox/block.ts';
import { IN_BLOCK } from '../../../src/store/inbox/block-packer.ts';
import type { InboxEntry } from '../../../src/store/inbox/entry.ts';
import { createInbox } from '../../../src/store/inbox/inbox.ts';
import { createInboxPacker } from '../../../src/store/inbox/packer.ts';
import { keys } from '../../../src/store/keys.ts';
import { anInboxEntry } from '../../support/inbox-entry.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();

const DAYS = 7;
const open = (over: Partial<Parameters<typeof createInbox>[1]> = {}) =>
  createInbox(redis, { days: DAYS, count: 20_000, maxBytes: 1024 ** 3, ...over });
const createPacker = () => createInboxPacker(redis, { quietMs: 0, waitsMs: 0 });

const webhook = (atMs: number, over: Partial<InboxEntry> = {}): InboxEntry =>
  anInboxEntry({ receivedAt: new Date(atMs).toISOString(), ...over });
const bodyOf = (number: number) =>
  JSON.stringify({
    object_kind: 'deployment',
    deployment_id: 9_000_000 + number,
    commit_title: 'Turn the lamp',
    number,
  });
const blockKeys = () => redis.keys(keys.webhookBlock('*'));
const total = async () => Number((await redis.hget(keys.inboxSizes(), 'total')) ?? 0);

/** What the inbox counts has to be what there is. */
async function counted(): Promise<number> {
  const lengths = async (pattern: string) =>
    (await Promise.all((await redis.keys(pattern)).map((key) => redis.strlen(key)))).reduce((sum, one) => sum + one, 0);
  const { total: _total, ...sizes } = await redis.hgetall(keys.inboxSizes());
  const plain = Object.values(sizes).reduce((sum, one) => sum + Number(one), 0);
  return plain + (await lengths(keys.packedWebhook('*'))) + (await lengths(keys.webhookBlock('*')));
}

describe('webhooks that are packed together', () => {
  it('are identical after unpacking, whatever was received', () => {
    const Line = fc.record({ path: fc.string() }).map((one) => JSON.stringify(one));
    const Body = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(Buffer.from(bodyOf(7))));
    const Member = fc.record({ id: fc.uuid(), entry: Line, conclusion: Line, body: fc.option(Body) });
    const Members = fc.uniqueArray(Member, { maxLength: 20, selector: ({ id }) => id });
    fc.assert(
      fc.property(Members, (members) => {
        const given = members.map(
          ({ body, ...rest }): BlockMember => ({ ...rest, ...(body && { body: Buffer.from(body) }) }),
        );
        const block = openBlock(packBlock(given));
        expect([...block.heads.keys()]).toEqual(given.map(({ id }) => id));
        for (const { id, ...stored } of given) expect(webhookIn(block, id)).toEqual(stored);
        expect(webhookIn(block, 'another')).toBeUndefined();
      }),
    );
  });

  it('need a fraction of what they need alone', async () => {
    const [inbox, atMs] = [open(), Date.now() - 60_000];
    const entries = Array.from({ length: 2 * IN_BLOCK }, (_, at) => webhook(atMs + at));
    for (const [at, entry] of entries.entries()) await inbox.add(entry, Buffer.from(bodyOf(at)));
    expect(await createPacker().packSome()).toBe(2 * IN_BLOCK);
    expect(await blockKeys()).toHaveLength(2);
    expect(await redis.keys(keys.packedWebhook('*'))).toEqual([]);
    expect(await redis.keys(keys.webhook('*'))).toEqual([]);
    expect((await total()) / entries.length).toBeLessThan(60);
    expect(await counted()).toBe(await total());
  });

  it('are packed together later when there are enough of them, and a large one stays alone', async () => {
    const [inbox, packer, atMs] = [open(), createPacker(), Date.now() - 60_000];
    const entries = Array.from({ length: IN_BLOCK }, (_, at) => webhook(atMs + at));
    const large = deflateRawSync(randomBytes(20_000)).toString('base64');
    for (const [at, entry] of entries.entries()) {
      expect(await blockKeys()).toEqual([]);
      await inbox.add(entry, Buffer.from(at === 3 ? JSON.stringify({ large }) : bodyOf(at)));
      await packer.packSome();
    }
    expect(await blockKeys()).toHaveLength(1);
    expect(await redis.keys(keys.packedWebhook('*'))).toEqual([keys.packedWebhook(entries[3]?.id ?? '')]);
    for (const [at, { id }] of entries.entries())
      expect((await inbox.get(id))?.body).toBe(at === 3 ? JSON.stringify({ large }) : bodyOf(at));
  });

  it('wait for a verdict, but not for ever', async () => {
    const inbox = open();
    const fill = async (atMs: number) => {
      const entries = Array.from({ length: IN_BLOCK }, (_, at) => webhook(atMs + at));
      for (const [at, entry] of entries.entries())
        await inbox.add({ ...entry, verdict: at === 5 ? 'accepted' : 'recorded' }, Buffer.from(bodyOf(at)));
      return entries;
    };
    const old = await fill(Date.now() - 3_600_000);
    await createPacker().packSome();
    expect(await blockKeys()).toHaveLength(1);
    const recent = await fill(Date.now() - 60_000);
    const packer = createPacker();
    await packer.packSome();
    expect(await blockKeys()).toHaveLength(1);
    for (const list of [recent, old]) await inbox.conclude(list[5]?.id ?? '', { verdict: 'ignored', reason: 'ping' });
    await packer.packSome();
    expect(await blockKeys()).toHaveLength(2);
    for (const list of [recent, old]) expect((await inbox.get(list[5]?.id ?? ''))?.reason).toBe('ping');
    expect(await counted()).toBe(await total());
  });

  it('are deleted completely', async () => {
    for (const over of [{ days: 1 / 86_400 }, { count: 0 }, { maxBytes: 1 }]) {
      const inbox = open();
      for (let at = 0; at < IN_BLOCK + 2; at += 1)
        await inbox.add(webhook(Date.now() - 60_000 + at), Buffer.from(bodyOf(at)));
      await createPacker().packSome();
      expect(await blockKeys()).toHaveLength(1);
      await open(over).prune();
      expect(await redis.keys(keys.webhookBlocks())).toEqual([]);
      expect([...(await blockKeys()), ...(await redis.keys(keys.packedWebhook('*')))]).toEqual([]);
      expect(await redis.exists(keys.inbox())).toBe(0);
      expect(await redis.hgetall(keys.inboxSizes())).toEqual({ total: '0' });
    }
  });

  it('frees about as much as is asked for', async () => {
    const inbox = open();
    for (let at = 0; at < 10 * IN_BLOCK; at += 1) await inbox.add(webhook(Date.now() - 60_000 + at), randomBytes(90));
    await createPacker().packSome();
    const before = await total();
    await open({ maxBytes: before / 2 }).prune();
    expect(await total()).toBeLessThanOrEqual(before / 2);
    expect(await redis.zcard(keys.inbox())).toBeGreaterThan(3 * IN_BLOCK);
    expect(await counted()).toBe(await total());
  });

  it('are as in an inbox that packs nothing, whatever happens to them', async () => {
    const Step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), many: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pack' as const), isNew: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('conclude', 'repeat', 'late'), pick: fc.nat(1_000) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), keep: fc.integer({ min: 0, max: 60 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(Step, { minLength: 4, maxLength: 14, size: 'max' }), async (steps) => {
        await redis.flushall();
        await followModel(steps);
      }),
      { numRuns: 20 },
    );
  });
});

type Step =
  | { readonly do: 'add'; readonly many: number }
  | { readonly do: 'pack'; readonly isNew: boolean }
  | { readonly do: string; readonly pick: number }
  | { readonly do: 'prune'; readonly keep: number };

interface Kept {
  readonly entry: InboxEntry;
  readonly body: string;
}

async function followModel(steps: readonly Step[]): Promise<void> {
  const inbox = open();
  let packer = createPacker();
  let kept: Kept[] = [];
  let atMs = Date.now() - 3_600_000;
  const add = async (ms: number) => {
    const one = { entry: webhook(ms), body: bodyOf(ms % 1_000) };
    await inbox.add(one.entry, Buffer.from(one.body));
    kept.push(one);
  };
  const addMany = async (many: number) => {
    for (let at = 0; at < many; at += 1) {
      atMs += at % 3;
      await add(atMs);
    }
  };
  const apply = async (step: Step) => {
    if ('many' in step) await addMany(step.many);
    else if ('isNew' in step) {
      if (step.isNew) packer = createPacker();
      await packer.packSome();
    } else if ('keep' in step) {
      await open({ count: step.keep }).prune();
      kept = newestFirst(kept).slice(0, step.keep);
    } else await change(step);
  };
  const change = async (step: { readonly do: string; readonly pick: number }) => {
    const one = kept[step.pick % Math.max(1, kept.length)];
    if (step.do === 'late') await add(atMs - step.pick);
    else if (one && step.do === 'repeat') await inbox.add({ ...one.entry, spooled: true }, Buffer.from(one.body));
    else if (one) {
      const conclusion = { verdict: 'ignored', reason: 'ping', deployments: [String(step.pick)] } as const;
      await inbox.conclude(one.entry.id, conclusion);
      kept = kept.map((each) => (each === one ? { ...one, entry: { ...one.entry, ...conclusion } } : each));
    }
  };
  for (const step of steps) {
    await apply(step);
    await compare(inbox, kept);
  }
}

/** As the inbox has them: those of one time by their ids. */
const newestFirst = (kept: readonly Kept[]): Kept[] =>
  kept.toSorted(
    ({ entry: a }, { entry: b }) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt) || (a.id < b.id ? 1 : -1),
  );

async function compare(inbox: ReturnType<typeof open>, kept: readonly Kept[]): Promise<void> {
  const wanted = newestFirst(kept);
  const { entries, total: listed } = await inbox.list({ limit: 1_000, offset: 0 });
  // A repeat of one that is not packed notes that it came from the spool.
  const plain = ({ spooled: _spooled, ...entry }: InboxEntry) => entry;
  expect(entries.map(plain)).toEqual(wanted.map(({ entry }) => entry));
  expect(listed).toBe(kept.length);
  for (const { entry, body } of wanted.filter((_, at) => at % 5 === 0))
    expect((await inbox.get(entry.id))?.body).toBe(body);
  expect(await counted()).toBe(await total());
}
