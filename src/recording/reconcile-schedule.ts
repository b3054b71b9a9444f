import type { Source } from '../sources/source.ts';
import type { ReconciledUntil } from '../store/changes/reconciled-until.ts';
import { canReconcile, type Reconcile, type Reconciled } from './reconcile.ts';

export interface ScheduleParts {
  readonly sources: readonly Source[];
  readonly reconcile: Reconcile;
  readonly reconciledUntil: ReconciledUntil;
  /** Runs the work unless another replica does it at this moment. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly everyMs: number;
  /** The maximum period that one run looks back, milliseconds. */
  readonly lookBackMs: number;
  readonly clock: () => Date;
  readonly onReport: (report: Reconciled) => void;
  readonly onError: (error: unknown) => void;
}

/** Overlap of two runs: a deployment may appear late in the tool's list, and clocks differ. */
const OVERLAP_MS = 15 * 60_000;
/** If another replica ran within this share of the interval, this one skips its run. */
const FRESH = 0.5;

/**
 * Reconciles at start and then at intervals. The very first run only stores the time: earlier deployments are imported
 * by `shiplog backfill`, on request.
 */
export function scheduleReconcile(parts: ScheduleParts): { stop(): void } {
  const { sources, reconcile, reconciledUntil, alone, everyMs, lookBackMs, clock } = parts;
  let busy = false;
  const runOne = async (source: Source): Promise<void> => {
    const startedAt = clock();
    const last = await reconciledUntil.get(source.name);
    if (last && Math.abs(startedAt.getTime() - last.getTime()) < everyMs * FRESH) return;
    if (last) {
      const sinceMs = Math.max(last.getTime() - OVERLAP_MS, startedAt.getTime() - lookBackMs);
      const report = await reconcile(source.name, new Date(sinceMs));
      parts.onReport(report);
      if (report.failed) return;
    }
    await reconciledUntil.set(source.name, startedAt);
  };
  const run = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    await alone(async () => {
      for (const source of sources.filter(canReconcile)) await runOne(source).catch(parts.onError);
    }).catch(parts.onError);
    busy = false;
  };
  const timer = setInterval(() => void run(), parts.everyMs);
  void run();
  return { stop: () => clearInterval(timer) };
}
