import { z } from 'zod';

/** They describe the body, or the HTTP client sets them itself. */
const OWN_HEADERS = [
  'accept',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'traceparent',
  'transfer-encoding',
];
/** A backend asks for one or two; common servers refuse a header above 8 KiB. */
const MAX_HEADERS = 20;
const MAX_CHARS = 8_192;
/** Shorter parts of a header are words, such as Bearer or a tenant: masking these would make logs unreadable. */
const KEY_CHARACTERS = 12;

const Value = z
  .string()
  .max(MAX_CHARS, `write at most ${MAX_CHARS} characters`)
  .regex(
    /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/,
    'a header holds no line break and no white space at its ends, often the newline of `echo`; use `printf %s`',
  );

/** Headers with credentials, and the tenant: each value is kept secret. */
export const Headers = z.record(z.string(), Value).superRefine((headers, context) => {
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) context.addIssue({ code: 'custom', message: `write at most ${MAX_HEADERS} headers` });
  for (const name of names) {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (!/^[A-Za-z0-9-]+$/.test(name)) issue('write the name of a header, such as Authorization');
    else if (OWN_HEADERS.includes(name.toLowerCase())) issue('this header is made by Shiplog itself');
  }
});

/** All that must never be shown: each value, and what in it looks like a key (`Bearer <key>`). */
export const secretsIn = (headers: Readonly<Record<string, string>>): string[] => [
  ...new Set(Object.values(headers).flatMap((value) => [value, ...value.split(/[ ,;=]+/).filter(isKey)])),
];

const isKey = (part: string): boolean => part.length >= KEY_CHARACTERS;
