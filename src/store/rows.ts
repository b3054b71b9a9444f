import type { Redis } from 'ioredis';
import type { NumberedRow, Rows } from '../sources/rows.ts';
import { DAY_SECONDS } from '../values/units.ts';
import { keys } from './keys.ts';
import { createScript } from './script.ts';

const KEEP_SECONDS = 400 * DAY_SECONDS; // as long as changes are kept by default (config.ts)
/** Per table; the oldest is deleted first. A list of them all is about 500 KB. */
const ROWS_KEPT = 1_000;
/** Per table: short-lived environments are slots, too. A slot that was deleted has no newest row. */
const SLOTS_KEPT = 2_000;

const newestRow = createScript('newest-row');
const addRow = createScript('add-row');
const replaceRow = createScript('replace-row');
const putRow = createScript('put-row');
const removeRow = createScript('remove-row');

/** Each table is a sorted set, by id; a hash names the newest row of each slot. */
export function createRows(redis: Redis): Rows {
  return {
    async get(table, id) {
      return parse((await redis.zrangebyscore(keys.rows(table), String(id), String(id)))[0]);
    },
    async newest(table, slot) {
      return parse(await newestRow(redis, [keys.rowSlots(table), keys.rows(table)], slot));
    },
    async list(table) {
      const rows = await redis.zrange(keys.rows(table), '0', '-1');
      return rows.flatMap((text) => parse(text) ?? []);
    },
    async add(table, { slot, after, row }) {
      const names = [keys.rowSlots(table), keys.rows(table), keys.lastRowId()];
      const seen = after === undefined ? '' : String(after.id);
      return parse(await addRow(redis, names, slot, seen, JSON.stringify(row), KEEP_SECONDS, ROWS_KEPT, SLOTS_KEPT));
    },
    async replace(table, known, row) {
      const next = textOf({ ...known, row });
      return (await replaceRow(redis, [keys.rows(table)], known.id, textOf(known), next)) === 1;
    },
    async put({ table, slot, ...row }) {
      await putRow(redis, [keys.rows(table), keys.rowSlots(table)], row.id, textOf(row), slot, KEEP_SECONDS);
    },
    async remove(table, { slot, known }) {
      return (await removeRow(redis, [keys.rows(table), keys.rowSlots(table)], known.id, textOf(known), slot)) === 1;
    },
  };
}

const textOf = ({ id, iid, row }: NumberedRow): string => `${id} ${iid} ${JSON.stringify(row)}`;

/** Written by the scripts alone: both numbers, then JSON. */
function parse(text: unknown): NumberedRow | undefined {
  if (typeof text !== 'string') return undefined;
  const [id = '', iid = ''] = text.split(' ', 2);
  return { id: Number(id), iid: Number(iid), row: JSON.parse(text.slice(id.length + iid.length + 2)) };
}
