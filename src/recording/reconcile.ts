import { ChangeRecord } from '../domain/change-record.ts';
import { isFinal, transition } from '../domain/deployment.ts';
import { ResolveFailed } from '../domain/errors.ts';
import type { Source } from '../sources/source.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import { abortingAfter } from '../values/within.ts';
import type { Conclusion } from './conclusion.ts';

/** The result of asking the tool of one source for past deployments. */
export interface Reconciled {
  readonly source: string;
  /** ISO 8601 UTC. */
  readonly since: string;
  /** Number of records that the tool's API listed. */
  readonly listed: number;
  /** Deployments that were missing or out of date here, and have been recorded now. */
  readonly recorded: readonly string[];
  /** The problem, when it needs an operator. */
  readonly warnings: readonly string[];
  /** Why the list is incomplete. */
  readonly failed?: string;
}

export interface ReconcileParts {
  readonly sources: readonly Source[];
  readonly deployments: Deployments;
  readonly recordStep: (step: ChangeRecord) => Promise<Conclusion>;
  readonly clock: () => Date;
}

/** Time limit for one source, milliseconds. The next run starts again from the same moment. */
const RUN_WITHIN_MS = 10 * 60_000;

export const canReconcile = (source: Source): boolean => source.missed !== undefined;

/** Records deployments that the tools never reported. A second run changes nothing. */
export function createReconcile({ sources, deployments, recordStep, clock }: ReconcileParts) {
  return async function reconcile(name: string, since: Date): Promise<Reconciled> {
    const source = sources.find((candidate) => candidate.name === name);
    const report = {
      source: name,
      since: since.toISOString(),
      listed: 0,
      recorded: [] as string[],
      warnings: [] as string[],
    };
    const missed = source?.missed;
    if (!missed) return { ...report, failed: `source ${name} has no token for its tool's API: set api.token` };
    const warn = (finding: string) => void report.warnings.push(finding);
    try {
      await abortingAfter(RUN_WITHIN_MS, async (signal) => {
        for await (const page of missed(since, { signal, now: clock(), warn })) {
          report.listed += page.length;
          for (const record of page) report.recorded.push(...(await recordMissing(ChangeRecord.parse(record))));
        }
      });
    } catch (error) {
      if (!(error instanceof ResolveFailed)) throw error;
      return { ...report, failed: error.message };
    }
    return report;
  };

  /** True when the deployment is recorded up to this state. Most are, and their webhooks held more details. */
  async function recordMissing(record: ChangeRecord): Promise<string[]> {
    const view = await deployments.get(record.deployment);
    const reported = view && { state: view.deployment.state, at: view.deployment.occurredAt };
    const isNews = transition(reported, { state: record.state, at: record.occurredAt }) === 'apply';
    // A webhook reports a failed job and one that never ran with the same status: only the tool's API tells which.
    const saysWhy = record.endReason !== undefined && view?.deployment.endReason === undefined;
    if (!isNews && !(saysWhy && view && isFinal(view.deployment.state))) return [];
    // Look it up by its aliases too: the API may list a deployment under another id than the webhooks.
    const step = view ? { ...record, deployment: view.deployment.key } : record;
    const { verdict, deployments: keys = [] } = await recordStep(step);
    return verdict === 'recorded' ? [...keys] : [];
  }
}
export type Reconcile = ReturnType<typeof createReconcile>;
