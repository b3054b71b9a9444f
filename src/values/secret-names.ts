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
];
const LONGEST_NAME = 200;

/** Whether what is kept under such a name is a secret, however the name is written. */
export function isSecretName(name: string): boolean {
  const plain = name.slice(-LONGEST_NAME).toLowerCase().replaceAll('_', '').replaceAll('-', '').replaceAll('.', '');
  return SECRET_ENDS.some((end) => plain.endsWith(end));
}

/** Of addresses alone: in a body they name other things. */
const SECRET_PARAMETERS = new Set(['sig', 'signature', 'key', 'auth', 'jwt', 'pass', 'pwd', 'session', 'sessionid']);

export function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    SECRET_PARAMETERS.has(lower) ||
    lower.startsWith('x-amz-') ||
    lower.startsWith('x-goog-') ||
    lower.endsWith('signature') ||
    isSecretName(lower)
  );
}
