import { describe, expect, it } from 'vitest';
import { RedisSettings, RedisUrl } from '../../src/config/redis.ts';
import { addressOf } from '../../src/queue/address.ts';

const address = (url: string | undefined, said: Record<string, unknown> = {}) =>
  addressOf(url && RedisUrl.parse(url), RedisSettings.parse(said));

describe('the address of Redis', () => {
  it('is a URL or the path of a socket, in any notation', () => {
    expect(address('rediss://harbor:pw@redis.example.com:6390/3')).toEqual({
      url: 'rediss://harbor:pw@redis.example.com:6390/3',
    });
    expect(address('redis:///run/redis.sock')).toEqual({ path: '/run/redis.sock' });
    expect(address('redis+unix:///run/my%20redis.sock?db=2')).toEqual({ path: '/run/my redis.sock', db: 2 });
    expect(address('redis:///5')).toEqual({ url: 'redis:///5' });
  });

  it('is a list of sentinels or of nodes, with IPv6 and without ports', () => {
    expect(address(undefined, { sentinels: 'one.example.com, [::1]:5000', password: 'pw', database: '2' })).toEqual({
      sentinels: [
        { host: 'one.example.com', port: 26_379 },
        { host: '::1', port: 5_000 },
      ],
      name: 'mymaster',
      password: 'pw',
      db: 2,
    });
    expect(address('redis://unused.example', { cluster: ['one:1', 'two'], tls: 'true' })).toEqual({
      cluster: [
        { host: 'one', port: 1 },
        { host: 'two', port: 6_379 },
      ],
      tls: {},
    });
  });

  it.each([
    [{ sentinels: 'a', cluster: 'b' }, /two ways/],
    [{ cluster: 'a', database: 1 }, /database 0 alone/],
    [{ cert: '-----BEGIN CERTIFICATE-----' }, /needs both/],
    [{ sentinels: 'redis://a:1' }, /host:port/],
    [{ ca: '/path/ca.pem' }, /PEM text/],
  ])('is refused with what to do: %j', (said, words) => {
    expect(
      RedisSettings.safeParse(said)
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toMatch(words);
  });
});
