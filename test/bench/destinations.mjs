// Alert24 and GitLab's Deployments API, as lean as node:http allows, so that they are not what is measured.
// They answer what the real ones answer, and note what came when and in which order.
import { createServer } from 'node:http';
import { answerCalls } from './calls.mjs';
import { SHA_TAIL } from './payloads.mjs';

const DIGITS = 9;
/** Within one deployment. A destination that receives a lower one after a higher one got them in the wrong order. */
const RANK = { pending: 0, created: 0, running: 1, success: 2, failed: 2, canceled: 2 };

let seen;
let refuse = {};
/** GitLab's deployments. They stay: an id that comes again would be another bridge's. */
const rows = new Map();

/** Lower numbers than `from` are no longer counted. */
function forget({ from = 0 } = {}) {
  seen = {
    from,
    alert24: { count: 0, atUs: new Map(), rank: new Map(), inversions: 0, duplicates: 0 },
    gitlab: { count: 0, atUs: new Map(), rank: new Map(), inversions: 0, duplicates: 0 },
    firstUs: 0,
    lastUs: 0,
    refused: 0,
  };
}
forget();

answerCalls({
  async listen() {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 1_024, resolve));
    return { port: server.address().port };
  },
  forget,
  /** `{ alert24: 503 }`: that one answers with this status from now on. */
  refuse(wish) {
    refuse = wish;
  },
  counts: () => summary(),
  /** When each number came first, by the clock that all processes share. */
  arrivals: ({ at }) => seen[at].atUs,
});

function summary() {
  const { alert24, gitlab, firstUs, lastUs, refused } = seen;
  const of = ({ count, atUs, inversions, duplicates }) => ({ count, deployments: atUs.size, inversions, duplicates });
  return { alert24: of(alert24), gitlab: of(gitlab), firstUs, lastUs, refused };
}

const nowUs = () => Number(process.hrtime.bigint() / 1_000n);

function answer(request, response, text) {
  const { method, url } = request;
  const path = url.split('?')[0];
  const name = path.startsWith('/api/v4/') ? 'gitlab' : 'alert24';
  if (refuse[name]) {
    seen.refused += 1;
    return reply(response, refuse[name], { error: { type: 'internal_error', message: 'out of order', status: 503 } });
  }
  if (name === 'gitlab') return answerAsGitlab(response, { method, path, text });
  if (method === 'GET')
    return reply(response, 200, { data: [], meta: { total: 0, limit: 25, offset: 0, has_more: false } });
  const status = /"status:(pending|running|failed|canceled)"/.exec(text)?.[1] ?? 'success';
  note('alert24', { number: numberIn(text), status });
  const id = String(seen.alert24.count);
  return reply(response, 201, { data: { id, created_at: new Date().toISOString() } });
}

function answerAsGitlab(response, { method, path, text }) {
  const [, row] = /\/deployments\/(\d+)$/.exec(path) ?? [];
  if (method === 'POST') {
    const { sha, status, ref, tag, environment } = JSON.parse(text);
    const id = rows.size + 1;
    const at = new Date().toISOString();
    const made = {
      id,
      iid: id,
      sha,
      ref,
      tag,
      status,
      environment: { name: environment },
      created_at: at,
      updated_at: at,
    };
    rows.set(id, made);
    note('gitlab', { number: numberIn(sha), status });
    return reply(response, 201, made);
  }
  const known = rows.get(Number(row));
  if (method === 'PUT' && known) {
    known.status = JSON.parse(text).status;
    note('gitlab', { number: numberIn(known.sha), status: known.status });
    return reply(response, 200, known);
  }
  if (row) return known ? reply(response, 200, known) : reply(response, 404, { message: '404 Not found' });
  if (path.endsWith('/deployments')) return reply(response, 200, []);
  return reply(response, 200, { id: 4_200, path_with_namespace: 'harbor/platform', default_branch: 'main' });
}

/** The deployment's number, by the rest of its sha. */
function numberIn(text) {
  const tail = text.indexOf(SHA_TAIL);
  return tail < 0 ? Number.NaN : Number(text.slice(tail - DIGITS, tail));
}

function note(name, { number, status }) {
  if (number < seen.from) return;
  const at = seen[name];
  const us = nowUs();
  seen.firstUs ||= us;
  seen.lastUs = us;
  at.count += 1;
  if (!at.atUs.has(number)) at.atUs.set(number, us);
  const before = at.rank.get(number) ?? -1;
  const rank = RANK[status] ?? 2;
  if (rank < before) at.inversions += 1;
  if (rank === before) at.duplicates += 1;
  at.rank.set(number, Math.max(rank, before));
}

function reply(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
