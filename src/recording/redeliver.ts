import type { DeploymentView } from '../domain/view.ts';
import { wantedBy } from '../domain/wanted.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import type { Inbox } from '../store/inbox/inbox.ts';

export interface RedeliverParts {
  readonly sinks: readonly Sink[];
  readonly deployments: Pick<Deployments, 'list' | 'get'>;
  readonly forward: (sink: Sink, view: DeploymentView) => Promise<void>;
}

export interface Redelivered {
  /** Number of deployments of that period in the change log. */
  readonly looked: number;
  /** Number of those that the sink wants and that were queued. Earlier deliveries are not repeated. */
  readonly queued: number;
}

/** @returns undefined when there is no such sink */
export type Redeliver = (order: {
  readonly sink: string;
  readonly since: Date;
  readonly dryRun: boolean;
}) => Promise<Redelivered | undefined>;

/** Read and queued before the next ones are read. */
const AT_ONCE = 100;

/** For a sink that was added later: queues the deployments of the change log since a given time. */
export function createRedeliver({ sinks, deployments, forward }: RedeliverParts): Redeliver {
  return async ({ sink: name, since, dryRun }) => {
    const sink = sinks.find((candidate) => candidate.name === name);
    if (!sink) return undefined;
    let looked = 0;
    let queued = 0;
    for (;;) {
      const page = { facets: {}, sinceMs: since.getTime(), limit: AT_ONCE, offset: looked };
      const { deployments: listed } = await deployments.list(page);
      const views = await Promise.all(listed.map(({ key }) => deployments.get(key)));
      const found = views.filter((view) => view !== undefined).filter((view) => wantedBy(sink, view).wanted);
      if (!dryRun) await Promise.all(found.map((view) => forward(sink, view)));
      looked += listed.length;
      queued += found.length;
      if (listed.length < AT_ONCE) return { looked, queued };
    }
  };
}

export type CatchUp = (sinks: readonly string[], since: Date) => Promise<void>;

/**
 * For sinks that other replicas had not configured yet: queues the deployments that webhooks since then reported.
 */
export function createCatchUp(parts: RedeliverParts & { readonly inbox: Pick<Inbox, 'list'> }): CatchUp {
  const { deployments, inbox, forward } = parts;
  return async (names, since) => {
    const sinks = parts.sinks.filter(({ name }) => names.includes(name));
    const from = since.toISOString();
    for (let offset = 0; ; offset += AT_ONCE) {
      const { entries } = await inbox.list({ limit: AT_ONCE, offset, only: 'webhooks' });
      const recent = entries.filter(({ receivedAt }) => receivedAt >= from);
      const keys = new Set(recent.flatMap((entry) => entry.deployments));
      const views = (await Promise.all([...keys].map((key) => deployments.get(key)))).filter(
        (view) => view !== undefined,
      );
      for (const sink of sinks)
        await Promise.all(views.filter((view) => wantedBy(sink, view).wanted).map((view) => forward(sink, view)));
      if (recent.length < AT_ONCE) return;
    }
  };
}
