import { z } from 'zod';
import { trimCharsEnd } from './text.ts';
import { webUrl } from './url.ts';

/** The name of a source or sink: it is part of URLs, queue names and metrics. */
export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and "-", at most 40, beginning with a letter');

/** Of secrets and tokens: shorter ones can be guessed. */
export const MIN_SECRET_CHARS = 16;

export const tooShort = (what: string): string =>
  `${what} needs at least ${MIN_SECRET_CHARS} characters; make one with: openssl rand -hex 32`;

/** A shared secret of senders. */
const Secret = z
  .string()
  .min(MIN_SECRET_CHARS, tooShort('a secret'))
  .refine(
    (secret) => secret.trim() === secret,
    'the secret begins or ends with white space, often a newline of `echo`; use `printf %s` or `echo -n`',
  );

const SECRETS_ADVICE = 'give a list with at least one secret, or with "generated"';

/** Several are valid at once, so that a secret can be replaced without losing a webhook. */
export const Secrets = z.array(Secret, SECRETS_ADVICE).min(1, SECRETS_ADVICE);

/** The base URL of an HTTP service, without a trailing slash. */
export const BaseUrl = webUrl('write a URL such as https://git.example.com').transform((url) => trimCharsEnd(url, '/'));

/** A credential of ours. Sent in a header: a line break would be refused by the HTTP client, far from the cause. */
export const Credential = (what: string) =>
  z
    .string()
    .min(1, `the ${what} is empty`)
    .regex(/^[\x21-\x7e]*$/, `the ${what} holds white space, often the newline of \`echo\`; use \`printf %s\``);

/**
 * Two settings that make sense only together. Undefined unless both are written; one alone is an issue at the one that
 * is missing.
 * @param otherwise the effect of leaving both out: "to switch this sink off"
 */
export function bothOrNeither<Pair extends Readonly<Record<string, string | undefined>>>(
  pair: Pair,
  context: Pick<z.RefinementCtx, 'issues'>,
  otherwise: string,
): { readonly [Name in keyof Pair]: string } | undefined {
  const names = Object.keys(pair);
  const missing = names.filter((name) => pair[name] === undefined);
  if (missing.length === names.length) return undefined;
  if (missing.length === 0) return pair as { readonly [Name in keyof Pair]: string }; // none of them is undefined
  const given = names.find((name) => pair[name] !== undefined);
  context.issues.push({
    code: 'custom',
    path: missing.slice(0, 1),
    message: `${given} is set but ${missing[0]} is not: set ${missing[0]} too, or neither ${otherwise}`,
    input: undefined,
  });
  return undefined;
}

export const MEBIBYTE = 1024 * 1024;
