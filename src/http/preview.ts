import type { RequestHandler } from 'express';
import { z } from 'zod';
import { type ExplainParts, explain, receivedAt } from '../explain/explain.ts';
import { tooLarge, unreadable } from '../sources/answer.ts';
import type { Source } from '../sources/source.ts';
import { readBody } from './body.ts';
import type { BodyBudget } from './body-budget.ts';
import { fail, firstIssue } from './error-response.ts';
import { networkOf } from './refusals.ts';
import { toHead } from './webhook-request.ts';

export interface PreviewParts extends ExplainParts {
  readonly sources: readonly Source[];
  readonly budget: BodyBudget;
}

const PATH_ADVICE = 'write one path that begins with /, as the sender would call it';
export const PreviewQuery = z.object({
  /** Default: /webhooks/<source>. */
  path: z.string(PATH_ADVICE).startsWith('/', PATH_ADVICE).optional(),
});

/** Headers of the preview request itself, not of the sender's webhook. */
const OWN_HEADERS = new Set(['authorization', 'cookie', 'host', 'content-length', 'x-preview-authorization']);

/**
 * POST /api/preview/<source>?path=…: how the body would be processed if it came as a webhook. The headers of the
 * request count as the webhook's, its Authorization from `X-Preview-Authorization`. Nothing is kept or sent.
 */
export function createPreview({ sources, budget, ...parts }: PreviewParts): RequestHandler {
  return async (request, response, next) => {
    const name = String(request.params['source']);
    const source = sources.find((candidate) => candidate.name === name);
    if (!source) {
      const names = sources.map((candidate) => candidate.name).join(', ');
      return fail(response, {
        status: 404,
        type: 'not_found',
        message: `there is no such source; there are: ${names}`,
      });
    }
    const query = PreviewQuery.safeParse(request.query);
    if (!query.success)
      return fail(response, { status: 400, type: 'validation_error', message: firstIssue(query.error) });
    const { path = `/webhooks/${name}` } = query.data;
    const owner = { address: networkOf(request.ip), source: name, proved: true };
    const share = budget.open(owner);
    response.once('close', () => share.release());
    const body = await readBody(request, { limit: source.maxBodyBytes, proved: true, share });
    if (body === undefined) return next(new Error('the request ended early')); // the sender closed the connection
    if (body === 'busy')
      return fail(response, {
        status: 503,
        type: 'server_error',
        message: 'too many requests are being received at the moment: try again',
      });
    if (!Buffer.isBuffer(body)) {
      const { code, message } = body === 'too_large' ? tooLarge(source.maxBodyBytes) : unreadable();
      return fail(response, { status: code === 'too_large' ? 413 : 400, type: 'validation_error', message });
    }
    const sent = { ...toHead(request, path, request.ip), body };
    const headers = headersOfWebhook(sent.headers);
    const checkSignature = source.proofHeaders.some((proof) => headers[proof] !== undefined);
    const webhook = { ...sent, headers, receivedAt: receivedAt(headers, sent.receivedAt, source) };
    response.json({ data: await explain(source, webhook, { ...parts, checkSignature }) });
  };
}

function headersOfWebhook(sent: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const authorization = sent['x-preview-authorization'];
  return {
    ...Object.fromEntries(Object.entries(sent).filter(([header]) => !OWN_HEADERS.has(header))),
    ...(authorization !== undefined && { authorization }),
  };
}
