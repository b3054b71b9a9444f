import { createScript } from '../script.ts';

/** Fields of a deployment's hash that are no record: a record's id begins with chg_. */
export const VIEW = 'view';
export const INDEXES = 'in';

export const appendRecords = createScript('append-records');
export const storeView = createScript('store-view');
export const readViews = createScript('read-views');
export const forgetDeployment = createScript('forget-deployment');

/** The indexes in which a deployment stands, as they are kept in its hash. */
export const parseIndexes = (stored: string): readonly string[] => (stored === '' ? [] : stored.split('\n'));
