/** A row that a source keeps from one request to the next, under the numbers that it was assigned. */
export interface NumberedRow {
  /** Grows with every row of every table. A safe integer. */
  readonly id: number;
  /** Counts within the table. */
  readonly iid: number;
  /** JSON, as the source wrote it. */
  readonly row: unknown;
}

/**
 * What a source remembers of its senders' requests, for those who come back with a number: in Redis (store/rows.ts).
 * Every write names the state that it is based on (optimistic locking): a caller that was too late is refused, and
 * reads again. Every method throws NotKept when Redis does not answer in time.
 */
export interface Rows {
  get(table: string, id: number): Promise<NumberedRow | undefined>;
  /** The row that was added last in a slot of the table. */
  newest(table: string, slot: string): Promise<NumberedRow | undefined>;
  /** All that are kept, by id. */
  list(table: string): Promise<readonly NumberedRow[]>;
  /**
   * @param order.after the newest of the slot, as it was read.
   * @returns undefined when another was added meanwhile.
   */
  add(table: string, order: AddRow): Promise<NumberedRow | undefined>;
  /** @returns false when the row has changed. */
  replace(table: string, expected: NumberedRow, row: unknown): Promise<boolean>;
  /**
   * Writes a row whatever is stored under its number: the number was assigned to it, and it is made durable together
   * with its webhook.
   */
  put(kept: KeptRow): Promise<void>;
  /** @returns false when the row has changed. */
  remove(table: string, order: { readonly slot: string; readonly known: NumberedRow }): Promise<boolean>;
}

/** A row that is stored with a webhook, in Redis or in the spool. */
export interface KeptRow extends NumberedRow {
  readonly table: string;
  readonly slot: string;
}

export interface AddRow {
  readonly slot: string;
  readonly after: NumberedRow | undefined;
  readonly row: unknown;
}

/** An empty table, to find out the effect of a request. Writes nothing. */
export const NO_ROWS: Rows = {
  get: async () => undefined,
  newest: async () => undefined,
  list: async () => [],
  add: async (_table, { row }) => ({ id: 1, iid: 1, row }),
  replace: async () => true,
  put: async () => {},
  remove: async () => true,
};
