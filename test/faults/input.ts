import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { SECRET } from '../support/bridge.ts';
import { backlog, tally } from './checker.ts';
import { type Life, toRequest } from './plan.ts';
import { percentile, type Shot, startProbe } from './prober.ts';
import { openIdle } from './processes.ts';
import { ms, type Scenario, until } from './scenario.ts';

const CUT_MS = 10_000;

/** F30: a thousand connections that say nothing, fifty that say it slowly. */
export const slowLoris: Scenario = (run) =>
  run.on({}, async (stage) => {
    const [bridge] = stage.replicas;
    const calm = startProbe(run.plan({ events: run.perSecond * 2 }).events, {
      urls: stage.urls,
      perSecond: run.perSecond,
    });
    await calm.done;
    const [silent, slow] = [await openIdle(bridge.url, 1_000), openSlow(bridge.url, 50)];
    const openedMs = performance.now();
    const cuts: number[] = [];
    for (const socket of [...silent, ...slow])
      socket.once('close', () => cuts.push(performance.now() - openedMs)).resume();
    await wait(300);
    const plan = run.plan({ from: 10_000 });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const all = silent.length + slow.length;
    await until(() => cuts.length === all, { withinMs: CUT_MS + 5_000 });
    const cutMs = Math.max(...cuts);
    run.check(cuts.length === all, `${all - cuts.length} connections are still open`);
    run.onTime(cutMs <= CUT_MS + 500, `the last was cut after ${ms(cutMs)}, 10 s allowed`);
    const p99 = (shots: typeof probe.shots) =>
      percentile(
        shots.map((shot) => shot.ms),
        0.99,
      );
    const limitMs = 2 * p99(calm.shots) + 20;
    run.onTime(p99(probe.shots) <= limitMs, `p99 of the answers ${ms(p99(probe.shots))}, ${ms(limitMs)} allowed`);
    run.note(
      `half cut after ${ms(percentile(cuts, 0.5))}, the last after ${ms(cutMs)}; p99 ${ms(p99(calm.shots))} before, ${ms(p99(probe.shots))} beside them`,
    );
    return tally(stage, [...calm.shots, ...probe.shots]);
  });

/** A header and a body that never end, a byte every half second. */
function openSlow(url: string, count: number) {
  const { port } = new URL(url);
  return Array.from({ length: count }, (_, index) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // cut by the bridge
    const head = `POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: ${SECRET}\r\n`;
    socket.write(index % 2 === 0 ? head : `${head}Content-Length: 1000\r\n\r\n{`);
    const timer = setInterval(() => void (socket.writable && socket.write(' ')), 500);
    socket.once('close', () => clearInterval(timer));
    return socket;
  });
}

