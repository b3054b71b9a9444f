import dns from 'node:dns';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { AddressRefused } from '../../src/outbound/guard.ts';
import { guardedSocket } from '../../src/outbound/socket.ts';

/** What every name leads to, until the test ends. */
function everyNameLeadsTo(address: string): void {
  const { lookup } = dns;
  const answer = (_name: string, _options: unknown, callback: (error: null, found: unknown) => void) =>
    callback(null, [{ address, family: 4 }]);
  dns.lookup = answer as unknown as typeof lookup; // the guard asks for all addresses
  syncBuiltinESMExports();
  onTestFinished(() => {
    dns.lookup = lookup;
    syncBuiltinESMExports();
  });
}

it.each(['169.254.169.254', '100.100.100.200', '127.0.0.1'])(
  'is not connected to a name that resolves to %s, even if private addresses are allowed',
  async (address) => {
    everyNameLeadsTo(address);
    const socket = guardedSocket('private');
    const failed = once(socket, 'error');
    socket.connect(5432, 'db.example.com');
    expect((await failed)[0]).toBeInstanceOf(AddressRefused);
  },
);

it('is connected to the named host', async () => {
  const server = createServer((socket) => void socket.end('light'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number }; // a TCP server has one
  for (const host of ['127.0.0.1', 'localhost']) {
    const socket = guardedSocket('private');
    const [data] = await Promise.all([once(socket, 'data'), socket.connect(port, host)]);
    expect(String(data[0])).toBe('light');
  }
});
