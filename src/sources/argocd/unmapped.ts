import type { Mapped } from '../source.ts';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const has = (value: object, ...keys: string[]): boolean => keys.every((key) => Object.hasOwn(value, key));

const ADVICE = 'Send the shiplog template of the README instead.';

/** Bodies of other people's templates hold these; GitLab's deployment must not be taken for one. */
export function isApplication(payload: object): boolean {
  return ('kind' in payload && payload.kind === 'Application') || has(payload, 'metadata', 'spec', 'status');
}

/** Datadog, Dynatrace, CDviz and others: `{"app": {{toJson .app}}, …}`. */
export function isWrappedApplication(payload: object): boolean {
  return ['app', 'application'].some((key) => {
    const inner = Object.entries(payload).find(([name]) => name === key)?.[1];
    return isObject(inner) && has(inner, 'metadata');
  });
}

const FLAT = ['application', 'app', 'application_name', 'app_name', 'name', 'service', 'titleLink'];

/** Authentic JSON that is no shape this version reads. Never a 4xx: Argo CD does not send it again. */
export function unmapped(payload: unknown): Mapped {
  return { kind: 'ignored', reason: 'unmapped', detail: `${describe(payload)}. ${ADVICE}` };
}

function describe(payload: unknown): string {
  if (Array.isArray(payload)) return 'A JSON list';
  if (!isObject(payload)) return `JSON that is no object: ${payload === null ? 'null' : typeof payload}`;
  if (isApplication(payload)) return 'A whole Application';
  if (isWrappedApplication(payload)) return 'A whole Application inside "app" or "application"';
  if (has(payload, 'resources', 'revision') || has(payload, 'source', 'revision')) return 'A bare syncResult';
  const flat = FLAT.find((key) => Object.hasOwn(payload, key));
  if (flat) return `A flat body with "${flat}"`;
  return `JSON of an unknown shape with ${keysOf(payload)}`;
}

const KEYS_SHOWN = 5;

function keysOf(payload: object): string {
  const keys = Object.keys(payload).sort();
  if (keys.length === 0) return 'no keys';
  const shown = keys.slice(0, KEYS_SHOWN).map((key) => `"${key.slice(0, 40)}"`);
  return `${shown.join(', ')}${keys.length > KEYS_SHOWN ? ', …' : ''}`;
}
