import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = new URL('../..', import.meta.url).pathname;
let clone: string;

/** A clone with nothing but what the scripts look at, and an own src/. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'shiplog-clone-'));
  for (const name of ['scripts', 'bin', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(repository, name), join(clone, name), { recursive: true });
  }
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
};
const says = async () => (await promisify(execFile)(process.execPath, [join(clone, 'dist/main.js')])).stdout;
const late = () => readdirSync(join(clone, 'dist')).filter((name) => /^late-.*\.js$/.test(name));
const build = () => promisify(execFile)(process.execPath, ['scripts/prepare.mjs'], { cwd: clone });

describe('the build', () => {
  beforeEach(() => {
    symlinkSync(join(repository, 'node_modules'), join(clone, 'node_modules'));
    write(
      'src/main.ts',
      "import { ship } from './ship.ts';\nconsole.log(ship);\nif (process.argv[2]) console.log((await import('./late.ts')).late);\n",
    );
    write('src/ship.ts', "export const ship = 'mira';\n");
    write('src/late.ts', "export const late = 'and later jonas';\n");
    write('src/web/page.css', 'body {}\n');
  });

  it('has the program and its assets, and is not repeated while nothing changes', async () => {
    await build();
    expect(await says()).toBe('mira\n');
    expect(existsSync(join(clone, 'dist/web/page.css'))).toBe(true);
    const { ino } = statSync(join(clone, 'dist/main.js'));
    await build();
    expect(statSync(join(clone, 'dist/main.js')).ino).toBe(ino);
  });

  it('is repeated if a source changes, without the files of deleted sources', async () => {
    await build();
    expect(late()).toHaveLength(1);
    rmSync(join(clone, 'src/late.ts'));
    write('src/main.ts', 'console.log(1);\n');
    await build();
    expect(await says()).toBe('1\n');
    expect(late()).toHaveLength(1); // a bridge that was started before may load it yet
    write('src/main.ts', 'console.log(2);\n');
    await build();
    expect(await says()).toBe('2\n');
    expect(late()).toEqual([]);
  });

  it('lets a module find its files, and its lines by a source map', async () => {
    write('src/store/a.lua', 'return 1');
    write(
      'src/store/script.ts',
      "export const file = new URL('./a.lua', import.meta.url);\n\nexport const fail = () => {\n  throw new Error('mira');\n};\n",
    );
    write(
      'src/main.ts',
      "import { readFileSync } from 'node:fs';\nimport { fail, file } from './store/script.ts';\nconsole.log(readFileSync(file, 'utf8'));\nfail();\n",
    );
    await build();
    const failing = promisify(execFile)(process.execPath, ['--enable-source-maps', join(clone, 'dist/main.js')]);
    await expect(failing).rejects.toMatchObject({
      stdout: 'return 1\n',
      stderr: expect.stringContaining(`${join(clone, 'src/store/script.ts')}:4:`),
    });
  });

  it('is repeated if it was interrupted', async () => {
    await build();
    rmSync(join(clone, 'dist/.build-stamp'));
    rmSync(join(clone, 'dist/main.js'));
    await build();
    expect(await says()).toBe('mira\n');
  });

  it('stays unchanged if the sources do not compile', async () => {
    await build();
    write('src/ship.ts', 'export const ship: string = 1;\n');
    await expect(build()).rejects.toThrow(/TS2322.*The sources do not compile; nothing was changed in dist/s);
    expect(await says()).toBe('mira\n');
    await expect(build()).rejects.toThrow('TS2322');
  });
});

describe('npm start', () => {
  // No src/: a tree that ships built. No packages are wanted, and Redis is elsewhere.
  beforeEach(() => {
    write('package-lock.json', '{ "packages": {} }');
    write('node_modules/.package-lock.json', '{ "packages": {} }');
    write(
      'dist/main.js',
      `process.once('SIGINT', () => {
        console.log('stopping');
        setTimeout(() => process.on('SIGINT', () => process.exit(1)), 50); // nobody listens until then
        setTimeout(() => process.exit(0), 200);
      });
      console.log(process.argv.slice(2).join(' '));
      setInterval(() => {}, 1000);`,
    );
  });

  it('passes its arguments on, and a Ctrl-C that npm repeats stops it once, in an orderly way', async () => {
    const program = spawn(process.execPath, ['scripts/start.mjs', '--loud'], {
      cwd: clone,
      env: { ...process.env, REDIS_URL: 'redis://127.0.0.1:1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    program.stdout.on('data', (chunk) => {
      output += chunk;
      program.kill('SIGINT'); // when it runs, and again when it is stopping
    });
    expect(await exitOf(program)).toEqual([0, null]);
    expect(output).toBe('start --loud\nstopping\n');
  });
});

function exitOf(program: ChildProcess): Promise<unknown[]> {
  return new Promise((resolve) => program.once('close', (...how) => resolve(how)));
}
