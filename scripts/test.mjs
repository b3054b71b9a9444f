// `npm test`: every check that a change must pass, the quick ones first. Arguments go to vitest: npm test -- test/redis
import { join } from 'node:path';
import {
  checkNode,
  findChromium,
  noChromium,
  orStop,
  prepareBuild,
  prepareChromium,
  prepareNodePackages,
  prepareRedis,
  root,
  run,
  Stop,
  say,
} from './prepare.mjs';

const startedAt = performance.now();
const tool = (path, ...args) => [process.execPath, join(root, 'node_modules', path), ...args];

const steps = [
  ['format and lint (biome check)', tool('@biomejs/biome/bin/biome', 'check')],
  ['types (tsc)', tool('typescript/bin/tsc', '--noEmit')],
  ['unused files, exports and packages (knip)', tool('knip/bin/knip.js')],
  ['build', prepareBuild],
  ['tests (vitest)', tool('vitest/vitest.mjs', 'run', ...process.argv.slice(2))],
];

await orStop(async () => {
  checkNode();
  await prepareNodePackages();
  await prepareRedis(); // also with REDIS_URL set: the tests start servers of their own, and kill them
  await prepareChromium();
  for (const [title, step] of steps) {
    say(`\n=== ${title}`);
    if (typeof step === 'function') {
      await step();
      continue;
    }
    const { code } = await run(step[0], step.slice(1), { stdout: 1 });
    if (code !== 0) throw new Stop(`\n=== failed: ${title}, after ${seconds()} s`, code);
  }
  say(`\n=== all passed in ${seconds()} s`);
  if (!findChromium()) say(`=== ${noChromium}`); // once more where it is read
});

function seconds() {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}
