// The load, in a process of its own: autocannon as fast as it is answered, or a pace of our own.
import { setTimeout as wait } from 'node:timers/promises';
import autocannon from 'autocannon';
import { answerCalls } from './calls.mjs';
import { createTemplate, fill } from './payloads.mjs';
import { createSockets } from './sockets.mjs';

answerCalls({ saturate, pace, once });

/**
 * As fast as the answers come, on so many connections. What comes in the first `warmMs` is not counted.
 * With `amount` it ends after so many requests, else after `seconds`.
 */
async function saturate({ kind, port, path, connections = 64, warmMs = 0, seconds = 2, amount, from }) {
  let number = from;
  let made = 0;
  const setupClient = (client) => {
    const template = createTemplate(kind, { port, path, vary: made });
    made += 1;
    // autocannon would build every request anew from its parts, which costs more than a fast server needs to answer.
    client.getRequestBuffer = () => {
      number += 1;
      return fill(template, number - 1);
    };
  };
  const endless = 3_600;
  const startedMs = performance.now();
  const startUs = nowUs();
  const run = autocannon({
    url: `http://127.0.0.1:${port}`,
    method: 'POST',
    connections,
    ...(amount ? { amount } : { duration: endless }),
    timeout: 30,
    sampleInt: 100,
    setupClient,
  });
  const counted = { ok: 0, all: 0, statuses: {}, latencies: [] };
  const countFromMs = startedMs + warmMs;
  let endMs = 0; // autocannon goes on until its next sample
  run.on('response', (_client, status, _bytes, latencyMs) => {
    counted.statuses[status] = (counted.statuses[status] ?? 0) + 1;
    if (performance.now() < countFromMs || endMs > 0) return;
    counted.all += 1;
    if (status < 300) counted.ok += 1;
    counted.latencies.push(latencyMs);
  });
  if (!amount)
    setTimeout(
      () => {
        endMs = performance.now();
        run.stop();
      },
      warmMs + seconds * 1_000,
    );
  const { errors, timeouts } = await run;
  endMs ||= performance.now();
  return {
    perSecond: (counted.ok * 1_000) / (endMs - countFromMs),
    ok: counted.ok,
    bad: counted.all - counted.ok,
    statuses: counted.statuses,
    errors: errors + timeouts,
    startUs,
    ...percentiles(counted.latencies),
  };
}

/** Projects and environments that a pace goes through. */
const VARIATIONS = 120;

/**
 * So many a second, evenly, whatever the answers do: autocannon sends each second's share at once (lib/httpClient.js).
 * `states`: so many requests for each deployment, the later ones `lag` deployments after the first.
 * `stride`: what lies between the numbers of two deployments.
 */
async function pace({ kind, port, perSecond, seconds, from, states = ['success'], lag = 0, stride = 1 }) {
  const sockets = createSockets(port);
  const now = new Date();
  const templates = states.map((state) =>
    Array.from({ length: VARIATIONS }, (_, vary) => createTemplate(kind, { port, vary, state, now })),
  );
  const deployments = Math.round((perSecond * seconds) / states.length);
  const total = (deployments + lag) * states.length;
  const answers = [];
  const sentUs = new Float64Array(deployments);
  const startedMs = performance.now();
  const startUs = nowUs();
  for (let index = 0; index < total; index += 1) {
    const place = index % states.length;
    const at = Math.floor(index / states.length) - (place > 0 ? lag : 0);
    if (at < 0 || at >= deployments) continue;
    const waitMs = startedMs + (index * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await wait(waitMs);
    sentUs[at] = nowUs();
    const number = from + at * stride;
    answers.push(sockets.send(Buffer.from(fill(templates[place][at % VARIATIONS], number))));
  }
  const answered = await Promise.all(answers);
  sockets.close();
  const statuses = {};
  for (const { status } of answered) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    ok: answered.filter(({ status }) => status >= 200 && status < 300).length,
    bad: answered.filter(({ status }) => status < 200 || status >= 300).length,
    statuses,
    startUs,
    sentUs,
    ...percentiles(answered.map(({ ms }) => ms)),
  };
}

/** One request, and what is answered. */
async function once({ kind, port, from }) {
  const sockets = createSockets(port);
  const { status, text } = await sockets.send(fill(createTemplate(kind, { port }), from));
  sockets.close();
  return { status, text };
}

/** The clock that all processes of a machine share. */
const nowUs = () => Number(process.hrtime.bigint() / 1_000n);

function percentiles(latencies) {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
