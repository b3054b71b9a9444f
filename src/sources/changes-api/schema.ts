import { z } from 'zod';
import { ChangeType, RiskLevel, State } from '../../domain/change-record.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { isNothing, isPlaceholder, unfilledIn } from '../../values/placeholder.ts';
import { excerpt, firstItems, readText } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import { meantName } from '../../values/typos.ts';
import { STATE_WORDS } from '../state-words.ts';

const blankToAbsent = (value: unknown): unknown => {
  if (value === null) return undefined;
  if (typeof value !== 'string') return value;
  const text = readText(value);
  return isNothing(text) || isPlaceholder(text) ? undefined : text;
};

/**
 * The documents' GitLab job runs `$(echo \"$CI_COMMIT_MESSAGE\" | jq -Rs .)`: the shell makes the quotes part of the
 * message.
 */
const withoutEchoedQuotes = (value: unknown): unknown =>
  typeof value === 'string' && value.length > 2 && value.startsWith('"') && value.endsWith('"\n')
    ? value.slice(1, -2)
    : value;

const wrongType = (what: string, value: unknown): string => `must be ${what}, not ${typeName(value)}`;

const expects = (what: string) => ({ error: ({ input }: { readonly input?: unknown }) => wrongType(what, input) });

const Text = z.preprocess(blankToAbsent, z.string(expects('a text')).optional());

/** On Windows, a command line keeps single quotation marks; other scripts quote what is in quotation marks already. */
const unquoted = (value: unknown): unknown =>
  typeof value === 'string' ? value.trim().replace(/^(["'])([^"']+)\1$/, '$2') : value;

const withoutQuotes = (value: unknown): unknown => blankToAbsent(unquoted(value));

/** Pipelines write numbers without quotes. */
const Name = z.preprocess(
  withoutQuotes,
  z.union([z.string(), z.number()], expects('a text or a number')).transform(String).optional(),
);

/** With a variable in it that was not replaced, it would be the id of every deployment. */
const Id = z.preprocess(
  (value) => (typeof value === 'string' && unfilledIn(value).length > 0 ? undefined : value),
  Name,
);

/** A form with a single value has no list, and a shell has none at all. */
const Texts = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',', MAX_TEXTS) : (firstItems(value) ?? undefined)),
  z
    .array(Name, expects('a list of texts'))
    .transform((texts) => texts.filter((text) => text !== undefined))
    .optional(),
);
const MAX_TEXTS = 200; // a record keeps fewer (domain/bounded-record.ts)

const Time = z.preprocess(
  blankToAbsent,
  z
    .union([z.string(), z.number()], expects('a time'))
    .transform((time, context): string => {
      const iso = toIso(time);
      if (iso) return iso;
      context.addIssue('must be a time with a zone, such as 2026-03-19T14:30:00Z (date -u +%FT%TZ)');
      return z.NEVER;
    })
    .optional(),
);

/** `In Progress` and `IN_PROGRESS` are the same. */
function word(sent: unknown): unknown {
  const value = withoutQuotes(sent);
  return typeof value === 'string' ? value.toLowerCase().replaceAll('-', '_').replaceAll(' ', '_') : value;
}

/** Undefined must reach the message `summary is required`, so that there is no preprocess here. */
const Summary = z.unknown().transform((value, context): string => {
  const text = blankToAbsent(value);
  if (typeof text === 'string') return text;
  context.addIssue(
    text === undefined
      ? 'is required: write what was done, such as "Deployed my-service @ 4f0c9e1d"'
      : wrongType('a text', text),
  );
  return z.NEVER;
});

