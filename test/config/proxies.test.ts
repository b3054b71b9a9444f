import { describe, expect, it } from 'vitest';
import { proxiesOf } from '../../src/config/proxies.ts';

describe('the proxies of the environment', () => {
  it('are read as by curl: lower case first, empty is none, the scheme is optional', () => {
    expect(proxiesOf({ HTTPS_PROXY: 'http://a:1', https_proxy: 'b:3128', HTTP_PROXY: '', no_proxy: 'x' })).toEqual({
      http: undefined,
      https: 'http://b:3128/',
      except: 'x',
    });
  });

  it.each(['socks5://a:1', 'http://', 'http://ship:hunter2@:port'])('refuse %s without repeating it', (written) => {
    expect(() => proxiesOf({ HTTPS_PROXY: written })).toThrow(/^(?!.*hunter2).*HTTPS_PROXY: write the address/s);
  });
});
