import type { State } from '../../domain/change-record.ts';
import { unfilledIn } from '../../values/placeholder.ts';
import { toIso } from '../../values/time.ts';
import type { IgnoredReason } from '../mapped.ts';
import { STATE_WORDS } from '../state-words.ts';
import { type Fields, MAX_DEPTH, ownOrApps, plainName, textIn } from './flat-fields.ts';
import { stateOfMessage } from './flat-message.ts';
import { NAMES } from './flat-names.ts';
import { Text } from './schema.ts';
import { quotedWord } from './text.ts';

export type FlatState =
  | {
      readonly kind: 'state';
      readonly state: State;
      readonly isDegraded: boolean;
      /** Nothing says that a sync succeeded, only that all is as it should be. */
      readonly isSettled: boolean;
      /** One of the words is about the health of the app. */
      readonly namesHealth: boolean;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason; readonly detail: string }
  | { readonly kind: 'nothing' };

/**
 * The phase of an operation, the status of a sync and the health of an app: guides mix them up, and no word belongs to
 * two of them.
 */
const HEALTH: readonly string[] = [
  ...ownOrApps('health', 'healthstatus'),
  ...['health.status', 'status.health', 'status.healthstatus', 'apphealth'],
];
const FIELDS: readonly string[] = [
  ...ownOrApps('phase', 'status', 'syncstatus', 'operationphase', 'syncphase'),
  ...['operation.phase', 'operation.status', 'operationstate.phase', 'sync.status', 'sync.phase'],
  ...['status.operationphase', 'status.phase', 'status.operation', 'status.sync', 'status.syncstatus'],
  ...HEALTH,
  'state',
];
/** Fields that also hold something else, such as `"operation": "sync"`: only words that are known count. */
const PERHAPS: readonly string[] = [
  ...ownOrApps('sync', 'operation', 'operationstate'),
  'result',
  'outcome',
  'conclusion',
  'alerttype',
];
/** What happened, where no field holds a status: `deployment_started`, `sync.failed`, `Succeeded`. */
const EVENTS: readonly string[] = ['event', 'eventtype', 'eventname', 'action', 'trigger', 'type'];

/**
 * `settled`: nothing says that a sync succeeded, only that all is as it should be. `unsettled`: it is not there or not
 * known yet, which is a roll-out after a sync alone. `unsynced`: nothing was deployed. `deleted`: nor will be.
 */
type Meaning = State | 'degraded' | 'settled' | 'unsettled' | 'unsynced' | 'deleted';

/** Argo CD: pkg/apis/application/v1alpha1/types.go, gitops-engine; and what templates write by hand. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  degraded: 'degraded',
  unhealthy: 'degraded',
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  canceled: 'canceled',
  cancelled: 'canceled',
  running: 'running',
  terminating: 'running',
  progressing: 'running',
  syncing: 'running',
  suspended: 'running',
  paused: 'running',
  missing: 'unsettled',
  in_progress: 'running',
  pending: 'pending',
  succeeded: 'succeeded',
  success: 'succeeded',
  healthy: 'settled',
  recovered: 'settled',
  synced: 'settled',
  outofsync: 'unsynced',
  unknown: 'unsynced',
  deleted: 'deleted',
  deleting: 'deleted',
};

/** Only in the name of an event. */
const EVENT_MEANINGS: Readonly<Record<string, Meaning>> = {
  ...MEANINGS,
  deletion: 'deleted',
  started: 'running',
  starting: 'running',
  begun: 'running',
  progress: 'running',
  completed: 'succeeded',
  complete: 'succeeded',
  deployed: 'succeeded',
  finished: 'succeeded',
  synced: 'succeeded',
  created: 'unsynced', // the application
  aborted: 'canceled',
};

const STATE_NAMES: ReadonlySet<string> = new Set(
  [...FIELDS, ...PERHAPS, ...EVENTS, ...NAMES.message, ...NAMES.started, ...NAMES.finished, ...NAMES.sent].map((name) =>
    name.slice(name.indexOf('.') + 1),
  ),
);

/** A start may not know the revision yet. */
const REVISION_NAMES: ReadonlySet<string> = new Set(
  [...NAMES.revision, ...NAMES.revisions].map((name) => name.slice(name.indexOf('.') + 1)),
);

/** How a message looks, and further texts that depend on the state. */
const LOOKS: ReadonlySet<string> = new Set([
  ...['color', 'colour', 'themecolor', 'emoji', 'icon', 'severity', 'priority', 'level', 'reason', 'duration'],
  ...['healthmessage', 'syncmessage', 'operationmessage', 'automated'],
]);

/** The body with only those parts that are the same in every signal of a deployment. */
export function withoutState(body: unknown, depth = 0): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || depth > MAX_DEPTH) return body;
  const kept = Object.entries(body).filter(
    ([key, value]) => isPart(value) || !(isOfSignal(plainName(key)) || isListOfParts(value) || isUnknown(value)),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, isPart(value) ? withoutState(value, depth + 1) : value]));
}