/** F37: what no tool would send, and true webhooks with a few bytes changed. The corpus by field is a test of its own. */
export const badInput: Scenario = (run) =>
  run.on({}, async (stage) => {
    const [bridge] = stage.replicas;
    const plan = run.plan({ events: 200 });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    const rssBefore = bridge.rssMib();
    const requests = run.long ? 100_000 : 1_500;
    const slow: string[] = [];
    const odd: string[] = [];
    let left = requests;
    const lane = async () => {
      while (left-- > 0) {
        const event = plan.events[Math.floor(run.random() * plan.events.length)];
        if (!event) continue;
        const { path, headers, body } = toRequest(event);
        // Without the right secret nothing of it may be recorded, with it only what still is a deployment.
        const sent = mutate(body, run.random);
        const startedMs = performance.now();
        const answer = await fetch(`${bridge.url}${path}`, { method: 'POST', headers, body: sent });
        const text = await answer.text();
        if (performance.now() - startedMs > 1_000) slow.push(sent.slice(0, 100));
        if (answer.status >= 500) odd.push(`${answer.status} ${text.slice(0, 100)} for ${sent.slice(0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: 6 }, lane));
    await rawNonsense(bridge.url);
    await probe.done;
    run.check(odd.length === 0, `${odd.length} answers of 5xx, such as ${odd[0]}`);
    run.onTime(slow.length === 0, `${slow.length} answers after more than 1 s`);
    run.check(bridge.isRunning(), 'the bridge ended');
    run.check(!/unhandled|uncaught/i.test(bridge.output()), 'an unhandled rejection');
    const grewMib = bridge.rssMib() - rssBefore;
    if (run.long) run.check(grewMib < 20, `RSS grew by ${Math.round(grewMib)} MiB, 20 allowed`);
    run.note(`${requests} mutated bodies, RSS ${grewMib >= 0 ? '+' : ''}${Math.round(grewMib)} MiB`);
    const done = await tally(stage, probe.shots);
    const open = await backlog(stage);
    const words = bridge.output().trim().split('\n').at(-1)?.slice(0, 400);
    run.check(open === 0, `${open} jobs are still under way: ${words}`);
    return { ...done, wrong: done.wrong.filter((words) => !/never sent|no success/.test(words)) };
  });

const STRANGE = [
  '\ud800',
  '\udfff\ud800',
  'tail \ud83d',
  '\u0000',
  '\u2028',
  '\u202e',
  '\r\n\u001b[31m',
  '\ufeff',
  '__proto__',
  '%s %j',
  '🚢'.repeat(300),
];

/** F37: a text that is valid JSON and odd to somebody on the way. What is acknowledged must be recorded. */
export const strangeTexts: Scenario = (run) =>
  run.on({}, async (stage) => {
    const { lives, events } = run.plan({
      events: STRANGE.length * 2,
      kinds: ['changes', 'gitlab'],
      duplicates: 0,
      failing: 0,
    });
    const strange = (life: Life) => STRANGE[lives.indexOf(life)] ?? '';
    const shots = await Promise.all(
      events.map(async (event): Promise<Shot> => {
        const { path, headers, body } = toRequest(event);
        const text = strange(event.life);
        const said = { ...JSON.parse(body), description: text, commit_title: text };
        const answer = await fetch(`${stage.urls[0]}${path}`, { method: 'POST', headers, body: JSON.stringify(said) });
        await answer.arrayBuffer();
        return {
          ...event,
          sentAtMs: Date.now(),
          status: answer.status,
          statuses: [answer.status],
          ms: 0,
          tries: 1,
          acked: answer.ok,
        };
      }),
    );
    return tally(stage, shots, { withinMs: 15_000 });
  });

const PIECES = [
  '\0',
  '\\ud800',
  '{',
  ']',
  '1e400',
  '-0',
  '99999999999999999999',
  '"__proto__":',
  'null',
  '\u202e',
  '\r\n',
  '"',
  '[[[[[[[[',
];

/** Mutants have keys of their own and no project, so that they cannot be taken for what the prober sent. */
function mutate(body: string, random: () => number): string {
  let text = body
    .replaceAll('run-', 'mutant-')
    .replaceAll('git.harbor.example', 'git.elsewhere.example')
    .replace(/"gitlab_project":"[^"]*",/, '');
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes -= 1) {
    const at = Math.floor(random() * text.length);
    const piece = PIECES[Math.floor(random() * PIECES.length)] ?? '';
    text = text.slice(0, at) + piece + text.slice(at + Math.floor(random() * 12));
  }
  return text;
}

const NONSENSE = [
  'GARBAGE\r\n\r\n',
  'POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n',
  'POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope',
  'POST /webhooks/../../etc/passwd HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}',
  'POST /webhooks/%00%ff HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}',
  `POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(64 * 1024)}\r\n\r\n`,
  `POST /${'a/'.repeat(5_000)} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`,
];

/** Sent and left: the client closes before it is answered. */
async function rawNonsense(url: string): Promise<void> {
  for (const words of NONSENSE) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(words);
    await wait(20);
    socket.destroy();
  }
}
