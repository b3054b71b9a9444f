import type { State } from '../../domain/change-record.ts';
import type { IgnoredReason } from '../source.ts';
import { Text } from './schema.ts';
import { quotedWord } from './text.ts';

export type FlatState =
  | { readonly kind: 'state'; readonly state: State; readonly isDegraded: boolean; readonly notes: readonly string[] }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason; readonly detail: string }
  | { readonly kind: 'nothing' };

/**
 * The phase of an operation, the status of a sync and the health of an app: guides mix them up, and no word belongs to
 * two of them.
 */
const HEALTH = ['health', 'health_status', 'healthStatus'];
const FIELDS = ['phase', 'status', 'sync_status', 'syncStatus', ...HEALTH, 'state'];

/**
 * `settled`: nothing says that a sync succeeded, only that all is as it should be. `unsynced`: nothing was deployed.
 */
type Meaning = State | 'degraded' | 'settled' | 'unsynced';

/** Argo CD: pkg/apis/application/v1alpha1/types.go, gitops-engine; and what templates write by hand. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  degraded: 'degraded',
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  canceled: 'canceled',
  cancelled: 'canceled',
  running: 'running',
  terminating: 'running',
  progressing: 'running',
  suspended: 'running',
  missing: 'running',
  in_progress: 'running',
  pending: 'pending',
  succeeded: 'succeeded',
  success: 'succeeded',
  healthy: 'settled',
  synced: 'settled',
  outofsync: 'unsynced',
  unknown: 'unsynced',
};

/** The part of a body that is the same in every signal of a deployment. */
export const withoutState = (body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(body).filter(([key]) => !FIELDS.includes(key) && key !== 'message'));

/** Worst first: the worst word about an app decides. */
const WORST_FIRST: readonly (readonly [Meaning, State])[] = [
  ['failed', 'failed'],
  ['degraded', 'failed'],
  ['canceled', 'canceled'],
  ['running', 'running'],
  ['pending', 'pending'],
];

export function readState(body: Readonly<Record<string, unknown>>): FlatState {
  const texts = FIELDS.flatMap((field) => {
    const text = Text.parse(body[field]);
    return text === undefined ? [] : [{ field, text, meaning: meaningOf(field, text) }];
  });
  if (texts.length === 0) return { kind: 'nothing' };
  const meanings = texts.map(({ meaning }) => meaning);
  const worst = WORST_FIRST.find(([meaning]) => meanings.includes(meaning));
  if (worst) {
    const [meaning, state] = worst;
    const isTerminated = meaning === 'failed' && Text.parse(body['message'])?.startsWith('Operation terminated');
    return { kind: 'state', state: isTerminated ? 'canceled' : state, isDegraded: meaning === 'degraded', notes: [] };
  }
  const unknown = texts.find(({ meaning }) => meaning === undefined);
  if (unknown) {
    return {
      kind: 'ignored',
      reason: 'unknown_status',
      detail: `${unknown.field} is ${quotedWord(unknown.text)}, which is no word of Argo CD.`,
    };
  }
  const unsynced = texts.find(({ meaning }) => meaning === 'unsynced');
  if (unsynced && !meanings.includes('succeeded')) {
    return {
      kind: 'ignored',
      reason: 'not_started',
      detail: `${unsynced.field} is ${quotedWord(unsynced.text)}: nothing says that a sync succeeded.`,
    };
  }
  return { kind: 'state', state: 'succeeded', isDegraded: false, notes: texts.some(isHealth) ? [] : [NO_HEALTH] };
}

const NO_HEALTH = 'Argo CD did not say whether the app is healthy.';

function meaningOf(field: string, text: string): Meaning | undefined {
  const key = text.toLowerCase();
  // as in the shiplog template: not known to be healthy yet
  if (key === 'unknown' && HEALTH.includes(field)) return 'running';
  return Object.hasOwn(MEANINGS, key) ? MEANINGS[key] : undefined;
}

const isHealth = ({ field, text }: { field: string; text: string }) =>
  HEALTH.includes(field) || text.toLowerCase() === 'healthy';
