import type { Deployments } from '../store/changes/deployments.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { namedInOwnPage } from '../values/own-page.ts';

/** Keys have a colon, and ids of webhooks are UUIDs: other texts are not looked up. */
const MAY_BE_NAME = /^(?=.{8,1000}$)(?:[^\s:]+:\S+|[\da-f-]{36})$/;

interface Stores {
  readonly deployments: Pick<Deployments, 'get'>;
  readonly inbox: Pick<Inbox, 'get'>;
}

/** The page of the deployment or webhook whose key, id or address somebody searches for. Undefined: another text. */
export async function searchedPage({ deployments, inbox }: Stores, text: unknown): Promise<string | undefined> {
  const searched = typeof text === 'string' ? text.trim() : '';
  const { page, name } = namedInOwnPage(searched) ?? { page: undefined, name: searched };
  if (!MAY_BE_NAME.test(name)) return undefined;
  if (page !== 'inbox' && (await deployments.get(name))) return `/deployments/${encodeURIComponent(name)}`;
  if (page !== 'deployments' && (await inbox.get(name))) return `/inbox/${encodeURIComponent(name)}`;
  return undefined;
}
