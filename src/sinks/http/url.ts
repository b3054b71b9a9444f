import { DeliveryFailed } from '../../domain/errors.ts';
import { valueAt } from '../../templates/path.ts';
import type { Scope } from '../../templates/shape.ts';
import type { TemplateContext } from '../../templates/template-context.ts';
import { partsOf, pieceOf, type TextPart } from '../../templates/text.ts';
import { isDotSegment } from '../../values/path-segment.ts';
import { trimCharsEnd, wellFormed } from '../../values/text.ts';
import type { TemplateSettings } from './scope.ts';

/** The part up to the end of the host, which no value of a deployment may change. */
const WITH_HOST = /^https?:\/\/[^/?#\s]+[/?#]/;

export interface Url {
  /** https://api.example.com */
  readonly origin: string;
  /** @throws DeliveryFailed `never` when a part of it is missing, or would lead elsewhere. */
  readonly of: (scope: Scope) => string;
}

/** Settings and secrets may make the host; everything after it is percent-encoded. Absent after a complaint. */
export function compileUrl(written: string, given: TemplateSettings, at: TemplateContext): Url | undefined {
  const parts = partsOf(written, at);
  if (!parts) return undefined;
  const { start, rest } = startOf(parts, given);
  const wrong = whyWrong(start, rest);
  if (wrong) {
    at.complain(at.path, wrong);
    return undefined;
  }
  const { origin } = new URL(start);
  return { origin, of: (scope) => safe(`${start}${rest.map((part) => encoded(part, scope)).join('')}`, origin) };
}

/** The part that is the same for every deployment. */
function startOf(parts: readonly TextPart[], given: TemplateSettings): { start: string; rest: readonly TextPart[] } {
  let start = '';
  for (const [index, part] of parts.entries()) {
    if ('name' in part && WITH_HOST.test(start)) return { start, rest: parts.slice(index) };
    const text = 'text' in part ? part.text : pieceOf(valueAt(given, part.path));
    if (text === undefined) return { start, rest: parts.slice(index) };
    // A base URL often ends with a slash.
    start = text.startsWith('/') ? `${trimCharsEnd(start, '/')}${text}` : `${start}${text}`;
  }
  return { start, rest: [] };
}

function whyWrong(start: string, rest: readonly TextPart[]): string | undefined {
  const [next] = rest;
  if (next && 'name' in next && !WITH_HOST.test(start))
    return /^(settings|secrets)[.^]/.test(next.name)
      ? `${next.name} is not set, and the URL begins with it`
      : `{${next.name}} may stand only after the host, as in https://api.example.com/{${next.name}}`;
  if (!URL.canParse(start) || !/^https?:\/\//.test(start))
    return 'write a URL such as https://api.example.com/v1/deployments';
  const { username, password } = new URL(start);
  return username || password ? 'write user and password under auth: { basic: … }, not into the URL' : undefined;
}

function encoded(part: TextPart, scope: Scope): string {
  if ('text' in part) return part.text;
  const value = pieceOf(valueAt(scope, part.path));
  if (value !== undefined) return encodeURIComponent(wellFormed(value));
  throw refused(`the URL needs ${part.name}, which this deployment does not have`);
}

/** `..` cannot be encoded: every reader of URLs takes it for a step up, and the request would go somewhere else. */
function safe(url: string, origin: string): string {
  const [path = ''] = url.slice(origin.length).split(/[?#]/);
  if (path.split('/').some(isDotSegment) || new URL(url).origin !== origin)
    throw refused('a value in the URL is "." or "..", which would lead elsewhere');
  return url;
}

const refused = (why: string) => new DeliveryFailed(`not sent: ${why}`, { retry: 'never' });
