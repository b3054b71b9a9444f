import { isFinal, type Moment, momentOf, transition } from './domain/deployment.ts';
import { DeliveryFailed } from './domain/errors.ts';
import type { DeploymentView } from './domain/view.ts';
import { isRoutedTo } from './domain/wanted.ts';
import type { Sink } from './sinks/sink.ts';
import type { Deployments } from './store/changes/deployments.ts';
import type { Ledger } from './store/deliveries/ledger.ts';

export interface ForwardParts {
  readonly deployments: Deployments;
  readonly ledger: Ledger;
  readonly clock: () => Date;
  /** The display name of a type of source. */
  readonly sourceName: (type: string) => string | undefined;
  /** Applies the names and owners of the configuration to a view, as `deployments` does when it reads one. */
  readonly named: (view: DeploymentView) => DeploymentView;
  /** The public address of our own page of a deployment; undefined when none is configured. */
  readonly pageUrl: (key: string) => string | undefined;
  readonly onDelivered: (sink: Sink, view: DeploymentView) => void;
}

export type Forwarded = 'delivered' | 'duplicate' | 'stale' | 'unwanted' | 'gone';

/**
 * Story 3: delivers a deployment to a sink, in its current state, not in the state that it had when the job was made.
 * @throws DeliveryFailed, which says whether and when to retry (queue/workers.ts applies it).
 */
export function createForward(parts: ForwardParts) {
  const { deployments, ledger, clock, named, sourceName, pageUrl, onDelivered } = parts;
  /** @param justWritten the view, when the caller has just written it: it is not read again. */
  async function forward(sink: Sink, key: string, justWritten?: DeploymentView): Promise<Forwarded> {
    const viewed = justWritten ? Promise.resolve(named(justWritten)) : deployments.get(key);
    viewed.catch(() => {}); // the caller handles the rejection
    // Where the lease does not depend on the deployment, it is acquired while the view is read.
    const scope = sink.lane || sink.echo ? leaseScopeOf(sink, await viewed) : {};
    const done = await ledger.exclusive({ sink: sink.name, deployment: key, ...scope }, async (entry, signal) => {
      const seen = await viewed;
      const { delivered } = entry.known;
      const routed = seen && isOtherEnd(delivered, seen) ? await deployments.get(key) : seen;
      if (!routed) return 'gone';
      const { deployment } = routed;
      if (deployment.key !== key) return { joinedTo: deployment.key };
      const moment = momentOf(deployment);
      const step = isOtherEnd(delivered, routed) ? 'apply' : transition(delivered, moment);
      if (step !== 'apply') return step;
      const isFollowed = entry.known.remoteId !== undefined && sink.follows?.(deployment) === true;
      if (!isRoutedTo(sink, routed) || !(isFollowed || sink.wants(deployment).wanted)) return 'unwanted';
      const context = { signal, now: clock(), sourceName: sourceName(deployment.source), pageUrl: pageUrl(key) };
      try {
        await entry.delivered(moment, await sink.deliver(deployment, entry, context));
      } catch (error) {
        const status = error instanceof DeliveryFailed ? error.status : undefined;
        const message = error instanceof Error ? error.message : String(error);
        await entry.attempted({ state: moment.state, outcome: 'failed', words: message, ...(status && { status }) });
        throw error;
      }
      onDelivered(sink, routed);
      return 'delivered';
    });
    // What a joined deployment received is in the ledger of its present key, not of the one that the job was made for.
    return typeof done === 'string' ? done : forward(sink, done.joinedTo);
  }
  return forward;
}

/**
 * The times of two ends do not say which one counts: one of them may be the time at which a post came in. A view that
 * was read before the lease was acquired may be the older one, so that it has to be read again.
 */
const isOtherEnd = (sent: Moment | undefined, { deployment: { state } }: DeploymentView): boolean =>
  sent !== undefined && isFinal(sent.state) && isFinal(state) && sent.state !== state;

function leaseScopeOf(sink: Sink, view: DeploymentView | undefined) {
  const lane = view && sink.lane?.(view.deployment);
  const echo = view && sink.echo?.(view.deployment);
  return { ...(lane && { lane }), ...(echo && { echo }) };
}
