import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { readForm } from '../http/form.ts';
import { sameSecret } from '../sources/signature.ts';
import { refuse } from './not-allowed.ts';
import { FORM_TOKEN } from './parts/action-form.tsx';
import { viewerOf } from './session.ts';

/**
 * Reads a form, and lets it pass if it has the CSRF token of the sender's own session: no other site can know it, even
 * where a browser sends our cookie. The token is derived from the session and the token that opened it, so that nothing
 * more is stored; CSRF libraries (csrf-csrf) keep a second cookie and a secret of their own.
 */
export const requireForm: readonly RequestHandler[] = [readForm, checkForm];

function checkForm(request: Request, response: Response, next: () => void): void {
  if (request.method === 'GET') {
    next(); // changes nothing
    return;
  }
  const who = viewerOf(request);
  if (!who) {
    refuse(response.status(403), { message: 'You are no longer logged in. Reload the page and log in.' });
    return;
  }
  const sent = z.object({ [FORM_TOKEN]: z.string() }).safeParse(request.body ?? {});
  const isOurs =
    who.formToken === undefined || (sent.success && sameSecret(sent.data[FORM_TOKEN] ?? '', who.formToken));
  if (isOurs) next();
  else
    refuse(response.status(403), {
      message:
        'This form does not belong to your current session: you logged in again, or another site sent it. ' +
        'Reload the page and try again.',
      who,
    });
}
