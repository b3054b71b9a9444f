// A change log as it is after months: nearly all of its deployments are packed (src/store/changes/packed/packer.ts), a day after
// their end. Packing a million would take a quarter of an hour, so that only some are packed; the others are clones of
// these, which differ in the seven digits of the mark: in the packed view, the index entries, the search words and names.
import { MARK_DIGITS, openWriter, toBytes } from './clones.mjs';

/** Any of them stands for the mark while the original is packed: one of which no other text holds a part. */
const MARKS = ['7391846', '8264937', '6183952', '5749268', '4938571', '3827465'];
const ANY_NUMBER = '2500123';
const IN_BLOCK = 50;
const TIME_BYTES = 6;
const TIME_DIGITS = 13;

/**
 * Packs all deployments that there are, and reads how their clones are written.
 * @param parts Shiplog's own (log-parts.ts)
 */
export async function packOriginals(client, { parts, marks }) {
  const sinks = await client.smembers(parts.keys.sinks());
  for (const name of await client.zrange(parts.keys.changes(), 0, -1)) await parts.packDeployment(client, name, sinks);
  const packedKeys = await keysLike(client, parts.keys.packed('*'));
  const templates = await Promise.all(packedKeys.map((key) => readTemplate(client, { parts, marks, key })));
  if (templates.length !== marks.length)
    throw new Error(`${templates.length} of ${marks.length} deployments were packed`);
  return templates;
}

async function keysLike(client, match) {
  const found = [];
  for await (const page of client.scanStream({ match, count: 1_000 })) found.push(...page);
  return found;
}

async function readTemplate(client, { parts, marks, key }) {
  const { keys, unpack, viewOf } = parts;
  const id = key.slice(keys.packed('').length);
  const [bytes, timeline, words] = await Promise.all([
    client.getBuffer(key),
    client.hgetBuffer(keys.timeline(), id),
    client.hgetBuffer(keys.searchTerms(), id),
  ]);
  const own = unpack(bytes);
  const mark = marks.find((one) => own.name.includes(one));
  for (const general of MARKS) {
    const template = toTemplate(parts, { own, mark, general, timeline, words, hasSucceeded: id.startsWith('~') });
    if (isFaithful(template, viewOf)) return template;
  }
  throw new Error(`the packed view of ${own.name} cannot be cloned`);
}

const isFaithful = (template, viewOf) =>
  viewOf(patch(template, ANY_NUMBER)) === viewOf(template.blob).replaceAll(template.mark, ANY_NUMBER);

function toTemplate(parts, { own, mark, general, timeline, words, hasSucceeded }) {
  const { pack, viewOf, foundBy, isGrouped, packedIndexOf } = parts;
  const replaced = (text) => text.replaceAll(mark, general);
  const packed = JSON.parse(replaced(JSON.stringify(own)));
  const blob = pack(packed);
  const indexes = packed.indexes.split('\n');
  return {
    mark: general,
    hasSucceeded,
    blob,
    holes: holesOf(blob, { view: viewOf(blob), mark: general }),
    grouped: indexes.filter((index) => isGrouped(index)).map((index) => ({ index, blocks: packedIndexOf(index) })),
    single: indexes.filter((index) => !isGrouped(index)),
    timeline: replaced(timeline.toString('latin1')),
    words: replaced(words.toString('latin1')),
    rows: parts.rowsOf(linesOf(replaced(words.toString()), (line) => !line.includes(general))),
    ownWords: linesOf(replaced(words.toString()), (line) => line.includes(general)),
    // Some ids at destinations have no mark of their own.
    names: foundBy(packed).map((name) => (name.includes(general) ? name : `${name}-${general}`)),
  };
}

const linesOf = (text, isMeant) => `${text.split('\n').filter(isMeant).join('\n')}\n`;

/**
 * Where the digits of the mark are in the packed view (src/store/text-coding.ts): as they are, or two in one byte. What is
 * copied from another place follows that place.
 */
function holesOf(blob, { view, mark }) {
  const from = 7; // the header
  const end = from + blob.readUIntBE(1, 3);
  /** For each byte of the view the packed byte that it is from, and its part of that; undefined: of the dictionary. */
  const origins = [];
  for (let at = from; at < end; ) {
    const kind = blob[at++];
    if (kind >= 0x80) {
      const start = origins.length - (blob[at] | (blob[at + 1] << 8));
      at += 2;
      for (let left = 0; left < (kind & 0x7f) + 4; left += 1) origins.push(origins[start + left]);
    } else if (kind >= 0x40) {
      for (let left = (kind & 0x3f) + 1; left > 0; left -= 1, at += 1) origins.push({ at, shift: 4 }, { at, shift: 0 });
    } else {
      for (let left = kind + 1; left > 0; left -= 1, at += 1) origins.push({ at });
    }
  }
  const bytes = Buffer.from(view);
  const holes = new Map();
  for (let place = bytes.indexOf(mark); place >= 0; place = bytes.indexOf(mark, place + MARK_DIGITS))
    for (let digit = 0; digit < MARK_DIGITS; digit += 1) {
      const { at, shift } = origins[place + digit];
      holes.set(`${at} ${shift}`, { at, shift, digit });
    }
  return [...holes.values()];
}

