import { request } from 'undici';
import type { Config } from '../config/config.ts';
import { isExternal } from '../config/redis.ts';
import { outdatedSetups, WEBHOOKS_LOOKED_AT } from '../domain/setup-seen.ts';
import type { Change } from '../http/answers/change.ts';
import type { SourceTraffic, Webhook } from '../http/answers/webhook.ts';
import { repairRecords } from '../redis/repair.ts';
import { type Expiring, expiringSecrets } from '../telemetry/expiry.ts';
import { plural } from '../values/plural.ts';
import { DAY_MS } from '../values/units.ts';
import { addressOf } from './address.ts';
import { askBridge, callBridge } from './call.ts';
import { checkLogin } from './check-login.ts';
import { deadLetters, type Finding, repeatedRefusals, sourceFindings } from './doctor-findings.ts';
import { type JsonOption, printJson } from './output.ts';

/** For each answer: a person waits, and several are asked at once. */
const CHECK_MS = 10_000;
const RENEW_WITHIN_MS = 14 * DAY_MS; // as deploy/prometheus/alerts.yaml has it
const MAX_SKEW_MS = 60_000; // signed webhooks older than 5 min are refused

/** @throws Error when a bridge runs here, or nothing can be repaired. */
export async function repair(config: Config): Promise<void> {
  if (isExternal(config))
    throw new Error('Redis is not the private one of the data directory: repair it where it runs');
  const done = await repairRecords(config.data_dir, new Date());
  process.stdout.write(`${done.join('\n')}\n`);
}

/**
 * Runs all checks.
 * @throws Error when something is wrong, so that the exit code says it too.
 */
export async function runDoctor(config: Config, { json }: JsonOption = {}): Promise<void> {
  const findings = [
    {
      ok: true,
      what:
        `configuration: ${plural(config.sources.length, 'source')}, ${plural(config.sinks.length, 'sink')}, ` +
        plural(config.rules.length, 'rule'),
    },
    ...(await checkBridge(config)),
    ...(await checkRules(config)),
    ...(await checkTrouble(config)),
    ...(await checkLogin(config)),
    ...(await Promise.all(config.sinks.map((sink) => checkSink(sink)))),
    ...(await Promise.all(config.sources.map((source) => checkSource(source)))).flat(),
    ...(await Promise.all(config.sources.map((source) => checkSetup(config, source)))).flat(),
    ...(await Promise.all(expiringSecrets(config).map((secret) => checkExpiry(secret)))).flat(),
  ];
  if (json) printJson(process, findings);
  else for (const { ok, what } of findings) process.stdout.write(`${ok ? 'ok   ' : 'WRONG'}  ${what}\n`);
  if (findings.some(({ ok }) => !ok)) throw new Error('something needs attention');
}

async function checkBridge(config: Config): Promise<Finding[]> {
  const url = addressOf(config);
  try {
    const answer = await request(`${url}/readyz`, {
      headers: { authorization: `Bearer ${config.admin_token}` },
      signal: AbortSignal.timeout(CHECK_MS),
    });
    const { reasons, redis, hint, sinks } = (await answer.body.json()) as {
      reasons: string[];
      sinks?: Readonly<Record<string, unknown>>;
      hint?: string;
      redis?: { version: string; warnings: string[] };
    }; // our own /readyz
    const skewMs = Math.abs(Date.now() - Date.parse(String(answer.headers['date'])));
    return [
      { ok: answer.statusCode === 200, what: `bridge at ${url}: ${answer.statusCode === 200 ? 'ready' : 'not ready'}` },
      ...reasons.map((what) => ({ ok: false, what })),
      ...(hint ? [{ ok: false, what: hint }] : []),
      ...failingSinks(sinks),
      ...unknownSinks(sinks, config),
      ...(redis
        ? [{ ok: redis.warnings.length === 0, what: [`Redis ${redis.version}`, ...redis.warnings].join('; ') }]
        : []),
      {
        ok: skewMs < MAX_SKEW_MS,
        what: `the clocks of the bridge and of this machine differ by ${Math.round(skewMs / 1000)} s`,
      },
    ];
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const what = isLate
      ? `bridge at ${url}: no answer within ${CHECK_MS / 1000} s; it runs: is it or its machine overloaded?`
      : `bridge: nothing answers at ${url}; start it with: npm start`;
    return [{ ok: false, what }];
  }
}

/** Their deliveries are retried one by one: the bridge is ready, and the destination gets nothing. */
const failingSinks = (sinks: Readonly<Record<string, unknown>> = {}): Finding[] =>
  Object.entries(sinks as Readonly<Record<string, { readonly failing?: string }>>) // our own /readyz
    .flatMap(([name, { failing }]) =>
      failing === undefined ? [] : [{ ok: false, what: `sink ${name}: the last attempt failed: ${failing}` }],
    );

const ELSEWHERE = 'run this with the same environment variables and configuration';

function unknownSinks(sinks: Readonly<Record<string, unknown>> = {}, config: Config): Finding[] {
  const here = new Set(config.sinks.map(({ name }) => name));
  return Object.keys(sinks)
    .filter((name) => !here.has(name))
    .map((name) => ({ ok: false, what: `sink ${name}: not checked, as only the running bridge has it: ${ELSEWHERE}` }));
}

