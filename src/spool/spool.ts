import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** The content of the spool. */
export interface Spooled {
  readonly entries: number;
  readonly bytes: number;
  /** ISO 8601, when the oldest was put there; absent when it is empty. */
  readonly since?: string;
}

/** Webhooks that came while Redis was away: appended to a file, flushed to disk, and handed over in their order. */
export interface Spool {
  /** Resolves when the text is on the disk. @throws SpoolFull */
  append(text: string): Promise<void>;
  /**
   * Hands everything to `take`, oldest first, in batches. A batch that `take` refuses stays, with all that follows it;
   * the next drain begins with it, in smaller batches. `take` must accept repeats: it may have taken a part of it, and
   * after a restart the file begins again.
   */
  drain(take: Take): Promise<void>;
  state(): Spooled;
  /** Whether it would accept a text now; if not, why. Tries it by a small write, which is undone. */
  whyNot(): Promise<string | undefined>;
  close(): Promise<void>;
}

type Take = (texts: readonly string[]) => Promise<void>;

export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';
}

export interface SpoolSettings {
  readonly dir: string;
  readonly maxBytes: number;
  /** A line that a crash cut short, or a disk damaged: it is reported and skipped. */
  readonly onTorn: (file: string, line: number) => void;
  readonly clock: () => Date;
}

/** What a webhook and its records take, at most times. */
const TRIAL_BYTES = 16 * 1024;
/** Large enough to keep Redis busy, small enough to fail soon. */
const BATCH = 100;
const FILE = /^(\d{13})-\d+\.spool$/;

interface SpoolFile {
  readonly path: string;
  entries: number;
  bytes: number;
  /** How many of its texts were handed over. */
  taken: number;
}

/** Opens a directory and counts what an earlier process left there. */
export async function openSpool({ dir, maxBytes, onTorn, clock }: SpoolSettings): Promise<Spool> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = await leftovers(dir);
  const writer = createWriter(dir, clock, files);
  let draining: Promise<void> | undefined;
  /** A slow Redis that never accepts a large batch in time would have to begin again for ever. */
  let batch = BATCH;
  const totalBytes = () => files.reduce((sum, file) => sum + file.bytes, 0);

  const takeSome = async (file: SpoolFile, texts: readonly string[], take: Take) => {
    const some = texts.slice(file.taken, file.taken + batch);
    await take(some).catch((error: unknown) => {
      batch = Math.ceil(batch / 4);
      throw error;
    });
    file.taken += some.length;
    batch = Math.min(BATCH, batch * 2);
  };
  const drainAll = async (take: Take) => {
    await writer.seal();
    // A file that is written to during the drain is the last, and is left for the next drain.
    for (const file of files.slice(0, writer.isOpen() ? -1 : undefined)) {
      const texts = intact(await readFile(file.path, 'utf8'), (line) => onTorn(file.path, line));
      while (file.taken < texts.length) await takeSome(file, texts, take);
      await rm(file.path, { force: true });
      files.splice(files.indexOf(file), 1);
    }
  };
  return {
    async append(text) {
      const line = toLine(text);
      if (totalBytes() + Buffer.byteLength(line) > maxBytes)
        throw new SpoolFull(`the spool is full: it holds ${maxBytes} bytes at most`);
      await writer.append(line);
    },
    drain(take) {
      draining ??= drainAll(take).finally(() => {
        draining = undefined;
      });
      return draining;
    },
    close: () => writer.seal(),
    async whyNot() {
      if (totalBytes() + TRIAL_BYTES > maxBytes) return `the spool is full: it holds ${maxBytes} bytes at most`;
      return writer.trial().then(
        () => undefined,
        (error: unknown) => `the spool cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
    state() {
      const name = files[0]?.path.split('/').at(-1) ?? '';
      const sinceMs = Number(FILE.exec(name)?.[1]);
      return {
        entries: files.reduce((sum, file) => sum + file.entries - file.taken, 0),
        bytes: totalBytes(),
        ...(files.length > 0 && { since: new Date(sinceMs).toISOString() }),
      };
    },
  };
}

async function leftovers(dir: string): Promise<SpoolFile[]> {
  const names = (await readdir(dir)).filter((name) => FILE.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(dir, name);
      const lines = (await readFile(path, 'utf8')).split('\n').length - 1;
      return { path, entries: lines, bytes: (await stat(path)).size, taken: 0 };
    }),
  );
}

/** Appends that come together share one write and one flush: a flush takes longer than many lines. */
function createWriter(dir: string, clock: () => Date, files: SpoolFile[]) {
  let current: { handle: FileHandle; file: SpoolFile } | undefined;
  const pending: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let turn: Promise<void> = Promise.resolve();
  let counter = 0;

  const openNext = async () => {
    const path = join(dir, `${clock().getTime()}-${String(counter++).padStart(6, '0')}.spool`);
    const file = { path, entries: 0, bytes: 0, taken: 0 };
    current = { handle: await open(path, 'ax', 0o600), file };
    files.push(file);
    return current;
  };
  const flush = async () => {
    const batch = pending.splice(0);
    if (batch.length === 0) return;
    try {
      const text = batch.map(({ line }) => line).join('');
      const file = await put(text);
      file.entries += batch.length;
      file.bytes += Buffer.byteLength(text);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  /** The text is on the disk, or not in the file at all: half a line would damage the next one. */
  const put = async (text: string | Buffer) => {
    const { handle, file } = current ?? (await openNext());
    try {
      await handle.appendFile(text);
      await handle.datasync();
      return file;
    } catch (error) {
      if (file.bytes === 0) await discard(file);
      else await handle.truncate(file.bytes).catch(leave);
      throw error;
    }
  };
  /** This file is complete: the next text begins another one. */
  const leave = async () => {
    const left = current;
    current = undefined;
    await left?.handle.close().catch(() => {});
  };
  const discard = async (file: SpoolFile) => {
    await leave();
    files.splice(files.indexOf(file), 1);
    await rm(file.path, { force: true });
  };
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    turn = turn.then(step);
    return turn;
  };
  return {
    append(line: string): Promise<void> {
      const written = new Promise<void>((resolve, reject) => pending.push({ line, resolve, reject }));
      void inTurn(flush);
      return written;
    },
    /** Without empty lines. */
    trial: () =>
      new Promise<void>((resolve, reject) => {
        void inTurn(async () => {
          try {
            const file = await put(Buffer.alloc(TRIAL_BYTES, '\n'));
            if (file.bytes === 0) await discard(file);
            else await current?.handle.truncate(file.bytes);
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      }),
    /** The next append begins another file. */
    seal: () =>
      inTurn(async () => {
        const sealed = current;
        current = undefined;
        await sealed?.handle.close();
      }),
    isOpen: () => current !== undefined,
  };
}

const toLine = (text: string): string => `${checksum(text)} ${text}\n`;

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** The texts of all whole lines. JSON text holds no line break, so that a torn line cannot hide the next one. */
function intact(content: string, onTorn: (line: number) => void): string[] {
  return content.split('\n').flatMap((line, index) => {
    const text = line.slice(9);
    if (line === '') return [];
    if (line.slice(0, 8) === checksum(text)) return [text];
    onTorn(index + 1);
    return [];
  });
}
