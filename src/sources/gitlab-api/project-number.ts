import { z } from 'zod';
import { NotKept } from '../../domain/errors.ts';
import type { Rows } from '../rows.ts';
import { Refusal } from './refusal.ts';

/**
 * GitLab's own numbers of projects stay below it, and a client with 32-bit numbers can still read those above: typed
 * clients take no text for an id.
 */
const FIRST = 2_000_000_000;

const ProjectRow = z.object({ project: z.string() });

interface ApiName {
  /** The name of the configured source. */
  readonly instance: string;
}

/** No project has this name: a path has no "#". */
const tableOf = ({ instance }: ApiName): string => `${instance}:#projects`;

/**
 * The number of a project: GitLab's, when it was named by that, else one of ours, which pathOf() turns back into the
 * path.
 * @throws NotKept
 */
export async function numberOf(project: string, rows: Rows, api: ApiName): Promise<number> {
  if (/^\d{1,15}$/.test(project)) return Number(project);
  const slot = project.toLowerCase();
  const known = await rows.newest(tableOf(api), slot);
  const added = known ?? (await rows.add(tableOf(api), { slot, after: undefined, row: { project } }));
  const kept = added ?? (await rows.newest(tableOf(api), slot)); // another request was sooner
  if (!kept) throw new NotKept('the number of the project could not be stored');
  return FIRST + kept.id;
}

/**
 * The path of a project that was named by a number of ours; anything else is returned as it is.
 * @throws Refusal for a number that we never gave out; NotKept
 */
export async function pathOf(project: string, rows: Rows, api: ApiName): Promise<string> {
  const number = /^\d{10,15}$/.test(project) ? Number(project) : 0;
  if (number <= FIRST) return project;
  const stored = await rows.get(tableOf(api), number - FIRST);
  if (stored) return ProjectRow.parse(stored.row).project;
  throw new Refusal(404, { message: '404 Project Not Found' }, `there is no project ${number}; name it by its path`);
}
