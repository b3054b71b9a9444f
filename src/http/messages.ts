import { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';

/**
 * Express gives every request and response another prototype. V8 then makes hidden classes for each of them, which
 * takes longer than reading and answering the request, and fills the old generation with 10 kB a request. These classes
 * have the right prototype from the start.
 */
export function createMessages() {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  return {
    classes: { IncomingMessage: Request, ServerResponse: Response },
    /** From now on they are this app's. */
    adopt(app: Express): void {
      Object.setPrototypeOf(Request.prototype, app.request);
      Object.setPrototypeOf(Response.prototype, app.response);
      Object.assign(app, { request: Request.prototype, response: Response.prototype });
    },
  };
}
