import { memoized } from './memoized.ts';

/**
 * Ends of names under which passwords are kept: `runners_token`, `BITBUCKET_STEP_OIDC_TOKEN`, `AWS_SECRET_ACCESS_KEY` …
 */
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
/** Only where they are the whole name: `bypass`, `author` and `session_count` hold no secret. */
const SECRET_NAMES: ReadonlySet<string> = new Set(['pass', 'pwd', 'jwt', 'sig', 'auth', 'session']);
const LONGEST_NAME = 200;

/** Whether what is kept under such a name is a secret, however the name is written. */
export const isSecretName = memoized((name: string): boolean => {
  const plain = name.slice(-LONGEST_NAME).toLowerCase().replaceAll('_', '').replaceAll('-', '').replaceAll('.', '');
  return SECRET_NAMES.has(plain) || SECRET_ENDS.some((end) => plain.endsWith(end));
});

export function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase();
  // In a body `key` names other things.
  return lower === 'key' || lower.startsWith('x-amz-') || lower.startsWith('x-goog-') || isSecretName(lower);
}
