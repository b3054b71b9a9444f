import { describe, expect, it } from 'vitest';
import { folderOf, importsOf, sourceFiles } from './source-text.ts';

interface Layer {
  /** What it may load. Types are free, but for the folders in `blind`. */
  readonly may: readonly string[];
  /** Whose types it must not know either. */
  readonly blind?: readonly string[];
  /** Packages beside those of Node. */
  readonly packages?: readonly string[];
}

const PURE = ['values', 'forges', 'domain'];
/** What computes knows nothing of these, not even by their types. */
const RIM = ['app', 'cli', 'http', 'web', 'queue', 'store', 'redis', 'spool', 'telemetry'];

/**
 * Who may know whom: the one place. Only http/ and web/ know express, only queue/ bullmq, only queue/, store/ and redis/
 * ioredis, only outbound/ and cli/ the network.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  values: {
    may: [],
    blind: [...RIM, 'sources', 'sinks', 'domain'],
    packages: ['zod', 'jsonc-parser', 're2js', 'safe-regex2', 'lru-cache'],
  },
  forges: { may: ['values'], blind: [...RIM, 'sources', 'sinks', 'domain'] },
  domain: {
    may: ['values', 'forges'],
    blind: [...RIM, 'sources', 'sinks', 'config', 'outbound'],
    packages: ['zod', 'picomatch', 're2js', 'safe-regex2'],
  },
  templates: {
    may: ['values', 'domain'],
    blind: [...RIM, 'sources', 'sinks', 'config', 'outbound'],
    packages: ['zod'],
  },
  sources: {
    may: [...PURE, 'templates', 'outbound'],
    blind: [...RIM, 'sinks', 'config'],
    packages: ['zod', 'picomatch', 're2js', 'safe-regex2', 'lru-cache'],
  },
  sinks: {
    may: [...PURE, 'templates', 'outbound'],
    blind: [...RIM, 'sources', 'config'],
    packages: ['zod', 'lru-cache', '@opentelemetry/', 'pg'],
  },
  outbound: { may: [...PURE, 'telemetry'], packages: ['undici', 'ipaddr.js', 'openid-client'] },
  config: { may: [...PURE, 'sources', 'sinks', 'outbound', 'testing'], packages: ['zod', 'yaml', 'ipaddr.js'] },
  testing: { may: [] },
  telemetry: {
    may: PURE,
    packages: ['pino', 'prom-client', 'lru-cache', '@opentelemetry/'],
  },
  spool: { may: PURE },
  redis: { may: PURE, packages: ['ioredis', 'zod'] },
  store: { may: PURE, blind: ['queue', 'http', 'web', 'cli'], packages: ['ioredis', 'zod', 'lru-cache'] },
  queue: {
    may: [...PURE, 'store', 'telemetry'],
    blind: ['http', 'web', 'cli'],
    packages: ['bullmq', 'ioredis', 'lru-cache'],
  },
  'receive.ts': { may: [...PURE, 'sources'] },
  'record.ts': { may: [...PURE, 'recording'] },
  'forward.ts': { may: PURE },
  recording: { may: PURE, blind: ['http', 'web', 'cli', 'app'] },
  explain: { may: [...PURE, 'sources', 'receive.ts', 'record.ts'], blind: RIM },
  http: {
    may: [...PURE, 'sources', 'store', 'explain', 'receive.ts'],
    packages: ['express', 'helmet', 'zod', 'prom-client', 'ipaddr.js', 'lru-cache'],
  },
  web: {
    may: [...PURE, 'sources', 'store', 'queue', 'http'],
    packages: ['express', 'zod', 'jsonc-parser'],
  },
  mcp: {
    may: [...PURE, 'store', 'http'],
    blind: ['queue', 'app', 'cli', 'web'],
    packages: ['express', 'zod', '@modelcontextprotocol/server'],
  },
  app: {
    may: [
      ...PURE,
      'config',
      'sources',
      'telemetry',
      'testing',
      'spool',
      'store',
      'queue',
      'recording',
      'receive.ts',
      'record.ts',
      'forward.ts',
      'http',
      'web',
      'mcp',
    ],
    packages: ['express'],
  },
  cli: {
    may: [...PURE, 'app', 'config', 'explain', 'recording', 'redis', 'telemetry'],
    packages: ['undici', 'commander', 'zod', 'close-with-grace'],
  },
  'main.ts': { may: ['cli', 'config'], packages: ['commander'] },
};

const FILES = sourceFiles('src');
const ARROWS = FILES.flatMap((file) =>
  importsOf(file).map(({ to, typeOnly }) => ({ file: file.path, from: folderOf(file.path), to, typeOnly })),
);
const ours = ARROWS.filter(({ to }) => to.startsWith('src/')).map((arrow) => ({ ...arrow, into: folderOf(arrow.to) }));

describe('the layers', () => {
  it('have a rule for each folder, and no other', () => {
    expect(Object.keys(LAYERS).sort()).toEqual([...new Set(FILES.map(({ path }) => folderOf(path)))].sort());
  });

  it('load only folders that the table allows', () => {
    const wrong = ours
      .filter(({ from, into, typeOnly }) => !typeOnly && from !== into && !LAYERS[from]?.may.includes(into))
      .map(({ file, to }) => `${file} loads ${to}`);
    expect(wrong).toEqual([]);
  });

  it('import only what the table allows, type imports included', () => {
    const wrong = ours
      .filter(({ from, into }) => LAYERS[from]?.blind?.includes(into))
      .map(({ file, to }) => `${file} knows ${to}`);
    expect(wrong).toEqual([]);
  });

  it('use only the packages that are theirs', () => {
    const isKnown = (name: string, { packages = [] }: Layer) =>
      name.startsWith('node:') ||
      packages.some((known) => name === known || (known.endsWith('/') && name.startsWith(known)));
    const wrong = ARROWS.filter(
      ({ to, from }) => !to.startsWith('src/') && !isKnown(to, LAYERS[from] ?? { may: [] }),
    ).map(({ file, to }) => `${file} uses ${to}`);
    expect(wrong).toEqual([]);
  });

  it('contain no cycle of folders', () => {
    expect(ringsOf(Object.entries(LAYERS).map(([from, { may }]) => [from, may]))).toEqual([]);
  });

  it('contain no cycle of files, type imports included', () => {
    const arrows = FILES.map(
      ({ path }) => [path, ours.flatMap(({ file, to }) => (file === path ? [to] : []))] as const,
    );
    expect(ringsOf(arrows)).toEqual([]);
  });

  it('keep tools apart: no source imports another source, and no sink another sink, except for an imitated API', () => {
    // GitLab's documentation has Argo CD call GitLab's API: its source answers that API with its own tokens.
    const IMITATED = 'src/sources/gitlab-api/api.ts';
    const toolOf = (path: string) => /^src\/(?:sources|sinks)\/([^/]+)\//.exec(path)?.[0];
    const wrong = ours
      .filter(({ file, to }) => toolOf(file) !== undefined && toolOf(to) !== undefined && toolOf(file) !== toolOf(to))
      .filter(({ file, to }) => !(file.startsWith('src/sources/argocd/') && to === IMITATED))
      .map(({ file, to }) => `${file} knows ${to}`);
    expect(wrong).toEqual([]);
  });
});

/** Each ring once, by the folders that are left when all that end somewhere are taken away. */
function ringsOf(arrows: readonly (readonly [string, readonly string[]])[]): string[] {
  let left = new Map(arrows);
  for (;;) {
    const rest = new Map([...left].filter(([, may]) => may.some((to) => left.has(to))));
    if (rest.size === left.size) return [...rest.keys()];
    left = rest;
  }
}
