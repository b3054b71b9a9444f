// What sizing.mjs uses of Shiplog: Node 20 reads no TypeScript.
export { toChangeRecord } from '../../src/domain/change-record.ts';
export { fold } from '../../src/domain/fold.ts';
export { route } from '../../src/domain/rules/routing.ts';
export { createChangeLog } from '../../src/recording/change-log.ts';
export { createDeployments } from '../../src/store/changes/deployments.ts';
export { createPacker } from '../../src/store/changes/packed/packer.ts';
export { rememberSinks } from '../../src/store/changes/retention.ts';
export { createEchoes } from '../../src/store/deliveries/echoes.ts';
export { createLedger } from '../../src/store/deliveries/ledger.ts';
export { createInbox } from '../../src/store/inbox/inbox.ts';
export { createInboxPacker } from '../../src/store/inbox/packer.ts';
