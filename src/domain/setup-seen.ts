/** What one webhook shows of how its tool was set up. */
export interface SetupSeen {
  /** Which of several installations of the tool sent it. */
  readonly place: string;
  /** What to update there, and how: sentences for a person. Absent: it is as new as the one that is handed out. */
  readonly advice?: string;
}

/** Reads the set-up out of a body, or returns undefined. */
export type SeeSetup = (payload: unknown) => SetupSeen | undefined;

/** How many webhooks of a source are considered: a set-up seldom changes, and every webhook shows it. */
export const WEBHOOKS_LOOKED_AT = 20;

/**
 * What to update where a source's tool is set up, as its newest webhooks show: a line for each installation.
 * @param bodies of its webhooks, newest first.
 */
export function outdatedSetups(see: SeeSetup, bodies: readonly string[]): readonly string[] {
  const newest = new Map<string, string | undefined>();
  for (const seen of bodies.flatMap((body) => see(parsed(body)) ?? []))
    if (!newest.has(seen.place)) newest.set(seen.place, seen.advice);
  return [...newest.values()].filter((advice) => advice !== undefined);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // a body that is no JSON may have been kept
  }
}