function patch({ blob, holes }, number) {
  const bytes = Buffer.from(blob);
  for (const { at, shift, digit } of holes) {
    const code = number.charCodeAt(digit);
    bytes[at] = shift === undefined ? code : (bytes[at] & (0xf0 >> shift)) | ((code - 48) << shift);
  }
  return bytes;
}

/**
 * Writes so many packed clones, numbered from `from`, each `stepMs` older than the one before; the first is of `newestMs`.
 */
export async function writePackedClones({ port, client }, templates, { parts, count, from, newestMs, stepMs }) {
  const { keys, namePlace, packedId } = parts;
  const last = Number(await client.get(keys.lastPackedId())) + count;
  const writer = openWriter(port);
  const texts = openTexts({ writer, client }, parts);
  const blocks = openBlocks(writer);
  for (let at = 0; at < count; at += 1) {
    const template = templates[at % templates.length];
    const number = String(from + at).padStart(MARK_DIGITS, '0');
    const own = (text) => text.replaceAll(template.mark, number);
    const id = packedId(last - at, template.hasSucceeded);
    const ms = newestMs - at * stepMs;
    for (const index of template.grouped) await blocks.add(index, { id, ms });
    await texts.add(template, { number: last - at, words: own(template.ownWords), ms });
    const commands = [
      ['SET', keys.packed(id), patch(template, number).toString('latin1')],
      ['HSET', keys.timeline(), id, String(ms) + template.timeline.slice(TIME_DIGITS)],
      ['HSET', keys.searchTerms(), id, own(template.words)],
      ...template.names.map((name) => namePlace(own(name))).map(({ key, field }) => ['HSET', key, field, id]),
      ...template.single.map((index) => ['ZADD', own(index), String(ms), id]),
    ];
    await writer.write(toBytes(commands));
  }
  await blocks.end();
  await texts.end();
  await writer.write(toBytes([['SET', keys.lastPackedId(), String(last)]]));
  await writer.end();
}

/** Blocks of fifty, as scripts/includes/index-blocks.lua describes them; what is left of an index is single. */
function openBlocks(writer) {
  const open = new Map();
  return {
    async add({ index, blocks }, entry) {
      if (!open.has(index)) open.set(index, []);
      const entries = open.get(index);
      entries.push(entry);
      if (entries.length < IN_BLOCK) return;
      open.set(index, []);
      const times = Buffer.alloc(IN_BLOCK * TIME_BYTES);
      for (const [at, { ms }] of entries.entries()) times.writeUIntBE(ms, at * TIME_BYTES, TIME_BYTES);
      const member = `${times.toString('latin1')}\n${entries.map(({ id }) => id).join('\n')}\n`;
      await writer.write(toBytes([['ZADD', blocks, String(entries[0].ms), member]]));
    },
    async end() {
      for (const [index, entries] of open)
        for (const { id, ms } of entries) await writer.write(toBytes([['ZADD', index, String(ms), id]]));
    },
  };
}

/** The parts of the text index, as scripts/add-text.lua describes them; numbers come in descending order. */
function openTexts({ writer, client }, { keys, rowsOf, IN_PART, ROWS, partOf }) {
  const IN_GROUP = 32;
  const IN_ROW = IN_PART / IN_GROUP;
  let open;
  const close = async () => {
    if (!open) return;
    await writer.write(toBytes([['SET', keys.textIndex(String(open.part)), open.bits.toString('latin1')]]));
    await writer.write(toBytes([['ZADD', keys.textParts(), 'GT', String(open.newestMs), String(open.part)]]));
  };
  return {
    async add({ hasSucceeded, rows }, { number, words, ms }) {
      const part = partOf(number);
      if (part !== open?.part) {
        await close();
        open = { part, newestMs: ms, bits: Buffer.alloc((2 * IN_PART + ROWS * IN_ROW) / 8) };
        (await client.getBuffer(keys.textIndex(String(part))))?.copy(open.bits); // some are packed already
      }
      const { bits } = open;
      const set = (at) => {
        bits[at >> 3] |= 0x80 >> (at & 7);
      };
      const place = number % IN_PART;
      set(place);
      if (hasSucceeded) set(IN_PART + place);
      const group = 2 * IN_PART + Math.floor(place / IN_GROUP);
      for (const some of [rows, rowsOf(words)])
        for (let at = 0; at < some.length; at += 2) set(group + ((some[at] << 8) | some[at + 1]) * IN_ROW);
    },
    end: close,
  };
}
