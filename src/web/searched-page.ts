import type { Deployments } from '../store/changes/deployments.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { deploymentPath, namedIn, webhookPath } from '../values/own-page.ts';

interface Stores {
  readonly deployments: Pick<Deployments, 'get'>;
  readonly inbox: Pick<Inbox, 'get'>;
}

/** The page of the deployment or webhook whose key, id or address somebody searches for. Undefined: another text. */
export async function searchedPage({ deployments, inbox }: Stores, text: unknown): Promise<string | undefined> {
  const named = typeof text === 'string' ? namedIn(text) : undefined;
  if (!named) return undefined;
  const { page, name } = named;
  if (page !== 'inbox' && (await deployments.get(name))) return deploymentPath(name);
  if (page !== 'deployments' && (await inbox.get(name))) return webhookPath(name);
  return undefined;
}
