import { z } from 'zod';
import type { OidcLogin } from '../config/auth.ts';
import { deriveFrom } from '../http/access.ts';
import { sameSecret } from '../sources/signature.ts';
import { HOUR_MS } from '../values/units.ts';
import type { Viewer } from './parts/action-form.tsx';
import type { Person } from './person.ts';

/** A person who may open the pages. */
export type Admitted = Person & { readonly role: 'admin' | 'viewer' };

/** Sessions of people who logged in by a provider. They are stored with those of tokens, and end with them. */
export interface PersonSessions {
  readonly lifetimeMs: number;
  /** The content of a stored session: the person, its end, and a signature. */
  write(id: string, person: Admitted): string;
  /** Undefined: there is no such session, it has ended, or the configuration has changed the rights. */
  read(id: string, kept: string): Viewer | undefined;
  /** The same for the state that the browser keeps while it is at the provider. */
  seal(text: string): string;
  unseal(sealed: string): string | undefined;
}

const MARK = 'person';
const Kept = z.object({ name: z.string(), role: z.enum(['admin', 'viewer']), until: z.number() });

export function createPersonSessions(login: OidcLogin, clock: () => Date): PersonSessions {
  const { issuer, client_id, client_secret, groups_claim, admin, read } = login;
  const lifetimeMs = login.session_hours * HOUR_MS;
  // Somebody who is no longer named in the configuration must not keep their rights.
  const key = deriveFrom(client_secret, JSON.stringify([issuer, client_id, groups_claim, admin, read]));
  const signature = (id: string, body: string) => deriveFrom(key, `person ${id} ${body}`);
  return {
    lifetimeMs,
    write(id, { name, role }) {
      const body = encode(JSON.stringify({ name, role, until: clock().getTime() + lifetimeMs }));
      return `${MARK}.${body}.${signature(id, body)}`;
    },
    read(id, kept) {
      const [mark, body, signed] = kept.split('.');
      if (mark !== MARK || body === undefined || signed === undefined) return undefined;
      if (!sameSecret(signed, signature(id, body))) return undefined;
      const { name, role, until } = Kept.parse(JSON.parse(decode(body))); // we wrote it
      if (until <= clock().getTime()) return undefined;
      return { role, name, login: 'oidc', formToken: deriveFrom(key, `forms of ${id}`) };
    },
    seal(text) {
      const body = encode(text);
      return `${body}.${deriveFrom(key, `sealed ${body}`)}`;
    },
    unseal(sealed) {
      const [body = '', signed = ''] = sealed.split('.');
      return sameSecret(signed, deriveFrom(key, `sealed ${body}`)) ? decode(body) : undefined;
    },
  };
}

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const decode = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');
