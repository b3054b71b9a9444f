// `npm start`: makes sure that everything is there, then becomes the bridge. Arguments go on: npm start -- --help
import {
  alone,
  buildIsCurrent,
  checkDescriptors,
  checkNode,
  orStop,
  prepareBuild,
  prepareNodePackages,
  prepareRedis,
  runShiplog,
} from './prepare.mjs';

await orStop(async () => {
  checkNode();
  checkDescriptors();
  await alone(async () => {
    const isBuilt = buildIsCurrent();
    // A finished build needs no compiler, so `npm ci --omit=dev` is enough for it.
    await prepareNodePackages({ dev: !isBuilt });
    if (!process.env.REDIS_URL) await prepareRedis();
    if (!isBuilt) await prepareBuild();
  });
});
await runShiplog(['start', ...process.argv.slice(2)]);
