export { FIGURES } from './figures/index.mjs';
export { openStage } from './stage.mjs';
