import { fullSha } from '../../values/sha.ts';
import type { Params } from './params.ts';
import { badParameter, invalid } from './refusal.ts';
import { type Row, Status } from './row.ts';

/** The parameters of a new deployment. */
export type NewRow = Pick<Row, 'environment' | 'sha' | 'ref' | 'tag' | 'status'>;

export interface Leniency {
  /** The branch of a body that names none. */
  readonly defaultRef?: string | undefined;
  /** What a sender writes for a commit when it has none, although GitLab would refuse it. */
  readonly takesWithoutCommit: (sha: string) => boolean;
}

const ENVIRONMENT_LIMIT = 255; // GitLab: app/models/environment.rb
const TEXT_LIMIT = 1_000; // characters; a ref and a sha are shorter
const REQUIRED = ['environment', 'sha', 'ref', 'tag', 'status'] as const;

/**
 * What GitLab checks of a new deployment, in its order and with its messages, as far as that is possible without the
 * repository. GitLab: lib/api/deployments.rb, spec/requests/api/deployments_spec.rb.
 * @throws Refusal
 */
export function checkNew(given: Params, { defaultRef, takesWithoutCommit }: Leniency): NewRow {
  const params = defaultRef && isAbsent(given['ref']) ? { ...given, ref: defaultRef } : given;
  const errors = REQUIRED.flatMap((name) => errorOf(name, params[name]) ?? []);
  if (errors.length > 0) throw badParameter(errors.join(', '));
  const environment = textOf(params['environment']);
  const sha = textOf(params['sha']);
  if (environment.length > ENVIRONMENT_LIMIT)
    throw invalid('name', `is too long (maximum is ${ENVIRONMENT_LIMIT} characters)`);
  if (!fullSha(sha) && !takesWithoutCommit(sha))
    throw invalid('sha', 'The commit does not exist', 'Send all 40 hex digits of the commit (64 with SHA-256)');
  return { environment, sha, ref: textOf(params['ref']), tag: isTrue(params['tag']), status: statusOf(params) };
}

/** @throws Refusal */
export function checkUpdate(params: Params): Status {
  const error = errorOf('status', params['status']);
  if (error) throw badParameter(error);
  return statusOf(params);
}

function errorOf(name: (typeof REQUIRED)[number], value: unknown): string | undefined {
  if (isAbsent(value)) return `${name} is missing`;
  if (name === 'tag') return isBoolean(value) ? undefined : 'tag is invalid';
  if (typeof value !== 'string' && typeof value !== 'number') return `${name} is invalid`;
  const text = textOf(value);
  if (name === 'status') return Status.safeParse(text).success ? undefined : 'status does not have a valid value';
  if (text.length > TEXT_LIMIT) return `${name} is too long (maximum is ${TEXT_LIMIT} characters)`;
  return text === '' ? `${name} is empty` : undefined;
}

const isAbsent = (value: unknown) => value === undefined || value === null;
const textOf = (value: unknown) => String(value).trim();
const statusOf = (params: Params): Status => Status.parse(textOf(params['status']));

/** Grape accepts these for a boolean. */
const WORDS = ['true', 't', 'yes', 'on', '1', 'false', 'f', 'no', 'off', '0'];
/** Undefined for anything but a plain value. */
const wordOf = (value: unknown) => (typeof value === 'object' ? '' : String(value).trim().toLowerCase());
const isBoolean = (value: unknown) => WORDS.includes(wordOf(value));
const isTrue = (value: unknown) => WORDS.indexOf(wordOf(value)) < WORDS.length / 2;
