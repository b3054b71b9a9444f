import type { RequestHandler, Response } from 'express';
import { WebhookRejected } from '../domain/errors.ts';
import { NO_SOURCE } from '../domain/no-source.ts';
import { sourceCalled } from '../sources/index.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import type { Source } from '../sources/source.ts';
import { sourcesMeant } from '../sources/wrong-secret.ts';
import { editDistance } from '../values/edit-distance.ts';
import { discardBody } from './discard.ts';
import type { RefusalLimit } from './refusals.ts';
import { pathOf, toHead } from './webhook-request.ts';
import type { WebhookParts } from './webhooks.ts';

export interface UnknownPathParts {
  readonly sources: readonly Source[];
  readonly limit: RefusalLimit;
  /** The owner of a webhook searches the inbox for it. */
  readonly noteRefused: (source: NoSource, webhook: Webhook, error: WebhookRejected) => Promise<string>;
  readonly onAnswered: WebhookParts['onAnswered'];
}

type NoSource = Pick<Source, 'name' | 'keptHeaders'>;
const UNKNOWN_SOURCE: NoSource = { name: NO_SOURCE, keptHeaders: [] };
/** Methods by which webhooks are sent. */
export const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
/** An answer quotes the path, which may have any length. */
const SHOWN_CHARS = 200;

/**
 * Answers requests to addresses that do not exist. The answer names no source, since anybody may ask; the inbox, which
 * the owner of a webhook can read, says which address may have been meant.
 */
export function createUnknownPath({ sources, limit, noteRefused, onAnswered }: UnknownPathParts): RequestHandler {
  const source = UNKNOWN_SOURCE;
  return async (request, response) => {
    const path = pathOf(request.originalUrl);
    if (!WRITES.has(request.method)) return sendNotFound(response, path, sources);
    const startedMs = performance.now();
    const webhook = { ...toHead(request, path, request.ip), body: Buffer.alloc(0) };
    const error = new WebhookRejected('no_such_source', adviceFor(path, webhook, sources));
    discardBody(request);
    const id = await noteRefused(source, webhook, error);
    limit.count(webhook.address ?? '');
    sendNotFound(response, path, sources);
    const ms = performance.now() - startedMs;
    onAnswered({
      webhook: { ...webhook, id },
      source,
      outcome: { kind: 'rejected', error },
      proved: false,
      status: 404,
      ms,
    });
  };
}

function sendNotFound(response: Response, path: string, sources: readonly Source[]): void {
  const what = path.startsWith('/webhooks') ? 'no source at this address' : `nothing at ${path.slice(0, SHOWN_CHARS)}`;
  const whole = wholePathOf(path, sources);
  const advice = whole ? `did you mean ${whole}?` : 'webhooks go to /webhooks/<name>, and the set-up page shows each';
  response.status(404).json({ error: `there is ${what}${endOf(path)}; ${advice}` });
}

const NOT_AT_AN_END: ReadonlyMap<string, string> = new Map([
  ...['"', "'", '`', '“', '”', '’', '»'].map((mark) => [mark, 'a quotation mark'] as const),
  ...['\n', '\r'].map((mark) => [mark, 'a line break'] as const),
  ...[' ', '\t', '\u00a0', '\u200b', '\ufeff'].map((mark) => [mark, 'a space'] as const),
  ...[',', ';', '.', '>', ')', ']', '}'].map((mark) => [mark, `"${mark}"`] as const),
]);

/** What was copied along with the address, and cannot be seen in most settings of a webhook. */
function endOf(path: string): string {
  const last = lastOf(path);
  const found = last === undefined ? undefined : NOT_AT_AN_END.get(last);
  return found === undefined ? '' : `, which ends with ${found}`;
}

function lastOf(path: string): string | undefined {
  try {
    return decodeURIComponent(path.slice(-SHOWN_CHARS)).at(-1);
  } catch {
    return path.at(-1); // a stray % is no encoding
  }
}

/** The path of an API that callers have built in, where only its beginning differs: `/v1/changes`. */
function wholePathOf(path: string, sources: readonly Source[]): string | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const end = parts.at(-1);
  if (end === undefined || path.length > SHOWN_CHARS) return undefined;
  const fixed = sources.flatMap(({ alsoAt = [] }) => alsoAt).find((one) => one.endsWith(`/${end}`));
  return fixed ?? sources.map((source) => imitatedPathOf(parts, source)).find((whole) => whole !== undefined);
}

/** The path of an imitated API with another beginning, or with a part of it alone. */
function imitatedPathOf(parts: readonly string[], { alsoAt = [], imitates }: Source): string | undefined {
  const ends = parts.slice(0, MOST_PARTS).map((_, from) => parts.slice(from).join('/'));
  const whole = alsoAt
    .filter((prefix) => prefix.endsWith('/'))
    .flatMap((prefix) => ends.map((end) => `${prefix}${end}`));
  return whole.find((one) => imitates?.isWrittenAt(one));
}

function adviceFor(path: string, webhook: Webhook, sources: readonly Source[]): string {
  const names = sources.map(({ name }) => name);
  const parts = partsOf(path);
  const suggestion = closest(parts, names, SLIPS) ?? unconfigured(parts) ?? closest(parts, names);
  const [proved] = sourcesMeant(webhook, sources);
  const hint = suggestion ?? (proved && meant(proved.name)) ?? 'the set-up page shows the address of each';
  return `no source is at ${path.slice(0, SHOWN_CHARS)}: ${hint}${prefixAdvice(path, names)}`;
}

/** A proxy that passes the path on as it came: the address is right, and the configuration lacks its beginning. */
function prefixAdvice(path: string, names: readonly string[]): string {
  const [, prefix, name = ''] = /^(\/[\w./-]{1,80})\/webhooks\/([^/]+)$/.exec(path) ?? [];
  if (prefix === undefined || !names.includes(name) || /\/api(?:\/v\d)?$/.test(prefix)) return '';
  return ` If a proxy adds ${prefix} for Shiplog, set SHIPLOG_PUBLIC_URL to the address that ends with it`;
}

const meant = (name: string): string => `did you mean /webhooks/${name}?`;

/** A tool that Shiplog knows, and that the configuration does not name. */
function unconfigured(parts: readonly string[]): string | undefined {
  const [written] = parts.flatMap((part) => (part === 'webhook' ? [] : (sourceCalled(part) ?? [])));
  return written && `to receive from it, add ${written} to sources in the configuration`;
}

/** Comparing costs the product of the lengths, for each part. */
const LONGEST_NAME_CHARS = 40;
const MOST_PARTS = 8;

/** A separator or a letter too many: no other tool's name. */
const SLIPS = 1;

const partsOf = (path: string): string[] =>
  path.toLowerCase().slice(0, SHOWN_CHARS).split('/').filter(Boolean).slice(0, MOST_PARTS);

/** The source whose name is most similar to one part of the path. Undefined when none is similar. */
function closest(parts: readonly string[], names: readonly string[], most = Number.MAX_VALUE): string | undefined {
  const rated = names.flatMap((name) =>
    parts.map((part) => ({ name, edits: editDistance(part.slice(0, LONGEST_NAME_CHARS), name) })),
  );
  const best = rated.toSorted((one, other) => one.edits - other.edits)[0];
  return best && best.edits <= Math.min(most, Math.max(1, Math.floor(best.name.length / 3)))
    ? meant(best.name)
    : undefined;
}
