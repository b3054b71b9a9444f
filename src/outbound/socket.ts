import { Socket } from 'node:net';
import { type AddressScope, guardedLookup } from './guard.ts';

/**
 * A TCP connection that is not open yet, for a client that speaks another protocol than HTTP. A host name that resolves
 * to a blocked address (guard.ts) fails with AddressRefused when it connects. Proxies carry HTTP, and are not used.
 */
export function guardedSocket(reach: AddressScope): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const lookup = guardedLookup(reach);
  return Object.assign(socket, { connect: (port: number, host: string) => connect({ port, host, lookup }) });
}
