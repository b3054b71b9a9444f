import { digest } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { distinctName } from '../one-alert.ts';
import type { DeliveryLedger } from '../sink.ts';

/** By which Jira identifies a deployment: it is the same for all its states, even when more becomes known of it. */
export interface Identity {
  readonly sequence: number;
  readonly pipeline: string;
  readonly environment: string;
}

/** Short enough to be read in an address; a longer name has a digest in its place. */
const ID_CHARS = 100;
const idOf = (name: string): string => (name.length > ID_CHARS ? digest(name) : name);

/** Numbers grow with the time of the start: Jira shows the highest one of a pipeline and environment as the latest. */
export const identityOf = (deployment: Deployment): Identity => ({
  sequence: Date.parse(deployment.startedAt ?? deployment.occurredAt),
  pipeline: idOf(distinctName(deployment)),
  environment: idOf(deployment.environment.name),
});

export const remoteIdOf = ({ sequence, pipeline, environment }: Identity): string =>
  [sequence, encodeURIComponent(pipeline), encodeURIComponent(environment)].join('/');

/** Undefined for an id that this sink did not write. */
function identityIn(remoteId: string | undefined): Identity | undefined {
  const [sequence = '', pipeline, environment] = remoteId?.split('/') ?? [];
  if (!/^\d{1,15}$/.test(sequence) || pipeline === undefined || environment === undefined) return undefined;
  return {
    sequence: Number(sequence),
    pipeline: decodeURIComponent(pipeline),
    environment: decodeURIComponent(environment),
  };
}

/** How many deployments of one pipeline and environment may begin in the same millisecond. */
const SAME_START = 100;

/**
 * Its identity there, stored before the first request: facts that become known later, such as a time or the name of the
 * service, must not make another deployment of it.
 */
export async function claimed(ledger: DeliveryLedger, first: Identity): Promise<Identity> {
  const known = identityIn(ledger.known.remoteId);
  if (known) return known;
  for (let add = 0; add < SAME_START; add += 1) {
    const identity = { ...first, sequence: first.sequence + add };
    if (await ledger.claim(remoteIdOf(identity))) return identity;
  }
  throw new DeliveryFailed(`no number is free for a deployment that began at ${first.sequence}`, { retry: 'backoff' });
}
