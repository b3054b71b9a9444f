import { NotKept } from '../domain/errors.ts';
import type { Rows } from '../sources/rows.ts';
import type { Mask } from '../values/mask.ts';
import { within } from '../values/within.ts';

/** A sender is answered within 2 s: the rows come first, and then its webhook is made durable. */
const WITHIN_MS = 500;

/**
 * The rows, with a time-out: every method throws NotKept while Redis is away. Secrets are masked in what is written,
 * and in the names of tables and slots: those are projects and environments, as the sender wrote them.
 */
export function rowsWithTimeout(rows: Rows, mask: Mask): Rows {
  const { text, value } = mask;
  return {
    get: (table, id) => soon(rows.get(text(table), id)),
    newest: (table, slot) => soon(rows.newest(text(table), text(slot))),
    list: (table) => soon(rows.list(text(table))),
    add: (table, { after, ...order }) => soon(rows.add(text(table), { ...value(order), after })),
    replace: (table, known, row) => soon(rows.replace(text(table), known, value(row))),
    put: (kept) => soon(rows.put(value(kept))),
    remove: (table, { slot, known }) => soon(rows.remove(text(table), { slot: text(slot), known })),
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
