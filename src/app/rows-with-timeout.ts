import { NotKept } from '../domain/errors.ts';
import type { Rows } from '../sources/rows.ts';
import type { Mask } from '../values/mask.ts';
import { within } from '../values/within.ts';

/** A sender is answered within 2 s: the rows come first, and then its webhook is made durable. */
const WITHIN_MS = 500;

/** The rows, with a time-out: every method throws NotKept while Redis is away. Secrets in a row are masked. */
export function rowsWithTimeout(rows: Rows, mask: Mask): Rows {
  return {
    get: (table, id) => soon(rows.get(table, id)),
    newest: (table, slot) => soon(rows.newest(table, slot)),
    list: (table) => soon(rows.list(table)),
    add: (table, order) => soon(rows.add(table, { ...order, row: mask.value(order.row) })),
    replace: (table, known, row) => soon(rows.replace(table, known, mask.value(row))),
    put: (kept) => soon(rows.put(mask.value(kept))),
    remove: (table, order) => soon(rows.remove(table, order)),
  };
}

async function soon<T>(asked: Promise<T>): Promise<T> {
  try {
    return await within(WITHIN_MS, asked, () => {
      throw new NotKept(`Redis did not answer within ${WITHIN_MS} ms`);
    });
  } catch (cause) {
    throw cause instanceof NotKept ? cause : new NotKept('Redis did not answer', { cause });
  }
}
