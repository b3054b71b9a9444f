import { type RequestHandler, Router } from 'express';
import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';
import type { Deployments } from '../store/deployments.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Ledger } from '../store/ledger.ts';

export interface PageParts {
  readonly tokens: readonly string[];
  readonly deployments: Deployments;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly sources: readonly Source[];
  readonly sinks: readonly Sink[];
}

/** The pages a person looks at. */
export function createPages(_parts: PageParts): RequestHandler {
  return Router();
}
