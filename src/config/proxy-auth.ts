import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const isRange = (text: string): boolean => ipaddr.isValidCIDR(text) || ipaddr.isValid(text);

export const ProxyHeader = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,60}$/, 'write the name of a header, such as X-Forwarded-User')
  .transform((name) => name.toLowerCase());

export const TrustedProxies = z
  .array(z.string().refine(isRange, 'write an address or a range, such as 10.0.0.7 or 10.0.0.0/8'))
  .min(1, 'name the addresses of the proxy: any other sender could forge the header');

/** A proxy that has authenticated a person, and names them in a header. Other senders could write the same header. */
export interface ProxyAuth {
  readonly proxy_header: string;
  readonly trusted: readonly string[];
}
