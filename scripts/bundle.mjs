// Puts src/ and the packages that it uses into a few files. A bridge opens thirty files when it starts, where one for
// each module would be 1,500: that was half of its start. What only one command or one setting needs (`import()`) is a
// file of its own, read when it is asked for. Nothing is renamed or shortened, and the source maps beside the files lead
// to src/: NODE_OPTIONS=--enable-source-maps.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
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
    // BullMQ exports a backend for PostgreSQL, with half a megabyte of SQL that would be read at every start.
    treeshake: { moduleSideEffects: [{ test: /bullmq\/dist\/esm\/postgres\//, sideEffects: false }] },
    plugins: [ownPlace(join(root, 'src')), withoutTables()],
    onLog: (level, log, report) => (REPORTED_LEVELS.includes(level) ? report(level, log) : undefined),
  });
  try {
    const { output } = await build.write({
      dir: to,
      // What one build calls so is never another's: a bridge may load a part long after dist/ was built anew.
      chunkFileNames: '[name]-[hash].js',
      comments: false,
      sourcemap: true,
      sourcemapExcludeSources: true,
      // The files are made aside and moved to dist/.
      sourcemapPathTransform: (path, map) => join('..', relative(root, resolve(dirname(map), path))),
    });
    await Promise.all(
      output.filter(({ code }) => code).map(({ fileName, code }) => writeFile(join(to, fileName), toAscii(code))),
    );
  } finally {
    await build.close();
  }
}

/**
 * Tables of packages that nothing reads: express accepts bodies in UTF alone, and the names of media types that no file
 * has are not looked up.
 */
function withoutTables() {
  return {
    name: 'without-tables',
    load: {
      filter: { id: /iconv-lite\/encodings\/dbcs-data\.js$|mime-db\/db\.json$/ },
      handler(id) {
        if (id.endsWith('.js')) return 'module.exports = {};';
        const types = Object.entries(JSON.parse(readFileSync(id, 'utf8')));
        return JSON.stringify(Object.fromEntries(types.filter(([, { extensions, charset }]) => extensions ?? charset)));
      },
    },
  };
}

/**
 * V8 stores a text with one other character in two bytes a character: the bridge takes five megabytes less without any.
 * In texts and patterns an escape is the same character; source maps keep their lines.
 */
const toAscii = (code) =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

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
