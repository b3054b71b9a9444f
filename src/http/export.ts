import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { Deployment } from '../domain/deployment.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import type { ChangeSelection } from '../store/changes/search/filter.ts';
import { csvRow } from '../values/csv.ts';
import { createMask } from '../values/mask.ts';
import type { Change } from './answers/change.ts';
import { toChange } from './change.ts';

const COLUMNS = [
  'deployment',
  'occurred_at',
  'status',
  'change_type',
  'service',
  'environment',
  'environment_tier',
  'commit_sha',
  'branch',
  'summary',
  'commit_message',
  'changed_by',
  'owner',
  'source',
  'risk_level',
  'repository',
  'pr_number',
  'pr_url',
  'pipeline_url',
  'job_url',
  'commit_url',
  'started_at',
  'finished_at',
  'duration_seconds',
  'tags',
] as const satisfies readonly (keyof Change)[];

export type ExportFormat = 'csv' | 'ndjson';
const TYPES = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' } as const;

export interface ExportOrder {
  readonly selection: ChangeSelection;
  readonly format: ExportFormat;
  /** Absent: all that match. */
  readonly limit?: number | undefined;
  /** Reduces a deployment to what the reader may see. */
  readonly toItem?: (deployment: Deployment) => Change;
}

/** Writes the change log as a file, the newest first, no faster than it is read: one page of it is in memory. */
export async function exportChanges(
  deployments: Pick<Deployments, 'scan'>,
  order: ExportOrder,
  response: Response,
): Promise<void> {
  const { format } = order;
  response.set({
    'content-type': TYPES[format],
    'content-disposition': `attachment; filename="shiplog-changes.${format}"`,
    'cache-control': 'no-store',
  });
  try {
    await pipeline(Readable.from(lines(deployments, order), { highWaterMark: 1 }), response);
  } catch (error) {
    // The reader may stop; and an answer that has begun can only be aborted, so that nobody takes half for the whole.
    if (!response.headersSent) throw error;
    response.destroy();
  }
}

async function* lines(
  deployments: Pick<Deployments, 'scan'>,
  { selection, format, limit, toItem = toChange }: ExportOrder,
) {
  if (format === 'csv') yield csvRow(COLUMNS);
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const page of deployments.scan(selection)) {
    const text = page.slice(0, left).map((deployment) => line(toItem(deployment), format));
    left -= text.length;
    if (text.length > 0) yield text.join('');
    if (left <= 0) return;
  }
}

/** An earlier release did not mask secrets. */
const MASK = createMask([]);

const line = (change: Change, format: ExportFormat): string =>
  format === 'csv' ? csvRow(COLUMNS.map((name) => cellOf(change[name]))) : `${MASK.json(change)}\n`;

function cellOf(value: Change[(typeof COLUMNS)[number]]): string | number | null {
  if (typeof value !== 'object' || value === null) return value;
  return 'team' in value ? value.team : value.join(' ');
}
