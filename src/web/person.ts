import type { OidcLogin } from '../config/auth.ts';
import { withoutControls } from '../values/controls.ts';
import { asObject } from '../values/json.ts';
import { cutUnits, firstItems } from '../values/text.ts';

/** The person who came back from the provider, and their rights. */
export interface Person {
  /** The log names it beside the action. */
  readonly name: string;
  /** Undefined: none of their groups opens the pages. */
  readonly role: 'admin' | 'viewer' | undefined;
}

type Claims = Readonly<Record<string, unknown>>;
type Rules = Pick<OidcLogin, 'groups_claim' | 'name_claim' | 'admin' | 'read'>;

/** From a header of a proxy. The name of a person is shorter. */
const NAME_CHARS = 200;
/** The first of these that the provider sends: a readable name, else the stable id. */
const NAME_CLAIMS = ['preferred_username', 'nickname', 'email', 'name', 'sub'];

export function personOf(claims: Claims, rules: Rules): Person {
  const groups = groupsIn(claims, rules.groups_claim);
  const isIn = (allowed: readonly string[]) => allowed.some((group) => groups.has(group));
  const role = isIn(rules.admin) ? 'admin' : rules.read.includes('*') || isIn(rules.read) ? 'viewer' : undefined;
  return { name: nameIn(claims, rules.name_claim), role };
}

function nameIn(claims: Claims, configured: string | undefined): string {
  const names = [...(configured === undefined ? [] : [configured]), ...NAME_CLAIMS];
  for (const claim of names) {
    const value = valueAt(claims, claim);
    const name = typeof value === 'string' ? cutUnits(withoutControls(value).trim(), NAME_CHARS) : '';
    if (name !== '') return name;
  }
  return 'a user without a name';
}

/** A list of texts, or one. An e-mail address that the provider has not verified may be anybody's. */
function groupsIn(claims: Claims, claim: string): ReadonlySet<string> {
  if (claim === 'email' && claims['email_verified'] !== true) return new Set();
  const value = valueAt(claims, claim);
  const list: unknown = typeof value === 'string' ? [value] : firstItems(value);
  return new Set(Array.isArray(list) ? list.filter((group) => typeof group === 'string') : []);
}

/** By the whole name, which may hold dots (https://example.com/groups); else dots lead into it (realm_access.roles). */
function valueAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    const holder = asObject(value);
    if (!holder || !Object.hasOwn(holder, part)) return undefined;
    value = holder[part];
  }
  return value;
}