const isOfSignal = (name: string): boolean => STATE_NAMES.has(name) || REVISION_NAMES.has(name) || LOOKS.has(name);

/** A later report may know it. */
const isUnknown = (value: unknown): boolean =>
  value === null || (typeof value === 'string' && Text.parse(value) === undefined);

/** Resources and conditions: they change while the sync runs. */
const isListOfParts = (value: unknown): boolean => Array.isArray(value) && (value.length === 0 || isPart(value[0]));

const isPart = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Worst first: the worst word about an app decides. */
const WORST_FIRST: readonly (readonly [Meaning, State])[] = [
  ['failed', 'failed'],
  ['degraded', 'failed'],
  ['canceled', 'canceled'],
  ['running', 'running'],
  ['pending', 'pending'],
];

interface Word {
  readonly field: string;
  readonly text: string;
  readonly meaning: Meaning | undefined;
  readonly notes: readonly string[];
}

export function readState(fields: Fields): FlatState {
  const wordsIn = (names: readonly string[]) =>
    names.flatMap((field): Word[] => {
      const text = Text.parse(fields.get(field));
      return text === undefined ? [] : [{ field, text, meaning: meaningOf(field, text), notes: [] }];
    });
  const perhaps = [...wordsIn(PERHAPS), ...flagIn(fields)];
  const sent = [...wordsIn(FIELDS), ...perhaps.filter(isKnown), ...wordsIn(EVENTS).filter(isPhase)];
  const words = [...sent, ...messageIn(fields, sent)];
  const event = eventIn(fields, words);
  if (words.length === 0) return event ? stateOf([event], fields) : deployedIn(fields);
  if (event?.meaning === 'deleted') return stateOf([event], fields);
  const said = stateOf(words, fields);
  return event && said.kind === 'ignored' && said.reason === 'not_started' ? stateOf([...words, event], fields) : said;
}

/** Deployment trackers take what was deployed, and have no field for a status. */
function deployedIn(fields: Fields): FlatState {
  const time = fields.get('deployedat');
  if ((typeof time !== 'string' && typeof time !== 'number') || toIso(time) === undefined) return { kind: 'nothing' };
  const notes = ['The body has no status: it names the time at which the app was deployed.', NO_HEALTH];
  return { kind: 'state', state: 'succeeded', isDegraded: false, isSettled: false, namesHealth: false, notes };
}

const isKnown = ({ meaning }: Word): boolean => meaning !== undefined;

/** `"event": "{{.app.status.operationState.phase}}"`: it may be "Failed" while the app is as healthy as before. */
const isPhase = ({ text }: Word): boolean => PHASES.has(text);
const PHASES: ReadonlySet<string> = new Set(['Running', 'Terminating', 'Succeeded', 'Failed', 'Error']);

/**
 * Where no word says how the operation went. The message of one that succeeded stays while a later commit waits, so
 * that it counts only where it is alone.
 */
function messageIn(fields: Fields, words: readonly Word[]): readonly Word[] {
  const text = textIn(fields, NAMES.message);
  const meaning = stateOfMessage(text);
  const isStale = meaning === 'succeeded' && words.length > 0;
  if (text === undefined || meaning === undefined || isStale || words.some(saysHowItWent)) return [];
  const notes = meaning === 'running' ? [] : ['The state is read from the message: no status says it.'];
  return [{ field: 'message', text, meaning, notes }];
}

const OPERATION_MEANINGS: readonly (Meaning | undefined)[] = ['succeeded', 'failed', 'canceled', 'pending', 'deleted'];
const saysHowItWent = ({ text, meaning }: Word): boolean =>
  OPERATION_MEANINGS.includes(meaning) || /^(?:running|terminating)$/i.test(text);

/** `"success": true`. */
function flagIn(fields: Fields): readonly Word[] {
  const flag = fields.get('success') ?? fields.get('issuccessful');
  const meaning = flag === true || flag === 'true' ? 'succeeded' : 'failed';
  const isFlag = typeof flag === 'boolean' || flag === 'true' || flag === 'false';
  return isFlag ? [{ field: 'success', text: String(flag), meaning, notes: [] }] : [];
}

function stateOf(words: readonly Word[], fields: Fields): FlatState {
  const meanings = words.map(({ meaning }) => meaning);
  const reason = ignoredOf(words);
  if (reason?.reason === 'app_deleted') return reason;
  const notes = words.flatMap((word) => word.notes);
  const worst = WORST_FIRST.find(([meaning]) => meanings.includes(meaning));
  if (worst) {
    const [meaning, state] = worst;
    const isTerminated = meaning === 'failed' && textIn(fields, NAMES.message)?.startsWith('Operation terminated');
    const isDegraded = meaning === 'degraded';
    return {
      ...{ kind: 'state', state: isTerminated ? 'canceled' : state, isDegraded, isSettled: false },
      ...{ namesHealth: isDegraded, notes },
    };
  }
  if (reason) return reason;
  if (meanings.includes('unsettled'))
    return { kind: 'state', state: 'running', isDegraded: false, isSettled: false, namesHealth: false, notes };
  return {
    kind: 'state',
    state: 'succeeded',
    isDegraded: false,
    isSettled: !meanings.includes('succeeded'),
    namesHealth: words.some(isHealth),
    notes: [...notes, ...(words.some(isHealth) ? [] : [NO_HEALTH])],
  };
}

