import { digest } from '../domain/change-record.ts';
import { type Deployment, momentOf } from '../domain/deployment.ts';
import { repositoryNaming, serviceIdentity } from '../domain/service.ts';
import type { Delivered, DeliveryLedger } from './sink.ts';

/** Destinations document no lengths; an id this long is no name any more. */
const LONGEST_ID = 200;

/**
 * The alert that a deployment opens or closes, for destinations that keep one: one service in one environment. Where
 * either is unknown, a success must not close the alert of another service: then the alert is that of the deployment
 * alone. It is the lane of such a sink as well (Sink.lane).
 */
export function alertOf(deployment: Deployment): string {
  const { key, service, serviceId, environment } = deployment;
  const isKnown = (service !== 'unknown' || serviceId !== undefined) && environment.name !== 'unknown';
  const parts = [distinctName(deployment), environment.name];
  // Without it, two pairs of names could have the same id.
  const id = isKnown ? parts.map((part) => part.replaceAll(':', '%3A')).join(':') : key;
  return id.length > LONGEST_ID ? digest(id) : id;
}

/** A service with only its repository's name is identified by the whole path: two teams may each have an `api`. */
export function distinctName(deployment: Deployment): string {
  const path = deployment.serviceId === undefined ? repositoryNaming(deployment) : undefined;
  const identity = serviceIdentity(deployment);
  return path === undefined ? identity : `${path}${identity.slice(deployment.service.length)}`;
}

/**
 * The answer in place of a request that is older than the last one for the alert: a delivery that was held up must not
 * open what was closed since, nor close what was opened since.
 */
export function isReportedLater(
  deployment: Deployment,
  { known: { delivered, deliveredInLane } }: DeliveryLedger,
  destination: string,
): Delivered | undefined {
  if (!deliveredInLane || deliveredInLane.at <= momentOf(deployment).at) return undefined;
  // Its own earlier state, by another clock: not another deployment.
  if (delivered && delivered.at === deliveredInLane.at && delivered.state === deliveredInLane.state) return undefined;
  const later = `${deliveredInLane.state} at ${deliveredInLane.at}`;
  return { message: `not sent: ${destination} knows of a later deployment there already (${later})` };
}
