import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/values/repo-url.ts';

const HARBOR = {
  host: 'gitlab.harbor.example',
  path: 'harbor/apps/lighthouse-api',
  url: 'https://gitlab.harbor.example/harbor/apps/lighthouse-api',
};

describe('parseRepoUrl', () => {
  it.each([
    'https://gitlab.harbor.example/harbor/apps/lighthouse-api.git',
    'https://gitlab.harbor.example/harbor/apps/lighthouse-api/',
    'https://gitlab.harbor.example:443/harbor/apps/lighthouse-api.git/',
    'https://mira:s3cret@GitLab.Harbor.example/harbor/apps/lighthouse-api.git?x=1#y',
    'http://gitlab.harbor.example/harbor/apps/lighthouse-api',
    'ssh://git@gitlab.harbor.example:2222/harbor/apps/lighthouse-api.git',
    'ssh://git@gitlab.harbor.example/harbor/apps/lighthouse-api.git',
    'git@gitlab.harbor.example:harbor/apps/lighthouse-api.git',
    'git@gitlab.harbor.example:/harbor/apps/lighthouse-api.git',
    'gitlab.harbor.example:harbor/apps/lighthouse-api.git',
    'gitlab.harbor.example/harbor/apps/lighthouse-api',
    'mira@gitlab.harbor.example/harbor/apps/lighthouse-api.git',
    ' https://gitlab.harbor.example//harbor/apps/lighthouse-api.git\n',
  ])('reads %j as the project with all its groups', (text) => {
    expect(parseRepoUrl(text)).toEqual(HARBOR);
  });

  it.each([
    ['https://gitlab.harbor.example:8443/a/b.git', 'https://gitlab.harbor.example:8443/a/b'],
    ['gitlab.harbor.example:8443/a/b.git', 'https://gitlab.harbor.example:8443/a/b'],
    ['http://gitlab.harbor.example:8080/a/b', 'http://gitlab.harbor.example:8080/a/b'],
    ['ssh://git@gitlab.harbor.example:8443/a/b', 'https://gitlab.harbor.example/a/b'],
    ['ssh://git@altssh.gitlab.harbor.example:443/a/b.git', 'https://gitlab.harbor.example/a/b'],
    ['git@altssh.gitlab.harbor.example:a/b.git', 'https://gitlab.harbor.example/a/b'],
    ['ssh://git@ssh.gitlab.harbor.example:443/a/b.git', 'https://gitlab.harbor.example/a/b'],
  ])('keeps the port of web pages and drops the one of SSH: %s', (text, url) => {
    expect(parseRepoUrl(text)).toEqual({ host: 'gitlab.harbor.example', path: 'a/b', url });
  });

  it('takes a number after the colon of an scp-like address for a group, as Git does', () => {
    expect(parseRepoUrl('git@gitlab.harbor.example:2222/a/b.git')?.path).toBe('2222/a/b');
  });

  it('reads chart registries', () => {
    expect(parseRepoUrl('oci://ghcr.io/quay-side/charts/')).toEqual(parseRepoUrl('ghcr.io/quay-side/charts'));
  });

  it('decodes the path and leaves the address encoded', () => {
    const parsed = parseRepoUrl('https://git.harbor.example/Port%20Office/_git/buoy');
    expect(parsed).toEqual({
      host: 'git.harbor.example',
      path: 'Port Office/_git/buoy',
      url: 'https://git.harbor.example/Port%20Office/_git/buoy',
    });
    expect(parseRepoUrl('https://git.harbor.example/a%/b')?.path).toBe('a%/b');
  });

  it.each([
    undefined,
    null,
    '',
    '  ',
    '<no value>',
    'harbor/lighthouse-api',
    './charts',
    '../x/y',
    'C:\\charts',
    'file:///srv/git/x.git',
    's3://bucket/charts',
    'https://',
    'https:///a/b',
    'https://gitlab.harbor.example',
    'https://gitlab.harbor.example/',
    'git@gitlab.harbor.example:',
    'git@gitlab.harbor.example:.git',
    'lighthouse',
    'https://gitlab.harbor.example/a b',
    `https://gitlab.harbor.example/${'a'.repeat(3000)}`,
  ])('makes nothing of %j', (text) => {
    expect(parseRepoUrl(text)).toBeUndefined();
  });

  it('never throws, and what it makes is a URL without user and password', () => {
    const address = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.stringMatching(/^(ssh:\/\/|https:\/\/|)[a-z:@/.%[\]0-9]{0,40}$/),
    );
    fc.assert(
      fc.property(address, (text) => {
        const parsed = parseRepoUrl(text);
        if (parsed) expect(parsed.url.slice(8).split('/')[0]).not.toContain('@');
      }),
      { numRuns: 2000 },
    );
  });
});
