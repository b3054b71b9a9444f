import { z } from 'zod';
import { isSuccess, type JsonAnswer } from '../../outbound/http.ts';
import { parsePath, valueAt } from '../../templates/path.ts';
import { safeUrl } from '../../values/url.ts';

const Status = z.number('write a status such as 202').int().min(200).max(499);

/** Which answers mean that it was taken. Default: any 2xx. */
export const Success = z.strictObject({
  status: z
    .union([Status, z.array(Status).min(1)])
    .transform((status) => [status].flat())
    .optional(),
  body: z
    .strictObject({
      path: z.string(),
      equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
      exists: z.boolean().optional(),
    })
    .refine(({ equals, exists }) => (equals === undefined) !== (exists === undefined), 'write equals or exists')
    .optional(),
});
export type Success = z.infer<typeof Success>;

/** Paths of values in the answer. */
export const AnswerPath = z.strictObject({ path: z.string() });
export type AnswerPath = z.infer<typeof AnswerPath>;

/** `taken` · `refused` by its status · `denied`: the status is a success and the body is not. */
export function verdictOf(answer: JsonAnswer, { status, body }: Success): 'taken' | 'refused' | 'denied' {
  if (!(status ? status.includes(answer.status) : isSuccess(answer))) return 'refused';
  if (!body) return 'taken';
  // A body that is no JSON, such as a sign-in page, cannot be checked for errors.
  if (answer.json === undefined && answer.text.trim() !== '') return 'denied';
  const value = valueAt(answer.json, parsePath(body.path));
  const exists = value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
  return (body.exists === undefined ? value === body.equals : exists === body.exists) ? 'taken' : 'denied';
}

/** An id is a text or a number. */
export function idIn(answer: JsonAnswer, where: AnswerPath | undefined): string | undefined {
  const value = where && valueAt(answer.json, parsePath(where.path));
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;
}

/** It becomes a link on a page: only http and https. */
export function urlIn(answer: JsonAnswer, where: AnswerPath | undefined): string | undefined {
  const text = idIn(answer, where);
  return safeUrl(text);
}
