import { describe, expect, it } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { redactBody } from '../../src/values/redact.ts';
import { aWebhook, sourceOf } from '../explain/support.ts';
import { config, options, PAYLOADS, payloadOf } from '../support/every-source.ts';
import { type Path, textsIn, withText } from '../support/every-text.ts';

/** Look-alikes, and the part of each that must not be found anywhere. */
const SECRETS: readonly (readonly [text: string, secret: string])[] = [
  ['use glpat-Lamp1Lamp2Lamp3Lamp4 for it', 'Lamp1Lamp2'],
  ['gldt-Tide1Tide2Tide3Tide4', 'Tide1Tide2'],
  ['ATATT3xFfGF0Foghorn1Foghorn2=ABCDEF01', 'Foghorn1'],
  ['xoxb-123456789012-Beacon1Beacon2', 'Beacon1'],
  ['AKIAHARBOR7HARBOR7HA', 'HARBOR7'],
  ['ghp_Quay1Quay2Quay3Quay4Quay5Quay6Quay7', 'Quay1Quay2'],
  ['github_pat_11Pier1Pier2Pier3Pier4', 'Pier1Pier2'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMooring1\n-----END RSA PRIVATE KEY-----', 'Mooring1'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJidW95In0.Buoy1Buoy2', 'Buoy1'],
  ['aws_secret_access_key = Keel1Keel2Keel3Keel4Keel5Keel6Keel7Keel', 'Keel1'],
  ['https://mira:Anchor1Anchor2@code.example.com/harbor/pay.git', 'Anchor1'],
  ['https://code.example.com/harbor/pay?private_token=Rudder1Rudder2&line=3', 'Rudder1'],
  ['failed: https://code.example.com/x?job_token=Sail1Sail2', 'Sail1'],
];

/** Each field is tried with the secrets whose turn it is: with all of them the test would take three times as long. */
const TURNS = 3;

describe.each(PAYLOADS)('%s, %s', (type, file) => {
  const given = payloadOf(type, file);
  const body = (path: Path, text: string) => JSON.stringify(withText(given, path, text));

  it('stores, shows and forwards no token, wherever it is in the body', async () => {
    const found: string[] = [];
    for (const [at, path] of textsIn(given).entries())
      for (const [text, secret] of SECRETS.filter((_, index) => index % TURNS === at % TURNS)) {
        const webhook = aWebhook(body(path, text));
        const { records, deployments, alerts } = await explain(sourceOf(config, type), webhook, options);
        const places = { record: records, deployment: deployments, alerts, body: redactBody(webhook.body).toString() };
        for (const [place, value] of Object.entries(places))
          if (JSON.stringify(value)?.includes(secret)) found.push(`${place} ${path.join('.')} ${secret}`);
      }
    expect([...new Set(found)]).toEqual([]);
  });
});

describe('a body', () => {
  it('contains no secret whose name is written with escapes, and none in a field of AWS', () => {
    const raw =
      '{"summary":"u","\\u0074oken":"Hull1Hull2","AWS_SECRET_ACCESS_KEY":"Hull3Hull4","n":"gl\\u0070at-Hull5Hull5"}';
    const kept = redactBody(Buffer.from(raw)).toString();
    expect(JSON.parse(kept)).toEqual({
      summary: 'u',
      token: '[redacted]',
      AWS_SECRET_ACCESS_KEY: '[redacted]',
      n: '[secret]',
    });
  });

  it('is stored without its secrets even if it is broken JSON', () => {
    const kept = redactBody(Buffer.from('{"message": "Revert "glpat-Lamp1Lamp2Lamp3Lamp4""}')).toString();
    expect(kept).toBe('{"message": "Revert "[secret]""}');
  });

  it('stays unchanged if an escape does not stand for a letter', () => {
    const raw = Buffer.from('{"a":"x \\u003c y \\u00e9"}');
    expect(redactBody(raw)).toBe(raw);
  });
});
