/**
 * No JWT library: nothing is verified or signed here. One date is read of a token of the configuration, and a library
 * (jose) would decode it in one line less.
 */
import { z } from 'zod';

const YEAR_9999_SECONDS = 253_402_300_799; // what a Date writes with four digits

/**
 * Seconds since 1970 (RFC 7519, 4.1.4). Absent from tokens that never end: those of `argocd account generate-token` by
 * default.
 */
const Claims = z.object({ exp: z.number().positive().max(YEAR_9999_SECONDS) });

/** Argo CD's tokens are JWTs. Only Argo CD can verify one: here only a date is read. */
export function expiresAt(token: string): Date | undefined {
  const { data } = Claims.safeParse(parseClaims(token.split('.')[1] ?? ''));
  return data && new Date(data.exp * 1000);
}

function parseClaims(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined; // another kind of token
  }
}
