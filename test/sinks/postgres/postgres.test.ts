import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { State } from '../../../src/domain/change-record.ts';
import { type Deployment, momentOf, transition } from '../../../src/domain/deployment.ts';
import { DeliveryFailed } from '../../../src/domain/errors.ts';
import { AnySink } from '../../../src/sinks/index.ts';
import { normalized } from '../../../src/sinks/normalized.ts';
import { COLUMNS } from '../../../src/sinks/postgres/row.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { anyDeployment } from '../../support/any-deployment.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment } from '../../support/deployment.ts';
import { createMemoryLedger } from '../../support/ledger.ts';
import { expectNothingMissing } from '../../support/missing-values.ts';
import { PASSWORD, startDatabaseProxy, startTestPostgres, type TestPostgres } from '../../support/postgres.ts';
import { duration, expectWithin } from '../../support/time.ts';

/** The contract of every sink (test/contract/sink.test.ts), over another protocol than HTTP, and what is this one's own. */

let server: TestPostgres;
let schema: string;
let schemas = 0;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());
beforeEach(() => {
  schemas += 1;
  schema = `shiplog_${schemas}`;
});

const NOW = new Date('2026-03-19T14:30:08.000Z');
const SUCCEEDED = aDeployment();
const never = () => new AbortController().signal;

function sinkAt(url: string, over: Record<string, unknown> = {}): Sink {
  const sink = AnySink.parse({ type: 'postgres', url, schema, timeout_seconds: 60, ...over });
  if (!sink) throw new Error('the sink is off');
  return sink;
}
const sinkHere = (over: Record<string, unknown> = {}) => sinkAt(server.url(), over);
const at = (port: number) => server.url().replace(`:${server.port}/`, `:${port}/`);

const deliver = (sink: Sink, deployment: Deployment = SUCCEEDED, now = NOW) =>
  sink.deliver(deployment, createMemoryLedger().of(deployment.key), { signal: never(), now });
const rows = (columns = '*') => server.query(`SELECT ${columns} FROM ${schema}.deployments ORDER BY key`);

