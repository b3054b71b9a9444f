import { lookup as lookUp } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What a host name may resolve to. `public`: the operator of the bridge did not choose the address, so that no inner
 * network can be meant.
 */
export type AddressScope = 'public' | 'private';

/** Ranges that ipaddr.js calls neither public nor an inner network. A cloud's metadata service is link-local. */
const INNER = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);

/**
 * Metadata services of clouds that are neither link-local nor reserved: a request to one returns the machine's own
 * credentials. AWS (IMDS, EKS Pod Identity), Google, Oracle, Alibaba, Azure (WireServer).
 */
const METADATA = new Set(
  ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', '100.100.100.200', '168.63.129.16'].map(
    (address) => ipaddr.parse(address).toNormalizedString(),
  ),
);

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'ADDRESS_REFUSED';
}

/**
 * Looks a host name up for one connection and refuses addresses that it must not resolve to: the owner of a name could
 * otherwise point it at this machine or at the metadata service, also between two requests (DNS rebinding). A numeric
 * address, or `localhost`, was configured on purpose.
 */
export function guardedLookup(reach: AddressScope, lookUpAll = lookUp): LookupFunction {
  return (hostname, options, callback) => {
    lookUpAll(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const refused = addresses.find(({ address }) => !isAllowed(hostname, address, reach));
      if (refused)
        return callback(
          new AddressRefused(`${hostname} resolves to ${refused.address}, an address that is blocked`),
          [],
        );
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      if (!first) return callback(new AddressRefused(`${hostname} resolves to no address`), []);
      callback(null, first.address, first.family);
    });
  };
}

function isAllowed(hostname: string, address: string, reach: AddressScope): boolean {
  const parsed = ipaddr.process(address);
  if (METADATA.has(parsed.toNormalizedString())) return false;
  const range = parsed.range();
  if (range === 'loopback') return hostname === 'localhost' || hostname.endsWith('.localhost');
  return range === 'unicast' || (reach === 'private' && INNER.has(range));
}
