import { family } from '../key-family.ts';

/** What imitated APIs remember. */
export const ROW_KEYS = {
  rows: family('rows:<table>', {
    type: 'zset',
    content:
      'the rows that a source stores for the senders of one project, by id: id, number within the table, and ' +
      'the row (JSON). A table is a source and a project',
    writtenBy: 'store/rows.ts',
    ends: '400 days after the last new row; the newest 1,000 of each table are kept',
    expires: true,
  }),
  rowSlots: family('row-slots:<table>', {
    type: 'hash',
    content:
      'the id of the newest row of each slot (`slot:<environment>`), and the last number within the table (`iid`)',
    writtenBy: 'store/rows.ts',
    ends: 'with the rows',
    expires: true,
  }),
  lastRowId: family('rows-last-id', {
    type: 'string',
    content: 'the id of the row that was added last, to any table',
    writtenBy: 'store/rows.ts',
    ends: 'stays: one number',
  }),
} as const;
