import { describe, expect, it } from 'vitest';
import { RedisSettings, RedisUrl } from '../../src/config/redis.ts';
import { addressOf } from '../../src/queue/address.ts';

const address = (url: string | undefined, said: Record<string, unknown> = {}) =>
  addressOf(url && RedisUrl.parse(url), RedisSettings.parse(said));

describe('the address of Redis', () => {
  it('is a URL or the path of a socket, in any notation', () => {
    expect(address('rediss://harbor:pw@redis.example.com:6390/3')).toEqual({
      ...{ url: 'rediss://redis.example.com:6390/3', username: 'harbor', password: 'pw' },
    });
    expect(address('redis:///run/redis.sock')).toEqual({ path: '/run/redis.sock' });
    expect(address('redis+unix:///run/my%20redis.sock?db=2')).toEqual({ path: '/run/my redis.sock', db: 2 });
    expect(address('redis:///5')).toEqual({ url: 'redis:///5' });
  });

  it('has the credentials of the URL or of the settings, which take precedence', () => {
    const url = 'redis://redis.example.com/0';
    expect(address('redis://harbor:p%40ss%23%25@redis.example.com/0')).toEqual({
      ...{ url, username: 'harbor', password: 'p@ss#%' },
    });
    expect(address('redis://harbor@redis.example.com/0', { password: 'p@ss#%' })).toEqual({
      ...{ url, username: 'harbor', password: 'p@ss#%' },
    });
    expect(address('redis://one:two@redis.example.com/0', { username: 'harbor', password: 'pw' })).toEqual({
      ...{ url, username: 'harbor', password: 'pw' },
    });
  });

  it.each([
    ['redis://:p#ss@redis.example.com/0', /%23 for "#".*REDIS_PASSWORD/],
    ['redis://:p/ss@redis.example.com/0', /%2F for "\/"/],
    ['redis://:100%@redis.example.com/0', /%25 for "%"/],
    ['http://redis.example.com', /write redis:\/\/host/],
    ['redis.example.com', /write redis:\/\/host/],
  ])('is refused as a URL with what to do: %s', (url, message) => {
    const { error } = RedisUrl.safeParse(url);
    expect(error?.issues.map((issue) => issue.message).join()).toMatch(message);
    expect(error?.message).not.toContain('p#ss');
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