/** Why these words report no deployment, unless one of them is about a failure or a sync that runs. */
function ignoredOf(words: readonly Word[]): Extract<FlatState, { kind: 'ignored' }> | undefined {
  const wordOf = (searched: Meaning | undefined) => words.find(({ meaning }) => meaning === searched);
  const ignored = (reason: IgnoredReason, { field, text }: Word, detail: string) =>
    ({ kind: 'ignored', reason, detail: `${field} is ${quotedWord(text)}${detail}` }) as const;
  const deleted = wordOf('deleted');
  if (deleted) return ignored('app_deleted', deleted, ': the application is deleted, and nothing was deployed.');
  const unknown = wordOf(undefined);
  if (unknown) return ignored('unknown_status', unknown, `, which is ${whatIsNoState(unknown.text)}.`);
  const isSynced = wordOf('settled') !== undefined && wordOf('unsynced') === undefined;
  const idle = wordOf('unsynced') ?? wordOf('unsettled');
  if (!idle || isSynced || wordOf('succeeded')) return undefined;
  return ignored('not_started', idle, ': nothing says that a sync succeeded.');
}

const whatIsNoState = (text: string): string =>
  unfilledIn(text).length > 0 ? 'a variable that the template did not fill in' : 'no word of Argo CD';

const NO_HEALTH = 'Argo CD did not say whether the app is healthy.';

function meaningOf(field: string, text: string): Meaning | undefined {
  const key = text.toLowerCase();
  if (key === 'created') return 'unsynced'; // the application itself: its trigger fires before the first sync
  // as in the shiplog template: not known to be healthy yet
  if (key === 'unknown' && HEALTH.includes(field)) return 'unsettled';
  return Object.hasOwn(MEANINGS, key) ? MEANINGS[key] : meaningOfOwnWord(text);
}

/** More words than these are a sentence. */
const MAX_STATUS_WORDS = 3;
const NEGATIONS: ReadonlySet<string> = new Set(['not', 'no', 'non', 'never', 'un']);

/** What a team wrote itself: `deployed`, `SyncFailed`, the words of CI systems. */
function meaningOfOwnWord(text: string): Meaning | undefined {
  const words = wordsIn(text.slice(0, MAX_EVENT_CHARS));
  if (words.length > MAX_STATUS_WORDS || words.some((word) => NEGATIONS.has(word))) return undefined;
  const key = words.join('_');
  if (Object.hasOwn(STATE_WORDS, key)) return STATE_WORDS[key as keyof typeof STATE_WORDS]; // its own key
  return meaningOfEvent(text);
}

const MAX_EVENT_CHARS = 100; // a longer text is no word for an event

/** The last word of an event's name that means something: `sync-succeeded`, `deployment.completed`, `onSyncFailed`. */
function eventIn(fields: Fields, words: readonly Word[]): Word | undefined {
  for (const field of EVENTS) {
    const text = Text.parse(fields.get(field))?.slice(0, MAX_EVENT_CHARS);
    const meaning = meaningOfEvent(text ?? '');
    if (!text || !meaning) continue;
    const why = words.length === 0 ? 'the body has no status' : 'the other words do not say how the sync ended';
    const note = `The state is read from the name of the ${field}, ${quotedWord(text)}: ${why}.`;
    return { field, text, meaning, notes: [note] };
  }
  return undefined;
}

/** They may end well long before the deployment does: `on-rollout-step-completed`, `hook_succeeded`. */
const PART = /\b(?:step|hook|wave|pre ?sync|analysis|experiment)s?\b/;

const wordsIn = (text: string): readonly string[] =>
  text
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .replace(/out[^a-z]?of[^a-z]?sync(?:ed)?/, 'outofsync')
    .split(/[^a-z]/)
    .filter((word) => word !== '');

function meaningOfEvent(text: string): Meaning | undefined {
  const known = wordsIn(text);
  const last = known.findLast((word) => Object.hasOwn(EVENT_MEANINGS, word));
  const meaning = last === undefined ? undefined : EVENT_MEANINGS[last];
  const isEnd = meaning === 'succeeded' || meaning === 'settled';
  return isEnd && PART.test(known.join(' ')) ? 'running' : meaning;
}

const isHealth = ({ field, text }: { readonly field: string; readonly text: string }) =>
  HEALTH.includes(field) || text.toLowerCase() === 'healthy';