async function proxied() {
  const proxy = await startDatabaseProxy(server.port);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe('the contract of a sink', () => {
  it('is created from its configuration alone, and names its secrets', () => {
    expect(sinkHere()).toMatchObject({ type: 'postgres', productName: 'PostgreSQL', secrets: [PASSWORD] });
    expect(AnySink.parse({ type: 'postgres' })).toBeUndefined();
  });

  it('writes the data of the deployment, and the owner', async () => {
    const owner = { team: 'keepers-of-the-lamp', on_call: 'https://pager.example.com/lamp' };
    expect(await deliver(sinkHere(), { ...SUCCEEDED, owner })).toEqual({ message: 'a new row' });
    expect(await rows()).toMatchObject([
      { key: SUCCEEDED.key, state: 'succeeded', service: 'lighthouse-api', owner_team: owner.team, actor: 'mira' },
    ]);
  });

  it('delivers the same state once, and leaves one row if the response to a commit was lost', async () => {
    const proxy = await proxied();
    const sink = sinkAt(at(proxy.port));
    await deliver(sink, aDeployment({ key: 'another' })); // the tables are there
    const ledger = createMemoryLedger();
    proxy.fail('lost-commit');
    expect((await failed(ledger.attempt(sink, SUCCEEDED, { now: NOW }))).retry).toBe('backoff');
    expect(await rows('key')).toHaveLength(2);
    proxy.fail(undefined);
    await ledger.attempt(sink, SUCCEEDED, { now: NOW });
    expect(await ledger.attempt(sink, SUCCEEDED, { now: NOW })).toBe('known');
    expect(await rows('key')).toHaveLength(2);
  });

  it('aborts a hanging delivery on the signal, and starts none when it was aborted before', async () => {
    const proxy = await proxied();
    proxy.fail('silent');
    const abort = new AbortController();
    const context = { signal: abort.signal, now: NOW };
    const delivery = failed(sinkAt(at(proxy.port)).deliver(SUCCEEDED, createMemoryLedger().of('k'), context));
    await expect.poll(proxy.connections).toBe(1);
    const tookMs = await duration(async () => {
      abort.abort();
      expect((await delivery).retry).toBe('backoff');
    });
    expectWithin(tookMs, 1_000);
    const late = { signal: AbortSignal.abort(), now: NOW };
    expect((await failed(sinkAt(at(proxy.port)).deliver(SUCCEEDED, createMemoryLedger().of('k'), late))).retry).toBe(
      'backoff',
    );
    expect(proxy.connections()).toBe(1);
  });

  it('times out if a server never answers, or waits for a lock', async () => {
    const proxy = await proxied();
    proxy.fail('silent');
    expect(await failed(deliver(sinkAt(at(proxy.port), { timeout_seconds: 0.1 })))).toMatchObject({
      retry: 'backoff',
      message: expect.stringContaining('none within 100 ms'),
    });
    await deliver(sinkHere());
    await server.inTransaction(`LOCK TABLE ${schema}.deployments IN ACCESS EXCLUSIVE MODE`, async () => {
      expect((await failed(deliver(sinkHere({ timeout_seconds: 0.3 })))).retry).toBe('backoff');
    });
    const waiting = () => server.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
    await expect.poll(waiting).toEqual([]); // nothing goes on that nobody waits for
  });

  it('retries later if the connection is cut or refused', async () => {
    const proxy = await proxied();
    const sink = sinkAt(at(proxy.port));
    await deliver(sink);
    proxy.fail('cut');
    expect((await failed(deliver(sink))).retry).toBe('backoff');
    await proxy.close();
    expect(await failed(deliver(sink))).toMatchObject({
      retry: 'backoff',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('decides about each deployment in each state, and gives the reason if it declines', () => {
    const some = sinkHere({ states: ['succeeded', 'failed'] });
    for (const state of State.options) expect(sinkHere().wants({ ...SUCCEEDED, state })).toEqual({ wanted: true });
    expect(some.wants({ ...SUCCEEDED, state: 'running' })).toMatchObject({
      why: expect.stringMatching(/only accepts/),
    });
  });

  it('previews the row as it is written, without placeholders for missing values', async () => {
    const sink = sinkHere();
    const { body, url, method } = sink.preview(SUCCEEDED);
    expect({ method, url }).toEqual({
      method: 'INSERT',
      url: `postgres://127.0.0.1:${server.port}/postgres/${schema}.deployments`,
    });
    await deliver(sink, SUCCEEDED, new Date(SUCCEEDED.receivedAt));
    const [row = {}] = await rows();
    const written = Object.entries(row).filter(([name]) => COLUMNS.some((column) => column === name));
    expect(JSON.parse(JSON.stringify(Object.fromEntries(written.filter(([, value]) => !isNothing(value)))))).toEqual(
      body,
    );
    fc.assert(
      fc.property(anyDeployment, (deployment) => expectNothingMissing(sink.preview(deployment).body)),
      { numRuns: 40 },
    );
  });

  it('creates nothing in a check', async () => {
    expect(await sinkHere().check(never())).toMatch(/takes the login; PostgreSQL \d+.*are made with the first/);
    expect(await server.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).toEqual([]);
    await deliver(sinkHere());
    expect(await sinkHere().check(never())).toMatch(/the tables have version 1/);
  });
});

const isNothing = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);

describe('a refusal', () => {
  it('of the credentials pauses the whole sink, says what to set, and shows no password', async () => {
    const wrong = 'not-the-password';
    const error = await failed(deliver(sinkAt(server.url('shiplog', wrong))));
    expect(error).toMatchObject({ retry: { hold: 'sink', afterMs: expect.any(Number) } });
    expect(error.message).toMatch(/: 28P01 password authentication failed for user "shiplog"\. .*set url/);
    for (const shown of [
      error.message,
      String(error.cause),
      (await failed(sinkAt(server.url('shiplog', wrong)).check(never()))).message,
    ])
      expect(shown).not.toContain(wrong);
  });

  it('for a missing database names the cause', async () => {
    const error = await failed(deliver(sinkAt(server.url().replace(/postgres$/, 'nowhere'))));
    expect(error).toMatchObject({
      retry: { hold: 'sink' },
      message: expect.stringMatching(/: 3D000 .*nowhere.*Set url/),
    });
  });

  it("of a row is final, with the database's message, and the next one is written", async () => {
    const sink = sinkHere();
    await deliver(sink);
    await server.query(
      `ALTER TABLE ${schema}.deployments ADD CONSTRAINT no_night_shifts CHECK (service <> 'night-shift')`,
    );
    const error = await failed(deliver(sink, aDeployment({ key: 'b', service: 'night-shift' })));
    expect(error).toMatchObject({ retry: 'never', message: expect.stringMatching(/: 23514 .*no_night_shifts/) });
    expect(String(error.cause)).toBe('Error: SQLSTATE 23514');
    expect(await deliver(sink, aDeployment({ key: 'c' }))).toEqual({ message: 'a new row' });
  });

  it('contains the message of a user-defined trigger, without our secrets', async () => {
    const sink = sinkHere();
    await deliver(sink);
    await server.query(`CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no % here, %', NEW.service, '${PASSWORD}' USING ERRCODE = '23000'; END $$`);
    await server.query(
      `CREATE TRIGGER refuse BEFORE UPDATE ON ${schema}.deployments FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`,
    );
    const error = await failed(deliver(sink));
    expect(error).toMatchObject({
      retry: 'never',
      message: expect.stringContaining('no lighthouse-api here, [secret]'),
    });
  });

  it('of TLS by a server without it says what to set', async () => {
    const plain = createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.write('N')));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as { port: number }; // a TCP server has one
    const error = await failed(deliver(sinkAt(`${at(port)}?sslmode=require`)));
    expect(error).toMatchObject({
      retry: { hold: 'sink' },
      message: expect.stringMatching(/does not support SSL.*sslmode=disable/),
    });
  });

  it('is retried according to its SQLSTATE', async () => {
    const sink = sinkHere();
    await deliver(sink);
    await server.query(`CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'words of the server' USING ERRCODE = NEW.service; END $$`);
    await server.query(
      `CREATE TRIGGER refuse BEFORE UPDATE ON ${schema}.deployments FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`,
    );
    const retries: Record<string, unknown> = {};
    for (const service of Object.keys(RETRIES)) {
      const error = await failed(deliver(sink, { ...SUCCEEDED, service }));
      expect(error.message).toContain(`${service} words of the server`);
      retries[service] = error.retry;
    }
    expect(retries).toEqual(RETRIES);
  });
});

const RETRIES = {
  '57P01': 'backoff',
  '57P03': 'backoff',
  '53300': 'backoff',
  '40001': 'backoff',
  '55P03': 'backoff',
  '25006': 'backoff',
  '58030': 'backoff',
  XX000: 'backoff',
  P0001: 'never',
  '22003': 'never',
  '23502': 'never',
  '42703': 'never',
  '54000': 'never',
  '42501': { hold: 'sink', afterMs: 10_000 },
};

describe('a row', () => {
  const moments = fc.array(
    fc.record({ state: fc.constantFrom(...State.options), minute: fc.integer({ min: 0, max: 5 }) }),
    { minLength: 1, maxLength: 6 },
  );

  it('is of the latest state, in whatever order they arrive', async () => {
    const sink = sinkHere();
    let keys = 0;
    await fc.assert(
      fc.asyncProperty(moments, async (told) => {
        keys += 1;
        const deployments = told.map(({ state, minute }) =>
          aDeployment({ key: `k${keys}`, state, occurredAt: `2026-03-19T14:3${minute}:00.000Z` }),
        );
        let expected: Deployment | undefined;
        for (const [sent, deployment] of deployments.entries()) {
          await deliver(sink, deployment, new Date(NOW.getTime() + sent));
          const step = transition(expected && momentOf(expected), momentOf(deployment));
          // of one state, what was sent last knows most
          if (step === 'apply' || deployment.state === expected?.state) expected = deployment;
        }
        const [row] = await server.query(`SELECT state, state_at FROM ${schema}.deployments WHERE key = $1`, [
          `k${keys}`,
        ]);
        expect(row).toEqual({ state: expected?.state, state_at: new Date(expected?.occurredAt ?? '') });
      }),
      { numRuns: 40 },
    );
  });

  it('is not overwritten by a delayed statement', async () => {
    const sink = sinkHere();
    await deliver(sink, { ...SUCCEEDED, actor: 'mira' }, new Date(NOW.getTime() + 5_000));
    expect(await deliver(sink, { ...SUCCEEDED, actor: 'nobody' }, NOW)).toEqual({
      message: 'a later state of it is there already',
    });
    expect(await deliver(sink, { ...SUCCEEDED, state: 'running' }, new Date(NOW.getTime() + 9_000))).toMatchObject({
      message: /later/,
    });
    expect(await rows('state, actor')).toEqual([{ state: 'succeeded', actor: 'mira' }]);
  });

  it('clears values that no longer apply', async () => {
    const sink = sinkHere();
    await deliver(sink, { ...SUCCEEDED, description: 'It failed.', state: 'failed' });
    await deliver(sink, { ...SUCCEEDED, occurredAt: '2026-03-19T14:40:00.000Z' });
    expect(await rows('state, description')).toEqual([{ state: 'succeeded', description: null }]);
  });

  const strange = fc.constantFrom('\0', '\u0001', '\ud83d', '🚢', '"', '\\', "'", '{', ',', '\u2028', '\u00e9', 'NULL');
  const strangeText = fc.array(strange, { maxLength: 6 }).map((units) => units.join(''));

  it('stores any text unchanged', async () => {
    const sink = sinkHere();
    let keys = 0;
    await fc.assert(
      fc.asyncProperty(anyDeployment, strangeText, async (drawn, text) => {
        keys += 1;
        const deployment = {
          ...drawn,
          key: `k${keys}`,
          labels: { [text]: text },
          description: `a\0b ${text}`,
        };
        await deliver(sink, deployment);
        const [row] = await server.query(`SELECT * FROM ${schema}.deployments WHERE key = $1`, [`k${keys}`]);
        const stored = (text: string | undefined) => text?.replaceAll('\0', '\ufffd') ?? null;
        const { service, description, tags, actor } = normalized(deployment);
        expect(row).toMatchObject({ service: stored(service), description: stored(description), actor: stored(actor) });
        expect(row?.['tags']).toEqual(tags.map(stored));
        expect(row?.['record']).toMatchObject({ service: stored(service) });
      }),
      { numRuns: 30 },
    );
  });
});

describe('the tables', () => {
  it('are created once by bridges that start together, with all columns that are written', async () => {
    const bridges = Array.from({ length: 6 }, () => sinkHere());
    await Promise.all(bridges.map((sink, index) => deliver(sink, aDeployment({ key: `k${index}` }))));
    expect(await rows('key')).toHaveLength(6);
    expect(await server.query(`SELECT version FROM ${schema}.schema_version`)).toEqual([{ version: 1 }]);
    const columns = await server.query(
      'SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
      [schema, 'deployments'],
    );
    const names = columns.map(({ column_name }) => column_name);
    expect(names.sort()).toEqual([...COLUMNS, 'inserted_at', 'updated_at'].sort());
  });

  it('of a newer bridge are written to', async () => {
    await deliver(sinkHere());
    await server.query(`INSERT INTO ${schema}.schema_version (version) VALUES (99)`);
    await server.query(`ALTER TABLE ${schema}.deployments ADD COLUMN of_the_future text`);
    expect(await deliver(sinkHere(), aDeployment({ key: 'b' }))).toEqual({ message: 'a new row' });
  });

  it('are created again if they were dropped', async () => {
    const sink = sinkHere();
    await deliver(sink);
    await server.query(`DROP TABLE ${schema}.deployments`);
    expect(await failed(deliver(sink))).toMatchObject({
      retry: { hold: 'sink' },
      message: expect.stringMatching(/42P01.*made again/),
    });
    expect(await deliver(sink)).toEqual({ message: 'a new row' });
  });

  it('are requested if the user may not create them, and used once they exist', async () => {
    const user = `writer_${schemas}`;
    await server.query(`CREATE USER ${user} PASSWORD '${PASSWORD}'`);
    const sink = sinkAt(server.url(user));
    expect(await failed(deliver(sink))).toMatchObject({
      retry: { hold: 'sink' },
      message: expect.stringMatching(/42501.*GRANT CREATE/),
    });
    expect((await failed(sink.check(never()))).message).toMatch(/may not make the tables/);
    await deliver(sinkHere());
    await server.query(`GRANT USAGE ON SCHEMA ${schema} TO ${user}`);
    await server.query(`GRANT SELECT ON ${schema}.schema_version TO ${user}`);
    expect((await failed(sink.check(never()))).message).toMatch(/GRANT SELECT, INSERT/);
    await server.query(`GRANT SELECT, INSERT, UPDATE ON ${schema}.deployments TO ${user}`);
    expect(await deliver(sink, aDeployment({ key: 'b' }))).toEqual({ message: 'a new row' });
    expect(await sink.check(never())).toMatch(/version 1/);
  });
});

describe('rows that are older than the retention', () => {
  const old = aDeployment({ key: 'old', occurredAt: '2025-01-01T00:00:00.000Z' });

  it('are deleted after a delivery, and others are not', async () => {
    await deliver(sinkHere(), old);
    expect(await rows('key')).toHaveLength(1); // for ever, where nothing is said
    const sink = sinkHere({ retention_days: 30 });
    expect(await deliver(sink)).toEqual({ message: 'a new row; 1 rows older than 30 days were deleted' });
    expect(await rows('key')).toEqual([{ key: SUCCEEDED.key }]);
  });

  it('do not fail a delivery if they may not be deleted', async () => {
    const user = `keeper_${schemas}`;
    await deliver(sinkHere(), old);
    await server.query(`CREATE USER ${user} PASSWORD '${PASSWORD}'`);
    await server.query(`GRANT USAGE ON SCHEMA ${schema} TO ${user}`);
    await server.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${user}`);
    await server.query(`GRANT INSERT, UPDATE ON ${schema}.deployments TO ${user}`);
    const { message } = await deliver(sinkAt(server.url(user), { retention_days: 30 }));
    expect(message).toMatch(/^a new row; rows beyond the retention were not deleted: 42501 /);
  });
});

describe('TLS', () => {
  it('follows sslmode: verify-ca checks the certificate, verify-full also the name', async (context) => {
    const made = certificate('localhost');
    if (!made) return context.skip('there is no openssl here to make a certificate with');
    await server.useTls(made);
    const secured = (host: string, mode: string, tls?: object) =>
      sinkAt(server.url().replace('127.0.0.1', host).concat(`?sslmode=${mode}`), { ...(tls && { tls }) });
    const trusted = { ca: made.cert };
    await expect.poll(() => secured('localhost', 'require').check(never())).toMatch(/takes the login/);
    expect(await deliver(secured('localhost', 'verify-full', trusted))).toEqual({ message: 'a new row' });
    const [session] = await server.query(`SELECT bool_or(ssl) AS encrypted FROM pg_stat_ssl
      JOIN pg_stat_activity USING (pid) WHERE application_name = 'shiplog'`);
    expect(session).toEqual({ encrypted: true });
    expect(await secured('127.0.0.1', 'verify-ca', trusted).check(never())).toMatch(/takes the login/);
    for (const sink of [secured('localhost', 'verify-full'), secured('127.0.0.1', 'verify-full', trusted)])
      expect(await failed(deliver(sink))).toMatchObject({
        retry: { hold: 'sink' },
        message: expect.stringMatching(/tls\.ca/),
      });
  });
});

/** Of an authority of its own. Undefined where there is no openssl. */
function certificate(name: string): { readonly key: string; readonly cert: string } | undefined {
  const order = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const made = [...order, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', '-', '-out', '-'];
  const { stdout, status } = spawnSync('openssl', made, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [key = '', cert = ''] = stdout.split(/(?=-----BEGIN CERTIFICATE-----)/);
  return { key, cert };
}

describe('the configuration', () => {
  it.each([
    ['mysql://a:b@c/d', /write postgres:/],
    ['postgres://db.example.com/shiplog', /write postgres:/],
    ['postgres://shiplog:hunter2hunter2@db.example.com', /write postgres:/],
    ['postgres://shiplog:hunter2hunter2@db.example.com/a?sslmode=prefer', /sslmode is one of/],
    ['postgres://shiplog:hunter2hunter2@db.example.com/a?options=-c%20x', /options cannot be set/],
    ['postgres://shiplog:hunter2 hunter2@db example.com/a', /write postgres:/],
  ])('refuses %s, and does not repeat it', (url, advice) => {
    const { error } = AnySink.safeParse({ type: 'postgres', url });
    expect(error?.message).toMatch(advice);
    expect(JSON.stringify(error)).not.toMatch(/hunter2/);
  });

  it('accepts certificates that belong together, and no SQL as a schema', () => {
    const url = 'postgres://shiplog:hunter2hunter2@db.example.com/a';
    const pem = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----';
    const isFine = (over: object) => AnySink.safeParse({ type: 'postgres', url, ...over }).success;
    expect(isFine({ tls: { ca: pem, cert: pem, key: pem } })).toBe(true);
    expect(isFine({ tls: { cert: pem } })).toBe(false);
    expect(isFine({ tls: { ca: pem }, url: `${url}?sslmode=disable` })).toBe(false);
    expect(isFine({ schema: 'a"; DROP TABLE b; --' })).toBe(false);
  });
});

it('fails with DeliveryFailed and nothing else', async () => {
  const odd = createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void odd.close());
  const { port } = odd.address() as { port: number }; // a TCP server has one
  expect(await failed(deliver(sinkAt(at(port))))).toBeInstanceOf(DeliveryFailed);
});
