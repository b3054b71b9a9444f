import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import { isNothing, isPlaceholder } from '../../values/placeholder.ts';
import { textUnless } from '../../values/text.ts';

/** The clients of CTO.ai send "null" (GitLab template), null (GitHub action) or "" (orb) for a missing value. */
const Text = textUnless((text) => isNothing(text) || isPlaceholder(text));

/** An event of CTO.ai's Event Schema Reference. It has neither an id nor a time. */
export const Event = z.object({
  team_id: Text,
  event_name: Text,
  event_action: Text,
  repo: Text,
  branch: Text,
  commit: Text,
  environment: Text,
  image: Text,
  meta: z.object({ user: Text }).nullish().catch(undefined),
});
export type Event = z.infer<typeof Event>;

/** The Deployment Lifecycle States; those below the line are of the older action.yml. Case does not count. */
const STATES: Readonly<Record<string, State>> = {
  success: 'succeeded',
  failure: 'failed',
  started: 'running',
  progressing: 'running',
  blocked: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  initiated: 'running',
};

/** Undefined for an unknown word. */
export function stateOf(action: string): State | undefined {
  const word = action.toLowerCase();
  return Object.hasOwn(STATES, word) ? STATES[word] : undefined;
}

export const KNOWN_ACTIONS = Object.keys(STATES).join(', ');