const oneOf = (words: readonly string[]): string => `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const unfilledStatus = (variable: string | null): string =>
  `is ${variable === '' ? 'empty' : excerpt(`${variable}`)}, a variable that was not filled in: nothing says how the ` +
  'deployment ended. A shell fills in what is in double quotation marks; or leave status out when it succeeded';

const saysNothing = (text: string): boolean => isNothing(readText(text)) || unfilledIn(text).length > 0;

/** Without a status it succeeded: that must not come of a variable, which may be empty, or `null` as jq writes it. */
const Status = z.transform((sent: unknown, context): State => {
  const text = unquoted(sent);
  const status = word(text) ?? 'succeeded';
  const isUnfilled = text === null || (typeof text === 'string' && saysNothing(text));
  if (!isUnfilled && typeof status === 'string' && Object.hasOwn(STATE_WORDS, status))
    return STATE_WORDS[status as keyof typeof STATE_WORDS]; // its own key
  context.addIssue(isUnfilled ? unfilledStatus(text) : oneOf(State.options));
  return z.NEVER;
});

/** The request of Alert24's `POST /api/v1/changes`; what follows `tags` is ours. */
export const ChangeCreate = z.object({
  summary: Summary,
  service_id: Name,
  change_type: z.preprocess(word, z.enum(ChangeType.options, oneOf(ChangeType.options)).optional()),
  description: Text,
  source: Name,
  commit_sha: Name,
  commit_message: z.preprocess(withoutEchoedQuotes, Text),
  branch: Name,
  pr_number: Name,
  pr_url: Name,
  pipeline_url: Name,
  environment: Name,
  risk_level: z.preprocess(word, z.enum(RiskLevel.options, oneOf(RiskLevel.options)).optional()),
  changed_by: Name,
  external_id: Id,
  tags: Texts,

  status: Status,
  occurred_at: Time,
  started_at: Time,
  finished_at: Time,
  job_url: Name,
  service: Name,
  repository: Name,
  gitlab_project: Name,
  image: Name,
  artifacts: Texts,
});
export type ChangeCreate = z.output<typeof ChangeCreate>;

/** @throws WebhookRejected `bad_payload`, naming the first field that is wrong and what it must be. */
export function parseChange(payload: unknown): ChangeCreate {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new WebhookRejected('bad_payload', `the body must be a JSON object, not ${typeName(payload)}`);
  }
  const parsed = ChangeCreate.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map((part) => (typeof part === 'number' ? `[${part}]` : String(part))).join('');
  // A required field that is missing may be there by another name.
  const unknown = field === 'summary' ? unknownFieldsNote(payload) : undefined;
  const more = unknown === undefined ? '' : `; ${unknown}`;
  throw new WebhookRejected('bad_payload', `${field} ${issue?.message}${more}`);
}

const plainName = (name: string): string =>
  name
    .slice(0, NAME_CHARS)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
const NAME_CHARS = 40; // no field has a longer name
const NAMES = new Map(Object.keys(ChangeCreate.shape).map((name) => [plainName(name), name]));

/**
 * The body with the names of its fields as the API writes them: `commitSha` and `Commit-SHA` are `commit_sha`, unless
 * two fields would have one name.
 */
export function inOwnSpelling(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return payload;
  const entries = Object.entries(payload).map(([name, value]) => ({
    name,
    meant: Object.hasOwn(ChangeCreate.shape, name) ? name : (NAMES.get(plainName(name)) ?? name),
    value,
  }));
  const times = new Map<string, number>();
  for (const { meant } of entries) times.set(meant, (times.get(meant) ?? 0) + 1);
  return Object.fromEntries(entries.map(({ name, meant, value }) => [times.get(meant) === 1 ? meant : name, value]));
}

const LISTED_FIELDS = 10; // in one note

/** Names (plainName) that other tools have for what a change has under another name. */
const ELSEWHERE: Readonly<Record<string, keyof ChangeCreate>> = {
  title: 'summary',
  message: 'summary',
  text: 'summary',
  app: 'service',
  application: 'service',
  component: 'service',
  name: 'service',
  project: 'repository',
  stage: 'environment',
  target: 'environment',
  state: 'status',
  result: 'status',
  sha: 'commit_sha',
  revision: 'commit_sha',
  ref: 'branch',
  user: 'changed_by',
  author: 'changed_by',
  actor: 'changed_by',
  deployedby: 'changed_by',
  timestamp: 'occurred_at',
  time: 'occurred_at',
  date: 'occurred_at',
  createdat: 'occurred_at',
  deployedat: 'occurred_at',
  url: 'pipeline_url',
  buildurl: 'pipeline_url',
};

/** Undefined: every field is known. Others are a typing error, or of another API. */
export function unknownFieldsNote(payload: unknown): string | undefined {
  const sent = Object.keys(payload ?? {});
  const known = Object.keys(ChangeCreate.shape);
  const unknown = sent.filter((name) => !Object.hasOwn(ChangeCreate.shape, name)).slice(0, LISTED_FIELDS);
  if (unknown.length === 0) return undefined;
  const shown = unknown.map((name) => {
    const plain = plainName(name);
    const meant = Object.hasOwn(ELSEWHERE, plain) ? ELSEWHERE[plain] : meantName(plain, known);
    const hint = meant === undefined || sent.includes(meant) ? '' : ` (did you mean ${meant}?)`;
    return `${excerpt(name)}${hint}`;
  });
  return `fields that are not understood: ${shown.join(', ')}`;
}

/** Undefined: none. Fields that were left out, as they are a variable that was not replaced. */
export function unfilledFieldsNote(payload: unknown): string | undefined {
  const leftOut = Object.entries(payload ?? {})
    .filter(([name, value]) => typeof value === 'string' && isLeftOut(name, value.trim()))
    .slice(0, LISTED_FIELDS)
    .map(([name, value]) => `${excerpt(String(value).trim())} in ${excerpt(name)}`);
  return leftOut.length > 0 ? `left out, as variables were not filled in: ${leftOut.join(', ')}` : undefined;
}

const isLeftOut = (name: string, text: string): boolean =>
  isPlaceholder(text) || (name === 'external_id' && unfilledIn(text).length > 0);

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const names: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', boolean: 'true or false' };
  return names[typeof value] ?? 'an object';
}
