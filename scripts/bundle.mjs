// Puts src/ and the packages that it uses into a few files. A bridge opens thirty files when it starts, where one for
// each module would be 1,500: that was half of its start. What only one command or one setting needs (`import()`) is a
// file of its own, read when it is asked for. Nothing is renamed or shortened, and the source maps beside the files lead
// to src/: NODE_OPTIONS=--enable-source-maps.
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';

/** Warnings are about packages, or about a command that is loaded together with the bridge in any case. */
const REPORTED_LEVELS = ['error'];

/** @param entries the name of each program, and the file it begins with, from `root`. */
export async function bundle({ root, entries, to }) {
  const input = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)]));
  const build = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    external: ['pg-native', 'pg-cloudflare'], // packages that nobody installs
    resolve: { mainFields: ['module', 'main'] }, // jsonc-parser's main file can only be run, not bundled
    transform: {
      jsx: { runtime: 'automatic', importSource: '#web', development: false },
      define: {
        // BullMQ packs and never unpacks: what makes unpacking fast is a native library that takes 18 ms to load.
        'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"',
        __dirname: 'import.meta.dirname', // of packages that are CommonJS
        __filename: 'import.meta.filename',
      },
    },
    plugins: [ownPlace(join(root, 'src'))],
    onLog: (level, log, report) => (REPORTED_LEVELS.includes(level) ? report(level, log) : undefined),
  });
  try {
    await build.write({
      dir: to,
      // What one build calls so is never another's: a bridge may load a part long after dist/ was built anew.
      chunkFileNames: '[name]-[hash].js',
      comments: false,
      sourcemap: true,
      sourcemapExcludeSources: true,
      // The files are made aside and moved to dist/.
      sourcemapPathTransform: (path, map) => join('..', relative(root, resolve(dirname(map), path))),
    });
  } finally {
    await build.close();
  }
}

/**
 * A module looks for its files (scripts of Redis, style sheets, dictionaries) beside itself, and dist/ has them at
 * the same paths as src/. So `import.meta.url` of each module is replaced by its path below src/.
 */
function ownPlace(src) {
  return {
    name: 'own-place',
    transform: {
      filter: { code: 'import.meta.url' },
      handler(code, id) {
        const path = relative(src, id).replaceAll('\\', '/');
        if (path.startsWith('..')) return undefined; // a package
        const place = `new URL(${JSON.stringify(`./${path}`)}, import.meta.url).href`;
        return { code: code.replaceAll('import.meta.url', place), map: lineByLine(code) };
      },
    },
  };
}

/** A source map: nothing moves but within its line. */
function lineByLine(code) {
  const lines = code.split('\n');
  return { version: 3, names: [], sources: [''], mappings: lines.map((_, at) => (at ? 'AACA' : 'AAAA')).join(';') };
}
