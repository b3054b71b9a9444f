// What scripts/bench.mjs needs once the packages are installed.
export { compareTrees } from './compare.mjs';
export { installN8n } from './contenders/n8n.mjs';
export { installNodeRed } from './contenders/node-red.mjs';
export { FIGURES } from './figures/index.mjs';
export { openStage } from './stage.mjs';
