import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forgeOf } from '../../src/forges/index.ts';
import { mergeRequestLabel } from '../../src/forges/label.ts';
import { projectOfPipeline } from '../../src/forges/pipeline-project.ts';

const OLD = 'a'.repeat(40);
const NEW = 'b'.repeat(64);

describe('the addresses of a repository', () => {
  it.each([
    ['https://gitlab.com/harbor/apps/api.git', {}, 'https://gitlab.com/harbor/apps/api', 'harbor/apps/api'],
    ['git@gitlab.harbor.example:harbor/api.git', {}, 'https://gitlab.harbor.example/harbor/api', 'harbor/api'],
    ['ssh://git@altssh.gitlab.com:443/harbor/api.git', {}, 'https://gitlab.com/harbor/api', 'harbor/api'],
    ['https://mira:glpat-1@gitlab.com/harbor/api//', {}, 'https://gitlab.com/harbor/api', 'harbor/api'],
    ['https://gitlab.com/harbor/api/-/jobs/7', {}, 'https://gitlab.com/harbor/api', 'harbor/api'],
    [
      'https://git.harbor.example/harbor/api',
      { gitlabProject: '7' },
      'https://git.harbor.example/harbor/api',
      'harbor/api',
    ],
    [
      'https://git.harbor.example:8443/gitlab/harbor/api',
      { gitlabProject: 'Harbor/API' },
      'https://git.harbor.example:8443/gitlab/harbor/api',
      'harbor/api',
    ],
    [
      'https://harbor.example/gitlab/apps/api.git',
      { gitlabHosts: ['harbor.example/gitlab/'] },
      'https://harbor.example/gitlab/apps/api',
      'apps/api',
    ],
    [
      'ssh://git@harbor.example:2222/apps/api.git',
      { gitlabHosts: ['https://harbor.example:8443/gitlab'] },
      'https://harbor.example:8443/gitlab/apps/api',
      'apps/api',
    ],
    [
      'http://git.harbor.example:8080/apps/api',
      { gitlabHosts: ['git.harbor.example'] },
      'http://git.harbor.example:8080/apps/api',
      'apps/api',
    ],
    [
      'https://harbor.example/scm/team/api',
      { gitlabProject: 'scm/team/api' },
      'https://harbor.example/scm/team/api',
      'scm/team/api',
    ],
  ])('on GitLab: %s %j', (url, known, page, path) => {
    const repository = forgeOf({ url, ...known });
    expect(repository).toMatchObject({ forge: 'GitLab', mergeRequestSign: '!', url: page, path });
    expect(repository?.commitUrl(NEW)).toBe(`${page}/-/commit/${NEW}`);
    expect(repository?.compareUrl(OLD, NEW)).toBe(`${page}/-/compare/${OLD}...${NEW}`);
    expect(repository?.mergeRequestUrl('101')).toBe(`${page}/-/merge_requests/101`);
  });

  it.each([
    'https://github.com/harbor/api.git',
    'git@github.com:harbor/api.git',
    'ssh://git@ssh.github.com:443/harbor/api',
  ])('on GitHub: %s', (url) => {
    const repository = forgeOf({ url });
    const page = 'https://github.com/harbor/api';
    expect(repository).toMatchObject({ forge: 'GitHub', mergeRequestSign: '#', url: page, path: 'harbor/api' });
    expect(repository?.commitUrl(OLD)).toBe(`${page}/commit/${OLD}`);
    expect(repository?.compareUrl(OLD, NEW)).toBe(`${page}/compare/${OLD}...${NEW}`);
    expect(repository?.mergeRequestUrl('7')).toBe(`${page}/pull/7`);
  });

  it('on GitHub Enterprise Server', () => {
    expect(forgeOf({ url: 'git@github.harbor.example:harbor/api.git' })?.commitUrl(OLD)).toBe(
      `https://github.harbor.example/harbor/api/commit/${OLD}`,
    );
  });

  it.each([
    'https://bitbucket.org/harbor/api',
    'git@bitbucket.org:harbor/api.git',
    'ssh://git@altssh.bitbucket.org:443/harbor/api.git',
  ])('on Bitbucket Cloud: %s', (url) => {
    const repository = forgeOf({ url });
    const page = 'https://bitbucket.org/harbor/api';
    expect(repository).toMatchObject({ forge: 'Bitbucket', mergeRequestSign: '#', url: page, path: 'harbor/api' });
    expect(repository?.commitUrl(OLD)).toBe(`${page}/commits/${OLD}`);
    expect(repository?.compareUrl(OLD, NEW)).toBe(`${page}/branches/compare/${NEW}..${OLD}`);
    expect(repository?.mergeRequestUrl('13')).toBe(`${page}/pull-requests/13`);
  });

  it.each([
    ['https://git.harbor.example/scm/har/api.git', 'https://git.harbor.example/projects/HAR/repos/api', 'HAR/api'],
    [
      'https://harbor.example:8443/bitbucket/scm/har/api.git',
      'https://harbor.example:8443/bitbucket/projects/HAR/repos/api',
      'HAR/api',
    ],
    [
      'https://git.harbor.example/projects/HAR/repos/api/browse',
      'https://git.harbor.example/projects/HAR/repos/api',
      'HAR/api',
    ],
    ['ssh://git@git.harbor.example:7999/har/api.git', 'https://git.harbor.example/projects/HAR/repos/api', 'HAR/api'],
    ['https://git.harbor.example/scm/~mira/api.git', 'https://git.harbor.example/users/mira/repos/api', '~mira/api'],
    ['https://git.harbor.example/users/mira/repos/api', 'https://git.harbor.example/users/mira/repos/api', '~mira/api'],
  ])('on Bitbucket Data Center: %s', (url, page, path) => {
    const repository = forgeOf({ url });
    expect(repository).toMatchObject({ forge: 'Bitbucket Data Center', mergeRequestSign: '#', url: page, path });
    expect(repository?.commitUrl(OLD)).toBe(`${page}/commits/${OLD}`);
    expect(repository?.compareUrl(OLD, NEW)).toBe(`${page}/compare/commits?targetBranch=${OLD}&sourceBranch=${NEW}`);
    expect(repository?.mergeRequestUrl('13')).toBe(`${page}/pull-requests/13`);
  });

  it.each([
    [undefined, {}],
    ['', {}],
    ['https://code.harbor.example/harbor/api', {}],
    ['https://charts.harbor.example/stable', { gitlabHosts: ['gitlab.harbor.example'] }],
    ['https://gitlab.com/harbor', {}],
    ['https://git.harbor.example/ops/manifests', { gitlabProject: 'harbor/api' }],
    ['https://notgitlab.com/harbor/api', {}],
    ['https://mygithub.com/a/b', {}],
  ] as const)('are not guessed: %s %j', (url, known) => {
    expect(forgeOf({ url, ...known })).toBeUndefined();
  });
});

