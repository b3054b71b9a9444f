import { isNothing, isPlaceholder } from '../values/placeholder.ts';
import type { Webhook } from './received-webhook.ts';
import { isOneOf } from './signature.ts';
import type { Source } from './source.ts';

/**
 * A signature is computed once for each mistake and secret: together a millisecond at most, which anybody can make us
 * spend.
 */
const MAX_BYTES = 16 * 1024;
const MAX_SECRETS = 2; // the present one, and the one before it
/** Headers or parameters that are compared with a secret. */
const MAX_VALUES = 50;

type Mistake = readonly [what: string, of: (secret: string) => readonly string[]];

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** How a secret changes on its way through shells, files, YAML and clipboards. */
const MISTAKES: readonly Mistake[] = [
  [
    'with a line break at its end: `echo` writes one, `printf %s` does not',
    (secret) => [`${secret}\n`, `${secret}\r\n`, `${secret}\\n`, `${secret}%0A`],
  ],
  ['with quotation marks around it: remove them', (secret) => [`"${secret}"`, `'${secret}'`]],
  ['with a space before or after it: remove it', (secret) => [` ${secret}`, `${secret} `]],
  ['in base64: send or sign with the secret itself', (secret) => [base64(secret), base64(`${secret}\n`)]],
  ['with a word before it: remove it', (secret) => [`Bearer ${secret}`, `Bearer%20${secret}`]],
  ['in other case: copy it again', (secret) => [secret.toUpperCase()]],
];

type Checked = Pick<Source, 'secrets'> & Partial<Pick<Source, 'isProvedBy' | 'proofHeaders'>>;

/**
 * What was done to the right secret of a source, where that is why its webhook was refused: for the inbox alone. A
 * sender who has not got the secret learns nothing from it.
 */
export function mistakeWithSecret(source: Checked, webhook: Webhook): string | undefined {
  if (webhook.body.length > MAX_BYTES) return undefined;
  const secrets = source.secrets.slice(0, MAX_SECRETS);
  const found = MISTAKES.find(([, of]) => source.isProvedBy?.(webhook, secrets.flatMap(of)));
  if (found) return `the right secret, but ${found[0]}`;
  if (hasNoScheme(source, webhook)) return 'the right secret, but without "Bearer " before it';
  if (isCut(secrets, source, webhook)) return 'only the beginning of the right secret: copy it whole';
  const elsewhere = placeOf(secrets, source, webhook);
  if (elsewhere) return `the right secret, but in ${elsewhere}`;
  return isUnfilled(source, webhook) ? 'the name of a variable was sent, and not its value' : undefined;
}

const SCHEME = 'authorization';

function hasNoScheme({ isProvedBy, secrets }: Checked, webhook: Webhook): boolean {
  const given = webhook.headers[SCHEME];
  if (given === undefined || isProvedBy === undefined) return false;
  const headers = { ...webhook.headers, [SCHEME]: `Bearer ${lastWord(given)}` };
  return isProvedBy({ ...webhook, headers }, secrets);
}

/**
 * So much of a secret that nobody has guessed it: the entry of the inbox, and with it the id in the answer, differs
 * from that of any other wrong secret.
 */
const MIN_BEGINNING_CHARS = 24;

const isCut = (secrets: readonly string[], { proofHeaders = [] }: Checked, { headers }: Webhook): boolean =>
  proofHeaders.some((name) => {
    const given = lastWord(headers[name]);
    if (given.length < MIN_BEGINNING_CHARS) return false;
    const longer = secrets.filter(({ length }) => length > given.length);
    return isOneOf(
      given,
      longer.map((secret) => secret.slice(0, given.length)),
    );
  });

/** Without the scheme before it. */
const lastWord = (text = ''): string => text.slice(text.lastIndexOf(' ') + 1);

/** Where a secret came that is expected in another header, or as the key of a signature. */
function placeOf(secrets: readonly string[], { proofHeaders = [] }: Checked, webhook: Webhook): string | undefined {
  const isSecret = (text: string | undefined) => isOneOf(lastWord(text), secrets);
  const header = Object.keys(webhook.headers)
    .slice(0, MAX_VALUES)
    .find((name) => isSecret(webhook.headers[name]));
  if (header !== undefined && !proofHeaders.includes(header)) return `the header ${header}`;
  if (header !== undefined) return `the header ${header} itself: a signature is expected there`;
  const parameters = [...new URLSearchParams(webhook.query).values()].slice(0, MAX_VALUES);
  return parameters.some(isSecret)
    ? 'the query of the URL, which logs and proxies keep: send it as a header'
    : undefined;
}

const isUnfilled = ({ proofHeaders = [] }: Checked, { headers }: Webhook): boolean =>
  proofHeaders.some((name) => {
    const value = lastWord(headers[name]);
    return value !== '' && (isPlaceholder(value) || isNothing(value) || /^<[a-z ]{1,40}>$/.test(value));
  });
