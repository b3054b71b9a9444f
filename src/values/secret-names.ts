import { memoized } from './memoized.ts';

/** Endings of names of secrets: `runners_token`, `BITBUCKET_STEP_OIDC_TOKEN`, `AWS_SECRET_ACCESS_KEY` … */
const SECRET_ENDS = [
  'token',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'apikey',
  'privatekey',
  'accesskey',
  'secretkey',
  'authorization',
  'credential',
  'credentials',
  'signature',
  'sessionid',
];
/** Only as the whole name: `bypass`, `author` and `session_count` hold no secret. */
const SECRET_NAMES: ReadonlySet<string> = new Set(['pass', 'pwd', 'jwt', 'sig', 'auth', 'session']);
const LONGEST_NAME = 200;

/** Whether a field or variable of this name holds a secret, whatever the case and separators of the name. */
export const isSecretName = memoized((name: string): boolean => {
  const plain = name.slice(-LONGEST_NAME).toLowerCase().replaceAll('_', '').replaceAll('-', '').replaceAll('.', '');
  return SECRET_NAMES.has(plain) || SECRET_ENDS.some((end) => plain.endsWith(end));
});

export function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase();
  // In a body `key` names other things.
  return lower === 'key' || lower.startsWith('x-amz-') || lower.startsWith('x-goog-') || isSecretName(lower);
}
