import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type AddressScope, guardedLookup } from '../../src/outbound/guard.ts';
import { createSendJson, neverSent } from '../../src/outbound/http.ts';

/** A name server that answers as told, and counts. */
function dns(addresses: readonly string[]) {
  const answer = (_host: string, _options: unknown, callback: (error: null, found: unknown) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  return answer as unknown as Parameters<typeof guardedLookup>[1]; // the one of dns.lookup's overloads that is used
}

function look(host: string, { to, reach = 'private' }: { to: readonly string[]; reach?: AddressScope }) {
  return new Promise<unknown>((resolve) => {
    guardedLookup(reach, dns(to))(host, { all: true }, (error, found) => resolve(error ?? found));
  });
}

describe('a host name of a destination', () => {
  it.each([
    'fd00:ec2::254',
    'fd00:ec2:0:0::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
    '::ffff:168.63.129.16',
  ])('is blocked if it resolves to the metadata service at %s, in any notation', async (address) => {
    for (const reach of ['private', 'public'] as const)
      expect(await look('changes.harbor.example', { to: [address], reach })).toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each(['169.254.169.254', 'fe80::1', '127.0.0.1', '::1', '0.0.0.0', '::ffff:169.254.169.254', '224.0.0.1'])(
    'is blocked if it resolves to %s',
    async (address) => {
      expect(await look('changes.harbor.example', { to: [address] })).toMatchObject({ code: 'ADDRESS_REFUSED' });
    },
  );

  it('is blocked if one of its addresses is blocked', async () => {
    const found = await look('changes.harbor.example', { to: ['93.184.216.34', '169.254.169.254'] });
    expect(found).toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each(['10.1.2.3', '192.168.0.9', 'fd12:3456::1', '100.64.0.1'])(
    'may resolve to the private address %s only if it was configured',
    async (address) => {
      expect(await look('git.harbor.example', { to: [address] })).toEqual([expect.objectContaining({ address })]);
      expect(await look('git.harbor.example', { to: [address], reach: 'public' })).toMatchObject({
        code: 'ADDRESS_REFUSED',
      });
    },
  );

  it('may be this machine if it is called localhost', async () => {
    expect(await look('localhost', { to: ['127.0.0.1'] })).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });
});

it('gets nothing if it resolves to this machine', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const { Agent } = await import('undici');
  const dispatcher = new Agent({ connect: { lookup: guardedLookup('private', dns(['127.0.0.1'])) } });
  const signal = new AbortController().signal;
  const asked = createSendJson({ timeoutMs: 60_000, dispatcher })({
    method: 'GET',
    url: `http://rebound.example:${port}/`,
    signal,
  });
  const error = await asked.catch((caught: unknown) => caught);
  expect(String(error)).toContain('resolves to 127.0.0.1');
  expect(neverSent(error)).toBe(true);
  expect(connections).toBe(0);
  server.close();
});
