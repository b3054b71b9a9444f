import type { Response } from 'express';
import { z } from 'zod';
import { meantName } from '../values/typos.ts';

/** Alert24's error envelope: one shape everywhere under /api. */
export function fail(
  response: Response,
  { status, type, message }: { readonly status: number; readonly type: string; readonly message: string },
): void {
  response.status(status).json({ error: { type, message, status } });
}

export function firstIssue(error: z.ZodError, names: readonly string[] = []): string {
  const issue = error.issues[0];
  if (!issue) return 'the request cannot be read';
  if (issue.code === 'unrecognized_keys' && names.length > 0) {
    const unknown = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    const meant = meantName(issue.keys[0] ?? '', names);
    return `unknown parameter ${unknown}: ${meant ? `did you mean ${meant}? ` : ''}known are ${names.join(', ')}`;
  }
  return [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
}

/** The parsed query, or a message that says what could be written instead. */
export function readQuery<Shape extends z.core.$ZodShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  asked: unknown,
): { readonly data: z.output<z.ZodObject<Shape, z.core.$strict>> } | { readonly message: string } {
  const parsed = z.safeParse(schema, asked);
  return parsed.success ? { data: parsed.data } : { message: firstIssue(parsed.error, Object.keys(schema.shape)) };
}
