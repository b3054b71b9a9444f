export interface NamedInPage {
  readonly page: 'deployments' | 'inbox';
  /** The key of the deployment, or the id of the webhook. */
  readonly name: string;
}

/** What the address of one of our pages shows. Undefined: any other address, or no address. */
export function namedInOwnPage(address: string): NamedInPage | undefined {
  if (!URL.canParse(address)) return undefined;
  const { pathname } = new URL(address);
  const [, page, name] = /\/(deployments|inbox)\/([^/].*)$/.exec(pathname) ?? [];
  if (name === undefined || pathname.includes('/-/')) return undefined; // a page of a forge
  try {
    return { page: page as NamedInPage['page'], name: decodeURIComponent(name) };
  } catch {
    return undefined; // a lone "%"
  }
}
