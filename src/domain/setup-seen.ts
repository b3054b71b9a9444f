/** What one webhook shows of how its tool was set up. */
export interface SetupSeen {
  /** Which of several installations of the tool sent it. */
  readonly place: string;
  /** What to bring up to date there, and how: sentences for a person. Absent: it is as new as what is handed out. */
  readonly advice?: string;
}

/** Reads it out of a body, or nothing. */
export type SeeSetup = (payload: unknown) => SetupSeen | undefined;

/** So many webhooks of a source are looked at: what is set up changes seldom, and all of them show it. */
export const WEBHOOKS_LOOKED_AT = 20;

/**
 * What to bring up to date where a source's tool is set up, as its newest webhooks show: a line for each place.
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
    return undefined; // kept as it came, although it is no JSON
  }
}
