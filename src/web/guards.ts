import type { RequestHandler } from 'express';
import { requireForm } from './csrf.ts';
import { html, localPath } from './html.ts';
import { refuse } from './not-allowed.ts';
import { page } from './parts/layout.tsx';
import { viewerOf } from './session.ts';

/** Lets readers pass; redirects everybody else to the login page, and back from there. */
export const requireReader: RequestHandler = (request, response, next) => {
  if (viewerOf(request)) return next();
  if (request.headers.authorization)
    return refuse(response.status(401), { message: 'The Authorization header holds no token that opens the pages.' });
  const to = localPath(request.originalUrl) ?? '/';
  // A strict cookie is not sent with a link from a chat or a pager. When the page is loaded once more from our own
  // page, it is.
  if (request.headers['sec-fetch-site'] === 'cross-site' && request.method === 'GET') {
    return void response.send(page({ title: 'One moment', goTo: to, body: html`<p><a href="${to}">Continue</a></p>` }));
  }
  // The target of a form is no page to come back to; the page that contained the form is.
  const back = request.method === 'GET' || !to.startsWith('/actions') ? to : '/';
  response.redirect(303, `/login?next=${encodeURIComponent(back)}`);
};

/** Only an admin may act, and only by a form of ours. */
export const requireAdmin: readonly RequestHandler[] = [
  (request, response, next) => {
    const who = viewerOf(request);
    if (who?.role === 'admin') return next();
    refuse(response.status(403), {
      message: 'Viewers cannot change anything, and see no secrets. Log in as an admin to do this.',
      who,
    });
  },
  ...requireForm,
];
