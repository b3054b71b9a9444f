import { PassThrough } from 'node:stream';
import express, { type Response } from 'express';
import fc from 'fast-check';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/http/access.ts';
import { createApi } from '../../src/http/api.ts';
import { exportChanges } from '../../src/http/export.ts';
import { createSuspects } from '../../src/store/alerts/suspects.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { csvRow } from '../../src/values/csv.ts';
import { aDeployment } from '../support/deployment.ts';
import { memoryAlerts, memoryDeployments, memoryInbox, memoryLedger, step, webhook } from '../web/stores.ts';

const TOKEN = 'admin-token-0123456789';
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

function api(records: Parameters<typeof memoryDeployments>[0]) {
  const none = async () => ({ events: [], next: '0-0', gap: false });
  const deployments = memoryDeployments(records);
  const parts = {
    access: createAccess([{ name: 'admin', token: TOKEN, may: 'admin' }]),
    deployments,
    running: createRunning(deployments),
    alerts: memoryAlerts(),
    suspectsOf: createSuspects(deployments),
    inbox: memoryInbox([webhook({ verdict: 'rejected' }), webhook({ id: '2' })]),
    ledger: memoryLedger(),
    related: async () => [],
    feed: { after: none, newest: none },
    sinks: [],
    holds: () => ({}),
    sources: [],
  };
  const app = express().use(createApi(parts));
  return (path: string) => request(app).get(path).set('authorization', `Bearer ${TOKEN}`).buffer(true);
}

describe('the change log as a file', () => {
  const many = Array.from({ length: 1_203 }, (_, at) => step({ deployment: `changes:${at}`, occurredAt: ago(at) }));

  it('contains each change once, as CSV and as NDJSON, over several pages', async () => {
    const csv = await api(many)('/api/v1/changes?format=csv').expect(200);
    expect(csv.headers['content-type']).toContain('text/csv');
    expect(csv.text.trimEnd().split('\r\n')).toHaveLength(1_204);
    const lines = (await api(many)('/api/v1/changes?format=ndjson').expect(200)).text.trimEnd().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).deployment)).size).toBe(1_203);
  });

  it('ends at the given limit', async () => {
    const { text } = await api(many)('/api/v1/changes?format=csv&limit=7').expect(200);
    expect(text.trimEnd().split('\r\n')).toHaveLength(8);
  });

  it('refuses an unknown format, and lists the known ones', async () => {
    const { body } = await api([])('/api/v1/changes?format=xml').expect(400);
    expect(body.error.message).toBe('format: write json, csv or ndjson');
  });
});

describe('a cell of a CSV file', () => {
  it.each(['=1+1', '+1', '-1', '@sum', '\tx', ' =1', '＝1', '\0=1', '\u202e=1', '\r=1'])(
    'is text for a spreadsheet: %j',
    (text) => {
      expect(csvRow([text])).toMatch(/^"?'/);
    },
  );

  it('is read back as it was written', () => {
    const cell = fc.string().filter((text) => !/^\s*[=+\-@]/.test(text));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 4 }), (cells) => {
        expect(parseRow(csvRow(cells))).toEqual(cells);
      }),
    );
  });
});

/** RFC 4180, plainly. */
function parseRow(row: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain, end] of row.slice(0, -2).matchAll(/(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/g)) {
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '') break;
  }
  return cells;
}

describe('performance by the API', () => {
  const records = [
    step({ deployment: 'changes:1', service: '=cmd()', occurredAt: ago(60) }),
    step({ deployment: 'changes:2', service: 'pay-api', occurredAt: ago(30), state: 'failed' }),
  ];

  it('has the measures of each service with their base', async () => {
    const { body } = await api(records)('/api/v1/performance').expect(200);
    const pay = body.data.find(({ service }: { service: string }) => service === 'pay-api');
    expect(pay).toMatchObject({ finished: 1, failed: 1, change_failure_rate: 1, not_restored: 1, previous: null });
    expect(body.meta.environment).toBe('production');
  });

  it('is a CSV file without formulas', async () => {
    const { text } = await api(records)('/api/v1/performance?format=csv').expect(200);
    expect(text).toMatch(/^service,finished,/);
    expect(text).toContain(`\r\n'=cmd(),1,`);
  });

  it.each(['format=xml', 'range=2d', 'by=moon', 'enviroment=x'])('refuses %s and lists known values', async (query) => {
    const { body } = await api(records)(`/api/v1/performance?${query}`).expect(400);
    expect(body.error.message).toMatch(/write|known are/);
  });
});

describe('an unknown parameter', () => {
  it.each(['/api/v1/changes', '/api/v1/running', '/api/v1/changes/timeline', '/api/inbox'])('of %s', async (path) => {
    const { body } = await api([])(`${path}?servce=pay`).expect(400);
    expect(body.error.message).toMatch(/unknown parameter "servce": (?:did you mean \w+\? )?known are .*s/);
  });

  it('and an unknown verdict is refused by the inbox, which finds a known one', async () => {
    expect((await api([])('/api/inbox?verdict=lost').expect(400)).body.error.message).toMatch(
      /verdict: write accepted/,
    );
    expect((await api([])('/api/inbox?verdict=rejected').expect(200)).body.data).toHaveLength(1);
  });
});

describe('an export whose client stops reading', () => {
  it('reads no more than a few pages, however many there are', async () => {
    let asked = 0;
    const page = Array.from({ length: 500 }, (_, at) => aDeployment({ key: `changes:${at}` }));
    async function* scan() {
      for (;;) {
        asked += 1;
        yield page.map((one) => ({ ...one, key: `${one.key}:${asked}` }));
      }
    }
    const stream = new PassThrough({ highWaterMark: 1024 });
    // all that it uses of a response
    const response = Object.assign(stream, { set: () => stream, headersSent: true }) as unknown as Response;
    const done = exportChanges({ scan }, { selection: { facets: {} }, format: 'ndjson', limit: 10_000 }, response);
    for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
    expect(asked).toBeLessThanOrEqual(4);
    const text = (await stream.toArray()).join('');
    await done;
    expect(text.trimEnd().split('\n')).toHaveLength(10_000);
    expect(asked).toBe(20);
  });
});
