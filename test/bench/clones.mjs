// Fills Redis with what the bridge would have written in months: clones of things that it did write, whatever keys it wrote
// for them. Each thing has a text of its own (its mark) in the names of its keys and in its entries in shared ones; a clone
// has another text there. They go to Redis as ready-made bytes, at the speed at which it reads.
import { connect } from 'node:net';

/** So many digits at the end of a mark differ between the clones. */
export const MARK_DIGITS = 7;
const TIME_DIGITS = 13;
/** Scores from 2001 on to 2286 in milliseconds: moments. */
const isTime = (score) => Number(score) > 1e12 && Number(score) < 1e13;
const CHUNK_BYTES = 1 << 20;

/**
 * What Redis holds of each mark, as commands that write it anew.
 * @param client an ioredis client
 * @param {string[]} marks
 */
export async function readOriginals(client, marks) {
  const commands = new Map(marks.map((mark) => [mark, []]));
  const keys = await keysOf(client);
  const markIn = (text) => marks.find((mark) => text.includes(mark));
  for (const key of keys) {
    const own = markIn(key);
    const { add, entries } = await readKey(client, key);
    if (own && entries.length > 0) {
      const ttlMs = await client.pttl(key);
      commands.get(own).push([add, key, ...entries.flat()]);
      if (ttlMs > 0) commands.get(own).push(['PEXPIRE', key, String(ttlMs)]);
    } else if (!own) {
      // Of a key that many share, only what has the mark is of its thing. A set that is ordered has its members last.
      for (const entry of entries) {
        const mark = markIn(entry.at(add === 'ZADD' ? -1 : 0).toString('latin1'));
        if (mark) commands.get(mark).push([add, key, ...entry]);
      }
    }
  }
  return marks.map((mark) => toTemplate(commands.get(mark), mark));
}

async function keysOf(client) {
  const keys = [];
  for await (const page of client.scanStream({ count: 1_000 })) keys.push(...page);
  return keys.sort();
}

/** What is in it, and the command that adds it. Streams are left out. */
async function readKey(client, key) {
  switch (await client.type(key)) {
    case 'string':
      return { add: 'SET', entries: [[await client.getBuffer(key)]] };
    case 'hash':
      return { add: 'HSET', entries: pairs(await client.callBuffer('HGETALL', key)) };
    case 'set':
      return { add: 'SADD', entries: (await client.smembersBuffer(key)).map((member) => [member]) };
    case 'list':
      return { add: 'RPUSH', entries: (await client.lrangeBuffer(key, 0, -1)).map((member) => [member]) };
    case 'zset': {
      const entries = pairs(await client.zrangeBuffer(key, 0, -1, 'WITHSCORES'));
      return { add: 'ZADD', entries: entries.map(([member, score]) => [score, member]) };
    }
    default:
      return { add: '', entries: [] };
  }
}

const pairs = (flat) => flat.flatMap((first, at) => (at % 2 ? [] : [[first, flat[at + 1]]]));

/** A score that is a moment, or what begins with a line that is one: what the timeline draws. */
function momentIn([name, , score], said) {
  if (name === 'ZADD') return said === score && isTime(said) ? Number(said) : undefined;
  return name === 'HSET'
    ? Number(/^(\d{13})\n/.exec(said.toString('latin1'))?.[1] ?? Number.NaN) || undefined
    : undefined;
}

/** The commands as bytes, with holes for the last digits of the mark and for moments. */
function toTemplate(commands, mark) {
  const marked = [];
  const times = [];
  const parts = [];
  let length = 0;
  const push = (part) => {
    parts.push(part);
    length += part.length;
  };
  for (const command of commands) {
    push(Buffer.from(`*${command.length}\r\n`));
    for (const said of command) {
      const bytes = Buffer.from(said);
      push(Buffer.from(`$${bytes.length}\r\n`));
      for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length))
        marked.push(length + at + mark.length - MARK_DIGITS);
      const ms = momentIn(command, said);
      if (ms !== undefined) times.push({ at: length, ms });
      push(bytes);
      push(Buffer.from('\r\n'));
    }
  }
  return { bytes: Buffer.concat(parts), marked, times };
}

/**
 * Writes so many clones, numbered from `from`; each is `stepMs` older than the one before it.
 * The caller sees to it that no number makes a mark that an original has.
 */
export async function writeClones(port, originals, { count, from = 0, stepMs = 0 }) {
  const writer = openWriter(port);
  for (let index = 0; index < count; index += 1) {
    const clone = cloneOf(originals[index % originals.length], { number: from + index, olderMs: index * stepMs });
    await writer.write(clone);
  }
  await writer.end();
}

/** Commands to Redis as bytes, as fast as it reads them. */
export function openWriter(port) {
  const socket = connect({ port, host: '127.0.0.1' });
  const ended = lastAnswer(socket);
  let chunk = [];
  let bytes = 0;
  return {
    async write(commands) {
      chunk.push(commands);
      bytes += commands.length;
      if (bytes < CHUNK_BYTES) return;
      const isDrained = socket.write(Buffer.concat(chunk));
      chunk = [];
      bytes = 0;
      if (!isDrained) await Promise.race([ended, new Promise((resolve) => socket.once('drain', resolve))]);
    },
    async end() {
      socket.write(Buffer.concat([...chunk, toBytes([['ECHO', END]])]));
      await ended;
      socket.destroy();
    },
  };
}

/** @param commands of texts of one byte a character */
export function toBytes(commands) {
  let text = '';
  for (const said of commands) {
    text += `*${said.length}\r\n`;
    for (const one of said) text += `$${one.length}\r\n${one}\r\n`;
  }
  return Buffer.from(text, 'latin1');
}

function cloneOf({ bytes, marked, times }, { number, olderMs }) {
  const clone = Buffer.from(bytes);
  const digits = String(number).padStart(MARK_DIGITS, '0');
  for (const at of marked) clone.write(digits, at, 'latin1');
  for (const { at, ms } of times) clone.write(String(ms - olderMs).padStart(TIME_DIGITS, '0'), at, 'latin1');
  return clone;
}

const END = 'that-was-the-last-clone';

/** Answers are read, so that Redis can go on, and one that is an error ends it. */
function lastAnswer(socket) {
  return new Promise((resolve, reject) => {
    let rest = '';
    socket.on('error', reject);
    socket.on('data', (data) => {
      const text = rest + data.toString('latin1');
      const error = /^-(?!.*that-was)(.*)$/m.exec(text)?.[1];
      if (error) reject(new Error(`Redis refused a clone: ${error}`));
      if (text.includes(END)) resolve();
      rest = text.slice(-END.length);
    });
  });
}
