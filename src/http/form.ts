import { parse } from 'node:querystring';
import type { RequestHandler } from 'express';
import { readBody } from './body.ts';
import { createBodyBudget } from './body-budget.ts';
import { networkOf } from './refusals.ts';

/** Our forms have a handful of short fields. */
const MOST_BYTES = 8 * 1024;
const MOST_FIELDS = 50;
/** Total of all forms at once: unauthenticated senders may send one, and none may take more than a small share. */
const ALL_BYTES = 4 * 1024 * 1024;
const budget = createBodyBudget({ provedBytes: ALL_BYTES, unprovedBytes: ALL_BYTES });

/** Reads an HTML form: `request.body` holds its fields, a repeated field as a list. */
export const readForm: RequestHandler = async (request, response, next) => {
  if (request.method !== 'POST' || !request.is('application/x-www-form-urlencoded')) return next();
  const share = budget.open({ address: networkOf(request.ip), source: 'forms', proved: false });
  try {
    const body = await readBody(request, { limit: MOST_BYTES, proved: false, share });
    if (body === undefined) return next(new Error('the request ended early'));
    if (!Buffer.isBuffer(body)) {
      response.status(body === 'busy' ? 503 : 413).json({ error: 'the form cannot be read: it is too large' });
      return;
    }
    request.body = parse(body.toString('utf8'), undefined, undefined, { maxKeys: MOST_FIELDS });
  } finally {
    share.release();
  }
  next();
};
