// What figures/log.mjs and figures/inbox.mjs use of Shiplog: Node 20 reads no TypeScript.
export { foundBy, packDeployment } from '../../src/store/changes/packed/archive.ts';
export { isGrouped, packedIndexOf } from '../../src/store/changes/packed/index-blocks.ts';
export { namePlace, packedId } from '../../src/store/changes/packed/packed-names.ts';
export { pack, unpack, viewOf } from '../../src/store/changes/packed/packing.ts';
export { IN_PART, partOf, ROWS, rowsOf } from '../../src/store/changes/search/text-index.ts';
export { createInboxPacker } from '../../src/store/inbox/packer.ts';
export { keys } from '../../src/store/keys.ts';
