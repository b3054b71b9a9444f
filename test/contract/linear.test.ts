import { describe, expect, it } from 'vitest';
import { RECORD_BYTES } from '../../src/domain/bounded-record.ts';
import { explain } from '../../src/explain/explain.ts';
import { aWebhook, sourceOf } from '../explain/support.ts';
import { config, options, PAYLOADS, payloadOf } from '../support/every-source.ts';
import { type Path, textsIn, withText } from '../support/every-text.ts';
import { cpuMs, growsAtMost } from '../support/time.ts';

const SHORT = 30_000;
const LONG = 500_000;
/** Linear work costs 17 times as much for LONG as for SHORT, quadratic work 280 times. */
const MOST_TIMES = 80;
/** Below this nothing is measured again: work on half a megabyte that goes back and forth costs minutes. */
const UNSUSPICIOUS_MS = 100;

const HOSTILE: readonly ((length: number) => string)[] = [
  (length) => `a${'/'.repeat(length)}x`,
  (length) => `a${' \t'.repeat(length / 2)}x`,
  (length) => `https://a.example.com/b${'/c'.repeat(length / 2)}?x`,
  (length) => `a${'<-'.repeat(length / 2)}x`,
];

const run = (type: string, body: string) => explain(sourceOf(config, type), aWebhook(body), options);

describe.each(PAYLOADS)('%s, %s', (type, file) => {
  const given = payloadOf(type, file);
  const bodyOf = (path: Path, text: string) => JSON.stringify(withText(given, path, text));

  it('is processed in linear time of any text in it, and records no more than the limits', async () => {
    const slow: unknown[] = [];
    for (const [at, path] of textsIn(given).entries())
      for (const hostile of HOSTILE.filter((_, index) => index === at % HOSTILE.length)) {
        const body = bodyOf(path, hostile(LONG));
        const startedMs = cpuMs();
        const explained = await run(type, body);
        const ms = cpuMs() - startedMs;
        for (const record of [...explained.records, ...(explained.alerts ?? [])])
          expect(JSON.stringify(record).length).toBeLessThanOrEqual(RECORD_BYTES);
        for (const { deployment, sinks } of explained.deployments) {
          expect(JSON.stringify(deployment).length).toBeLessThanOrEqual(RECORD_BYTES);
          for (const { request } of sinks) expect(JSON.stringify(request ?? '').length).toBeLessThan(2 * RECORD_BYTES);
        }
        if (ms < UNSUSPICIOUS_MS) continue;
        const short = bodyOf(path, hostile(SHORT));
        const isLinear = await growsAtMost(
          MOST_TIMES,
          () => run(type, short),
          () => run(type, body),
        );
        if (!isLinear) slow.push([path.join('.'), hostile(4)]);
      }
    expect(slow).toEqual([]);
  });
});
