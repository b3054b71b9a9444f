import type { Mapped } from '../mapped.ts';
import { fieldsOf, namesOf } from './flat-fields.ts';
import { readState } from './flat-state.ts';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const has = (value: object, ...keys: string[]): boolean => keys.every((key) => Object.hasOwn(value, key));

const ADVICE = 'Send the shiplog template of the README instead.';

/** Authentic JSON of an unknown shape. Never a 4xx: Argo CD does not send it again. */
export function unmapped(payload: unknown): Mapped {
  return { kind: 'ignored', reason: 'unmapped', detail: `${describe(payload)}. ${ADVICE}` };
}

function describe(payload: unknown): string {
  if (Array.isArray(payload)) return 'A JSON list';
  if (!isObject(payload)) return `JSON that is no object: ${payload === null ? 'null' : typeof payload}`;
  if (has(payload, 'resources', 'revision') || has(payload, 'source', 'revision'))
    return 'A bare syncResult, which names no app';
  if (has(payload, 'state', 'context') || has(payload, 'state', 'target_url')) {
    return 'A commit status without the path /projects/<id>/statuses/<sha>, which names what it is about';
  }
  if (MESSAGE_FIELDS.some((name) => has(payload, name)))
    return 'A message for a chat, which has no fields for the app and for how the sync ended';
  if (readState(fieldsOf(payload)).kind !== 'nothing') {
    return 'A body with a status, in which nothing names the app: add "app": "{{.app.metadata.name}}"';
  }
  return `JSON of an unknown shape with ${keysOf(payload)}`;
}

/** Of Slack and those that take its format, Discord, Teams, DingTalk, Lark and Telegram. */
const MESSAGE_FIELDS = [
  'attachments',
  'blocks',
  'embeds',
  'sections',
  'msgtype',
  'msg_type',
  'channel_id',
  'chat_id',
  'text',
];

const KEYS_SHOWN = 5; // in one sentence

function keysOf(payload: object): string {
  const keys = namesOf(payload).toSorted();
  if (keys.length === 0) return 'no keys';
  const shown = keys.slice(0, KEYS_SHOWN).map((key) => `"${key.slice(0, 40)}"`);
  return `${shown.join(', ')}${keys.length > KEYS_SHOWN ? ', …' : ''}`;
}
