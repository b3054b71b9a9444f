import { describe, expect, it } from 'vitest';
import { redactBody } from '../../src/values/redact.ts';
import { hideSecrets, mayHoldSecret } from '../../src/values/secret-shapes.ts';

const REST = 'Anchor0Lamp1Tide2Rope3Buoy4Sail5Keel6';
const UPPER = 'ANCHOR0LAMP1TIDE2ROPE';

/** One of each way in which a secret begins: the look for a sign must let none of them pass. */
const SECRETS: readonly string[] = [
  ...'pat dt rt rtr cbt ptt ft imt agent soat oas ffct wt'.split(' ').map((kind) => `gl${kind}-${REST}`),
  ...['ATATT', 'ATCTT', 'ATSTT', 'ATBB'].map((begin) => `${begin}${REST}`),
  ...['xoxb-', 'xoxp-', 'xoxe.', 'xapp-'].map((begin) => `${begin}${REST}`),
  ...['AKIA', 'ASIA'].map((begin) => `${begin}${UPPER}`),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'].map((begin) => `${begin}${REST}`),
  `eyJ${REST}.eyJ${REST}.${REST}`,
  ...['npm', 'dckr_pat', 'sk_live', 'rk_live', 'dop_v1', 'hvs'].flatMap((begin) => [
    `${begin}_${REST}`,
    `${begin}.${REST}`,
  ]),
  ...['whsec', 'glsa', 'glc', 'sntrys', 'sntryu', 'shpat'].map((begin) => `${begin}_${REST}`),
  ...['sk-ant-', 'sk-proj-', 'HRKU-', 'NRAK-', 'AIza', 'pypi-'].map((begin) => `${begin}${REST}`),
  `SG.${REST}.${REST}`,
];
/** What stands before a secret, which has no shape of its own then. */
const AFTER: readonly string[] = [
  'Bearer ',
  'bearer ',
  'BASIC ',
  'aws_secret_access_key=',
  'AWS_SECRET_KEY: ',
  'awsSecretAccessKey=',
  'https://hooks.slack.com/services/',
  'https://hooks.slack.com/triggers/',
  'https://code.example.com/?private_token=',
  'https://code.example.com/?a=b&sig=',
  'https://code.example.com/?a=b;X-Amz-Signature=',
  'https://code.example.com/#access_token=',
  'https://discord.com/api/webhooks/123456789012345678/',
  'https://api.telegram.org/bot123456789:',
  'https://harbor.webhook.office.com/webhookb2/',
  'https://hooks.zapier.com/hooks/catch/12345/',
  'helm template --set db.password=',
  "export DB_PASSWORD='",
  'PRIVATE-TOKEN: ',
  'x-api-key: ',
  'harbor login --token ',
  '//registry.example.com/:_authToken=',
  'AccountKey=',
  '{"password":"',
  '<password>',
  'Cookie: session=',
  'set-cookie: sid=',
  'Cookie: lamp=lit; session=',
  'curl -u mira:',
  'token = "',
  ':password => "',
  'Authorization: Token ',
  'authorization: ',
  JSON.stringify(JSON.stringify({ token: '' })).slice(1, -4),
];

describe.each([
  ...SECRETS.map((secret) => [secret, secret] as const),
  ...AFTER.map((before) => [`${before}${REST}`, REST] as const),
  [`https://mira:${REST}@code.example.com/pay.git`, REST] as const,
  [`https://${REST}@code.example.com/pay.git`, REST] as const,
  [`-----BEGIN RSA PRIVATE KEY-----\n${REST}\n-----END RSA PRIVATE KEY-----`, REST] as const,
  [`-----BEGIN PGP PRIVATE KEY BLOCK-----\n${REST}\n-----END PGP PRIVATE KEY BLOCK-----`, REST] as const,
])('%s', (text, secret) => {
  it('is recognised and masked, alone, in a sentence and in JSON', () => {
    for (const around of [text, `Moored with ${text} at night`, JSON.stringify({ summary: `with ${text}` })]) {
      expect(mayHoldSecret(around), around).toBe(true);
      expect(hideSecrets(around), around).not.toContain(secret);
    }
  });

  it('is masked in a body even if it is escaped', () => {
    const json = JSON.stringify({ summary: `with ${text}` });
    const escaped = json.replace(/[-_.@&=/# ]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
    for (const body of [json, escaped]) {
      expect(JSON.parse(body)).toEqual({ summary: `with ${text}` });
      expect(JSON.parse(redactBody(Buffer.from(body)).toString()).summary, body).not.toContain(secret);
    }
  });
});

describe('what stands around a secret', () => {
  const KEY = `-----BEGIN RSA PRIVATE KEY-----\n${REST}\n-----END RSA PRIVATE KEY-----`;

  it.each([
    [`Moored with glpat-${REST} at night`, 'Moored with [secret] at night'],
    [`https://code.example.com/?a=b&sig=${REST}&c=d`, 'https://code.example.com/?a=b&sig=[secret]&c=d'],
    [`Moored with ${KEY} at night, ${KEY} by day`, 'Moored with [secret] at night, [secret] by day'],
    [`cut: -----BEGIN PRIVATE KEY-----\n${REST}`, 'cut: [secret]'],
    [`{"cut":"-----BEGIN PRIVATE KEY-----${REST}","next":"x"}`, '{"cut":"[secret]","next":"x"}'],
  ])('is kept: %j', (text, shown) => {
    expect(hideSecrets(text)).toBe(shown);
  });

  it.each([
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'https://code.example.com/a%20b%2Fc?page=2#notes',
    'mira@harbor.example deployed 100% of it',
    'Fix cookie: the banner was shown 2 times',
    'docker run -u 1000:1000 harbor/pay',
    'Fix token: expired ones were accepted for 3 minutes',
    'password=unknown is a word, and secret= is nothing',
    'harbor.example/csrf-token:1.24.3-alpine3.19',
    'fix(auth-token): 401-errors-are-retried',
    'call it with --token $DEPLOY_TOKEN_2 or token=<your-token-1>',
  ])('is all there is: %j', (text) => {
    expect(hideSecrets(text)).toBe(text);
  });
});
