import { z } from 'zod';

/** The name of a source or sink: it stands in URLs, queue names and metrics. */
export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and "-", at most 40, beginning with a letter');

/** A shared secret that senders prove they know. Short ones can be guessed. */
const Secret = z
  .string()
  .min(16, 'a secret needs at least 16 characters; make one with: openssl rand -hex 32')
  .refine(
    (secret) => secret.trim() === secret,
    'the secret begins or ends with white space, often a newline of `echo`; use `printf %s` or `echo -n`',
  );

const SECRETS_ADVICE = 'give a list with at least one secret, or with "generated"';

/** Several are valid at once, so that a secret can be changed without losing a webhook. */
export const Secrets = z.array(Secret, SECRETS_ADVICE).min(1, SECRETS_ADVICE);

/** The base URL of an HTTP service, without a trailing slash. */
export const BaseUrl = z
  .url({ protocol: /^https?$/, error: 'write a URL such as https://gitlab.example.com' })
  .transform((url) => url.replace(/\/+$/, ''));

export const MEBIBYTE = 1024 * 1024;
