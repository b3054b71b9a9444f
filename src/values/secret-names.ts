import { memoized } from './memoized.ts';
import { withoutEndNumber } from './text.ts';

/** Endings of names of secrets: `runners_token`, `BITBUCKET_STEP_OIDC_TOKEN`, `AWS_SECRET_ACCESS_KEY` … */
const SECRET_ENDS = [
  'token',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'apikey',
  'privatekey',
  'accesskey',
  'secretkey',
  'signingkey',
  'encryptionkey',
  'integrationkey',
  'masterkey',
  'sharedkey',
  'authkey',
  'accountkey',
  'authorization',
  'credential',
  'credentials',
  'signature',
  'sessionid',
  'cookie',
];
/** Only as the whole name: `bypass`, `author` and `session_count` hold no secret. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  ...['pass', 'pwd', 'jwt', 'sig', 'auth', 'session', 'bearer', 'pin', 'otp'],
]);
/** `DB_PASS`, unlike `bypass`. */
const PASS_ENDS = /[_-]pass$/i;
const LONGEST_NAME = 200; // the end of a name says what it is; its length is up to the sender

/** Whether a field or variable of this name holds a secret, whatever the case and separators of the name. */
export const isSecretName = (name: string): boolean => kindOf(name) === 'secret';

/** In most webhooks a field called `key` identifies something: a project, an issue, a build. */
type NameKind = 'secret' | 'key' | 'other';

const KEY_ENDS = /keys?$/i;

const kindOf = memoized((name: string): NameKind => {
  const end = name.slice(-LONGEST_NAME);
  const plain = end.toLowerCase().replaceAll('_', '').replaceAll('-', '').replaceAll('.', '');
  const unnumbered = withoutEndNumber(plain); // `password1`
  if (SECRET_NAMES.has(plain) || SECRET_ENDS.some((secret) => unnumbered.endsWith(secret))) return 'secret';
  if (PASS_ENDS.test(end)) return 'secret';
  return KEY_ENDS.test(end) ? 'key' : 'other';
});

/**
 * Whether this text, in a field of this name, is a secret. Under `key`, `routing_key`, `hostKey` … it is if it looks
 * random, unlike `PAY-1`, `NESTOR_PROD` and the hex digest of a build, by which deployments are distinguished.
 */
export function isSecretField(name: string, text: string): boolean {
  const kind = kindOf(name);
  return kind === 'secret' || (kind === 'key' && looksRandom(text));
}

export function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase();
  // In a body `key` names other things.
  return lower === 'key' || lower.startsWith('x-amz-') || lower.startsWith('x-goog-') || isSecretName(lower);
}

const TOKEN_CHARS = /^[\w+/=-]{24,512}$/;
const CLASSES: readonly RegExp[] = [/[a-z]/, /[A-Z]/, /[0-9]/];

/** Lower case, upper case and digits alternate: in random text at most positions, in words seldom. */
function looksRandom(text: string): boolean {
  if (!TOKEN_CHARS.test(text)) return false;
  const classes = [...text].map((character) => CLASSES.findIndex((one) => one.test(character)));
  if (!CLASSES.every((_, at) => classes.includes(at))) return false;
  const turns = classes.filter(
    (one, at) => at > 0 && one >= 0 && (classes[at - 1] ?? -1) >= 0 && one !== classes[at - 1],
  );
  return turns.length >= text.length / 3;
}
