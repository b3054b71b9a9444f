import type { Response } from 'express';
import type { z } from 'zod';

/** Alert24's error envelope: one shape everywhere under /api. */
export function fail(
  response: Response,
  { status, type, message }: { readonly status: number; readonly type: string; readonly message: string },
): void {
  response.status(status).json({ error: { type, message, status } });
}

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'the request cannot be read';
  return [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
}