/** A rule that never matched need not be wrong: it is where to look when something is missing. */
async function checkRules(config: Config): Promise<Finding[]> {
  if (config.rules.length === 0) return [];
  const asked = callBridge(config, { method: 'GET', path: '/api/rules' }).catch(() => []);
  const rules = (await asked) as { name: string; matched: number }[]; // our own API
  return rules.flatMap(({ name, matched }) =>
    matched > 0 ? [] : [{ ok: true, what: `rule "${name}" has never matched: check its match, or remove it` }],
  );
}

/** Problems that the bridge has recorded. Reports nothing when it does not answer: the line of the bridge says so. */
async function checkTrouble(config: Config): Promise<Finding[]> {
  const [letters, refused, sources, stale] = await Promise.all([
    askOrNothing(config, '/api/dead-letters?limit=100'),
    askOrNothing(config, '/api/inbox?verdict=rejected&limit=100'),
    askOrNothing(config, '/api/sources'),
    staleChanges(config),
  ]);
  const at = { pages: addressOf(config), nowMs: Date.now() };
  return [
    ...(letters ? deadLetters(letters as Parameters<typeof deadLetters>[0]) : []), // our own API
    ...repeatedRefusals((refused?.data ?? []) as readonly Webhook[], at), // our own API
    ...staleDeployments(stale),
    ...sourceFindings((sources?.data ?? []) as readonly SourceTraffic[], at), // our own API
  ];
}

const askOrNothing = (config: Config, path: string) =>
  askBridge(config, { method: 'GET', path, signal: AbortSignal.timeout(CHECK_MS) }).catch(() => undefined);

const PAGE = 100;
const MAX_PAGES = 10; // 1,000: nobody looks through more

/** The newest come first, and the oldest matter most: several pages are read. */
async function staleChanges(config: Config): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ status: 'stale', limit: String(PAGE), offset: String(page * PAGE) });
    const answer = await askOrNothing(config, `/api/v1/changes?${query}`);
    changes.push(...((answer?.data ?? []) as readonly Change[])); // our own API
    if (!(answer?.meta as { has_more?: boolean } | undefined)?.has_more) break; // our own API
  }
  return changes;
}

const STALE_SHOWN = 10; // the others are counted
const asSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Deployments that should have ended by now, the longest first, and the reason where a tool gives one. */
function staleDeployments(stale: readonly Change[]): Finding[] {
  const longest = stale.toSorted((a, b) => a.occurred_at.localeCompare(b.occurred_at)).slice(0, STALE_SHOWN);
  const findings = longest.map(({ service, environment, status, occurred_at, waiting, id }) => ({
    ok: false,
    what:
      `${service} in ${environment}: ${status} since ${occurred_at}, longer than usual. ` +
      `${asSentence(waiting ?? 'Its end was not reported')} See: npx shiplog trace '${id}'`,
  }));
  const more = stale.length - findings.length;
  return more > 0
    ? [...findings, { ok: false, what: `not ended for longer than usual: ${plural(more, 'more deployment')}` }]
    : findings;
}

async function checkSink(sink: Config['sinks'][number]): Promise<Finding> {
  try {
    const { name, ratePerMinute } = sink;
    const rate = ratePerMinute === undefined ? '' : `; at most ${ratePerMinute} deliveries a minute`;
    return { ok: true, what: `sink ${name}: ${await sink.check(AbortSignal.timeout(CHECK_MS))}${rate}` };
  } catch (error) {
    return { ok: false, what: `sink ${sink.name}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** How the source's tool is set up. Reports nothing without a token for its API. */
async function checkSource({ name, findings }: Config['sources'][number]): Promise<Finding[]> {
  if (!findings) return [];
  try {
    const found = await findings({ signal: AbortSignal.timeout(CHECK_MS), now: new Date() });
    return found.map((what) => ({ ok: false, what: `source ${name}: ${what}` }));
  } catch (error) {
    return [{ ok: false, what: `source ${name}: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

/** Whether the set-up of the tool is as new as the one that is handed out, judged by its newest webhooks. */
async function checkSetup(config: Config, source: Config['sources'][number]): Promise<Finding[]> {
  if (!source.setupSeen) return [];
  const query = new URLSearchParams({ source: source.name, limit: String(WEBHOOKS_LOOKED_AT) });
  const listed = ((await askOrNothing(config, `/api/inbox?${query}`))?.data ?? []) as readonly Webhook[]; // our own API
  const asked = listed.map(({ id }) => askOrNothing(config, `/api/inbox/${encodeURIComponent(id)}`));
  const bodies = (await Promise.all(asked)).flatMap(
    (answer) => (answer?.data as { body?: string } | undefined)?.body ?? [],
  );
  return outdatedSetups(source.setupSeen, bodies).map((what) => ({
    ok: false,
    what: `source ${source.name}: ${what}`,
  }));
}

/** Reports nothing where no expiry date is known, or nothing answers: the other lines report that. */
async function checkExpiry({ name, expiresAt }: Expiring): Promise<Finding[]> {
  const at = await expiresAt(AbortSignal.timeout(CHECK_MS)).catch(() => undefined);
  if (!at) return [];
  const isSoon = at.getTime() - Date.now() < RENEW_WITHIN_MS;
  const advice = isSoon ? '; make a new one and replace it' : '';
  return [{ ok: !isSoon, what: `token of ${name}: valid until ${at.toISOString().slice(0, 10)}${advice}` }];
}