describe('the merge request of a commit', () => {
  const numberIn = (url: string, message: string) => forgeOf({ url })?.mergeRequestOf(message);
  const GITLAB = 'https://gitlab.com/harbor/api';
  const BITBUCKET = 'https://bitbucket.org/harbor/api';
  const GITHUB = 'https://github.com/harbor/api';
  const DATA_CENTER = 'https://git.harbor.example/scm/har/api.git';
  const PAGES = 'https://git.harbor.example/projects/HAR/repos/api';

  it.each([
    [
      GITLAB,
      "Merge branch 'lamp' into 'main'\n\nTurn the lamp\n\nSee merge request harbor/api!101",
      '101',
      `${GITLAB}/-/merge_requests/101`,
    ],
    [GITLAB, 'Turn it\r\n\r\nSee merge request !7\r\n', '7', `${GITLAB}/-/merge_requests/7`],
    [GITLAB, 'Sync\n\nSee merge request buoy/api!9', '9', 'https://gitlab.com/buoy/api/-/merge_requests/9'],
    [GITLAB, 'See merge request harbor/api!1\n\nSee merge request harbor/api!2', '2', `${GITLAB}/-/merge_requests/2`],
    [
      GITLAB,
      'Pick\n\nSee merge request Harbor/API!3\n\n(cherry picked from commit 0a1b2c)',
      '3',
      `${GITLAB}/-/merge_requests/3`,
    ],
    [BITBUCKET, 'Merged in lamp (pull request #13)\n\nTurn the lamp', '13', `${BITBUCKET}/pull-requests/13`],
    [BITBUCKET, 'Turn the lamp (pull request #14)', '14', `${BITBUCKET}/pull-requests/14`],
    [
      DATA_CENTER,
      'Pull request #5: Turn the lamp\n\nMerge in HAR/api from lamp to main',
      '5',
      `${PAGES}/pull-requests/5`,
    ],
    [DATA_CENTER, 'Merge pull request #6 in HAR/api from lamp to main', '6', `${PAGES}/pull-requests/6`],
    [GITHUB, 'Merge pull request #7 from mira/lamp\n\nTurn the lamp', '7', `${GITHUB}/pull/7`],
    [GITHUB, 'Turn the lamp (#8)\n\nIt was dark', '8', `${GITHUB}/pull/8`],
  ])('at %s: %j', (url, message, number, page) => {
    expect(numberIn(url, message)).toEqual({ number, url: page });
  });

  it.each([
    [GITLAB, 'Turn the lamp'],
    [GITLAB, ''],
    [GITLAB, 'See merge request harbor/api!'],
    [GITLAB, 'See merge request harbor/api!0'],
    [GITLAB, 'See merge request harbor/api!12 and more'],
    [GITLAB, 'See merge request ../../evil!12'],
    [GITLAB, 'Merge pull request #7 from mira/lamp'],
    [BITBUCKET, 'Turn the lamp (#8)'],
    [BITBUCKET, 'Merged in lamp (pull request #)'],
    [GITHUB, 'Fixes (#8) of the lamp'],
    [GITHUB, 'Turn (pull request #8)'],
    [GITHUB, `Turn (#${'9'.repeat(20)})`],
  ])('is not guessed at %s: %j', (url, message) => {
    expect(numberIn(url, message)).toBeUndefined();
  });

  it('of a fork is not searched for if the root of a GitLab is unknown', () => {
    const repository = forgeOf({ url: 'https://harbor.example/gitlab/harbor/api', gitlabProject: '7' });
    expect(repository?.mergeRequestOf('See merge request harbor/api!1')?.url).toBe(
      'https://harbor.example/gitlab/harbor/api/-/merge_requests/1',
    );
    expect(repository?.mergeRequestOf('See merge request buoy/api!1')).toBeUndefined();
  });
});

