import {
  ChangeType,
  digest,
  type NewChangeRecord,
  RiskLevel,
  recordId,
  type State,
  Tier,
} from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import type { Json } from '../../values/json.ts';
import { nameCheckout, nameRef } from '../../values/ref.ts';
import { parseRepoUrl } from '../../values/repo-url.ts';
import { fullSha, shaPrefix } from '../../values/sha.ts';
import { safeUrl } from '../../values/url.ts';
import type { Webhook } from '../received-webhook.ts';
import type { Reader, ReaderEvent } from './compile.ts';
import type { FieldName, Values } from './field-names.ts';
import { textOf, textsOf } from './text-of.ts';
import { timesOf } from './times.ts';

/** Longer ids are replaced by their digest: keys are part of logs and URLs. */
const LONGEST_ID = 200;

export interface Instance {
  /** Of the source. */
  readonly name: string;
  /** Whose terms it reads: the preset, else the source itself. It is part of keys and of the change log. */
  readonly tool: string;
}

interface Found {
  readonly id: string;
  readonly state: State;
  readonly values: Values;
  readonly event: ReaderEvent;
  readonly webhook: Webhook;
  readonly reader: Reader;
  readonly instance: Instance;
}

export function toRecord(found: Found): NewChangeRecord {
  const { id, state, values, event, webhook, reader, instance } = found;
  const text = (name: FieldName) => textOf(values[name]);
  const deployment = `webhook:${instance.tool}:${id.length > LONGEST_ID ? digest(id) : id}`;
  const notes: string[] = [];
  const repository = repositoryOf(values);
  return {
    id: recordId(deployment, state),
    deployment,
    source: 'webhook',
    instance: instance.name,
    signal: event.name,
    authoritative: true,
    state,
    ...(reader.witness && { witness: reader.witness }),
    changeType: wordOf(values.change_type, ChangeType.options, { name: 'change_type', notes }) ?? 'deployment',
    ...known({
      riskLevel: wordOf(values.risk_level, RiskLevel.options, { name: 'risk_level', notes }),
      summary: text('summary'),
      description: text('description'),
      serviceId: text('service_id'),
      job: text('job'),
      pipelineId: text('pipeline_id'),
      actor: text('actor'),
      externalId: text('external_id'),
      pipelineUrl: urlOf(values.pipeline_url, 'pipeline_url', notes),
      jobUrl: urlOf(values.job_url, 'job_url', notes),
      repository,
      commit: commitOf(values, notes),
      pullRequest: pullRequestOf(values),
    }),
    environment: environmentOf(values, instance, notes),
    service: serviceOf(values, repository?.name, { instance, notes }),
    ...refOf(values),
    artifacts: textsOf(values.artifacts),
    tags: tagsOf(values),
    ...timesOf(values, state, { webhook, notes, isFinal: isFinal(state) }),
    notes,
    reportedSource: instance.tool,
  };
}

/** Without unknown values. */
const known = <Fields extends Readonly<Record<string, unknown>>>(fields: Fields) =>
  // the same keys, fewer of them
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };

interface Noting {
  readonly name: string;
  readonly notes: string[];
}

function wordOf<Word extends string>(
  value: Json | undefined,
  words: readonly Word[],
  { name, notes }: Noting,
): Word | undefined {
  const text = textOf(value)?.toLowerCase();
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  if (!word) notes.push(`${name} is none of ${words.join(', ')}: left out`);
  return word;
}

function urlOf(value: Json | undefined, name: string, notes: string[]): string | undefined {
  const text = textOf(value);
  const url = safeUrl(text);
  if (text !== undefined && url === undefined) notes.push(`${name} is no http(s) URL: left out`);
  return url;
}

/** Without an environment it is in none: it is never guessed. */
function environmentOf(values: Values, { name: source }: Instance, notes: string[]): NewChangeRecord['environment'] {
  const name = textOf(values.environment);
  if (name === undefined) notes.push(`environment is unknown: set fields.environment of the source ${source}`);
  return {
    name: name ?? 'unknown',
    ...known({
      tier: wordOf(values.tier, Tier.options, { name: 'tier', notes }),
      url: urlOf(values.environment_url, 'environment_url', notes),
    }),
  };
}

function serviceOf(
  values: Values,
  repository: string | undefined,
  { instance, notes }: { readonly instance: Instance; readonly notes: string[] },
): string {
  const named = textOf(values.service);
  if (named !== undefined) return named;
  const last = repository?.split('/').findLast((part) => part !== '');
  const advice = `set fields.service of the source ${instance.name}`;
  notes.push(last ? `service is the name of the repository: ${advice}` : `service is unknown: ${advice}`);
  return last ?? 'unknown';
}

function repositoryOf({ repository, repository_id, gitlab_project }: Values): NewChangeRecord['repository'] {
  const text = textOf(repository);
  const project = textOf(gitlab_project);
  const id = textOf(repository_id);
  const address = parseRepoUrl(text);
  const name = address?.path ?? text ?? project;
  if (name === undefined) return undefined;
  const host = address?.url === undefined ? undefined : new URL(address.url).host;
  return { name, ...known({ id: host && id && `${host}:${id}`, url: address?.url, gitlabProject: project }) };
}

function commitOf({ commit, commit_message, commit_author }: Values, notes: string[]): NewChangeRecord['commit'] {
  const text = textOf(commit);
  const sha = fullSha(text);
  if (text !== undefined && !sha && !shaPrefix(text)) notes.push('commit is no commit sha: left out');
  const message = textOf(commit_message);
  const title = message?.split(/\r?\n/)[0];
  const found = known({ sha, title, message, author: textOf(commit_author) });
  return Object.keys(found).length > 0 ? found : undefined;
}

function pullRequestOf({ pull_request, pull_request_url, ref }: Values): NewChangeRecord['pullRequest'] {
  const number = textOf(pull_request) ?? nameRef(textOf(ref)).mergeRequest;
  return number === undefined ? undefined : { number, ...known({ url: safeUrl(textOf(pull_request_url)) }) };
}

/** Some tools write the commit in the field of the branch. */
function refOf({ ref: written, tag }: Values): Pick<NewChangeRecord, 'ref' | 'tag'> {
  const named = nameCheckout(textOf(written));
  return known({ ref: named.ref, tag: typeof tag === 'boolean' ? tag : named.tag });
}

/** Forges do not find a commit by a short sha, but people search for it. */
function tagsOf({ tags, commit }: Values): string[] {
  const text = textOf(commit);
  const short = fullSha(text) ? undefined : shaPrefix(text);
  return [...new Set([...textsOf(tags), ...(short ? [`commit:${short}`] : [])])];
}
