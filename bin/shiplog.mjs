#!/usr/bin/env node
// `npx shiplog <command>`: the command line of this clone.
import {
  buildIsCurrent,
  checkNode,
  orStop,
  prepareBuild,
  prepareNodePackages,
  runShiplog,
} from '../scripts/prepare.mjs';

await orStop(async () => {
  checkNode();
  const isBuilt = buildIsCurrent();
  await prepareNodePackages({ dev: !isBuilt });
  if (!isBuilt) await prepareBuild();
});
await runShiplog(process.argv.slice(2));