describe('the number of a merge request', () => {
  it.each([
    [{ number: '7', url: 'https://git.harbor.example/harbor/api/-/merge_requests/7' }, {}, '!7'],
    [{ number: '7', url: 'https://git.harbor.example/projects/HAR/repos/api/pull-requests/7' }, {}, '#7'],
    [{ number: '7' }, { url: 'git@gitlab.com:harbor/api.git' }, '!7'],
    [{ number: '7' }, { url: 'https://code.harbor.example/api' }, '#7'],
    [{ number: '7' }, {}, '#7'],
  ])('is written as its forge does: %j %j', (mergeRequest, repository, label) => {
    expect(mergeRequestLabel(mergeRequest, repository)).toBe(label);
  });
});

describe('for any report', () => {
  const anyUrl = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc
      .tuple(
        fc.constantFrom('https://', 'ssh://git@', 'git@', 'http://u:p@', ''),
        fc.constantFrom('gitlab.com', 'github.com', 'bitbucket.org', 'git.harbor.example', 'git.harbor.example:7999'),
        fc.constantFrom('/', ':'),
        fc.string(),
      )
      .map((parts) => parts.join('')),
  );

  it('makes addresses of the web on the host that was named, without user and password', () => {
    fc.assert(
      fc.property(anyUrl, fc.string(), fc.string(), (url, sha, gitlabProject) => {
        const repository = forgeOf({ url, gitlabProject, gitlabHosts: ['git.harbor.example'] });
        if (!repository) return;
        const links = [repository.url, repository.commitUrl(sha), repository.compareUrl(sha, OLD)];
        for (const link of [...links, repository.mergeRequestUrl(sha)]) {
          const { protocol, username, password, href, origin } = new URL(link);
          expect(protocol).toMatch(/^https?:$/);
          expect(username + password).toBe('');
          expect(href.startsWith(new URL(repository.url).href)).toBe(true);
          expect(origin).toBe(new URL(repository.url).origin);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a merge request is a number on the same host', () => {
    const written = fc.constantFrom(
      ...[
        ['See merge request !'],
        ['See merge request a/b!'],
        ['See merge request ../evil!'],
        ['See merge request //evil!'],
      ],
      ...[
        ['Merge pull request #', ' from mira/lamp'],
        ['Lamp (pull request #', ')'],
        ['Lamp (#', ')'],
        ['Lamp (#', ':'],
      ],
    );
    const number = fc.oneof(fc.nat().map(String), fc.nat().map(String), fc.string({ unit: 'binary' }));
    const line = fc.tuple(written, number).map(([[before = '', after = ''], named]) => `${before}${named}${after}`);
    const message = fc.array(fc.oneof(line, line, fc.string({ unit: 'binary' }))).map((lines) => lines.join('\n'));
    let times = 0;
    const url = fc.constantFrom('https://gitlab.com/a/b', 'https://github.com/a/b', 'https://bitbucket.org/a/b');
    fc.assert(
      fc.property(url, message, (page, text) => {
        const found = forgeOf({ url: page })?.mergeRequestOf(text);
        if (!found) return;
        times += 1;
        expect(found.number).toMatch(/^[1-9]\d{0,9}$/);
        expect(new URL(found.url).origin).toBe(new URL(page).origin);
      }),
      { numRuns: 1000 },
    );
    expect(times, 'most messages name none').toBeGreaterThan(50);
  });
});

describe('the project of a pipeline', () => {
  it.each([
    ['https://gitlab.example.com/harbor/coast/pay/-/pipelines/7', 'harbor/coast/pay'],
    ['https://gitlab.example.com/harbor/pay/pipelines/7', 'harbor/pay'],
    ['https://gitlab.example.com/harbor/pay/jobs/7/', 'harbor/pay'],
    ['https://bitbucket.org/harbor/pay/pipelines/results/7', 'harbor/pay'],
    ['https://bitbucket.org/harbor/pay/addon/pipelines/home#!/results/7', 'harbor/pay'],
    ['https://gitlab.example.com/pipelines/7', undefined],
    ['https://ci.example.com/harbor/pay/builds/7', undefined],
    ['https://jenkins.example.com/job/harbor/job/pay/7/', undefined],
    ['https://gitlab.example.com/harbor/pay/-/settings/pipelines/7', undefined],
  ])('of %s is %s', (url, path) => {
    expect(projectOfPipeline(url)?.path).toBe(path);
  });
});
