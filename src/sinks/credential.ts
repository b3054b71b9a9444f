import { z } from 'zod';

/** Sent in a header: a line break would be refused by the HTTP client, far from the cause. */
export const Credential = (what: string) =>
  z
    .string()
    .min(1, `the ${what} is empty`)
    .regex(/^[\x21-\x7e]*$/, `the ${what} holds white space, often the newline of \`echo\`; use \`printf %s\``);
