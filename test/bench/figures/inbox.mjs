import { loadParts } from './log.mjs';

const AMOUNT = 400;
const KINDS = { deployment: '2.4 kB', argocd: '3 kB', pipeline: '12 kB', push: '3.5 kB, ignored' };
const RATE = 200;
const ROUNDS = 5;

/** What a webhook takes in the inbox from the minute after its receipt on, when it is packed. */
export const inbox = {
  names: ['inbox'],
  async measure(stage) {
    const shiplog = await stage.shiplog();
    const parts = await loadParts(stage.dir);
    const bytes = {};
    for (const kind of Object.keys(KINDS)) {
      const { bad } = await stage.pace({ kind, port: shiplog.port, perSecond: RATE, seconds: AMOUNT / RATE });
      if (bad > 0) throw new Error(`${bad} of ${AMOUNT} webhooks (${kind}) were not answered 2xx`);
      await shiplog.drained();
      bytes[kind] = await bytesOfEach(stage.redis, parts);
    }
    await shiplog.stop();
    const all = Object.entries(KINDS).map(([kind, size]) => `${kind} (${size}) ${Math.round(bytes[kind])}`);
    const row = { about: 'Redis, an inbox entry', most: 1, value: bytes.deployment / 1_000, unit: 'kB' };
    return [{ ...row, said: `from the minute after; bytes by kind: ${all.join(', ')}` }];
  },
};

/** Packs what is in the inbox, and empties it. */
async function bytesOfEach(redis, { createInboxPacker, keys }) {
  const { client } = redis;
  const ids = await client.zrange(keys.inbox(), 0, -1);
  const plainKeys = ids.map((id) => keys.webhook(id));
  // One of the same millisecond as the last of a part is left for the next packer.
  for (let round = 0; (await client.exists(...plainKeys)) > 0; round += 1) {
    if (round === ROUNDS) throw new Error(`not all of ${ids.length} webhooks were packed`);
    const packer = createInboxPacker(client, { quietMs: 0, waitsMs: 0 });
    while ((await packer.packSome()) > 0);
  }
  const before = await redis.memoryBytes();
  const blocks = await client.zrange(keys.webhookBlocks(), 0, -1);
  const packedKeys = [...ids.map((id) => keys.packedWebhook(id)), ...blocks.map((number) => keys.webhookBlock(number))];
  await client.del(keys.inbox(), keys.webhookBlocks(), ...packedKeys);
  return (before - (await redis.memoryBytes())) / ids.length;
}
