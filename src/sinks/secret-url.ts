import { z } from 'zod';

/** Shorter parts of a path are words, such as POSTAlert: masking these everywhere would make logs unreadable. */
const KEY_CHARACTERS = 12;

/** An address whose path is a credential. Errors must not repeat it. */
export const SecretUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, username, hash } = new URL(text);
  return /^https?:$/.test(protocol) && pathname.length > 1 && !username && !hash;
}, 'write the API URL of the integration, such as https://alerts.example.com/<key>');

/** All that must never be shown: the address, its path, and what in it looks like a key. */
export function secretsOf(address: string): string[] {
  const { href, pathname, search } = new URL(address);
  const parts = [`${pathname}${search}`, pathname, ...pathname.split('/'), ...new URLSearchParams(search).values()];
  const keys = parts.filter((part) => part.length >= KEY_CHARACTERS);
  return [...new Set([address, href, ...keys, ...keys.map(decode)])];
}

/** `https://alerts.example.com/[secret]` */
export const withoutPath = (address: string): string => `${new URL(address).origin}/[secret]`;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % is no encoding
  }
}
