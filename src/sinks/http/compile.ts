import type { Fields } from '../../templates/shape.ts';
import { compile, compileBody } from '../../templates/template.ts';
import { inside, type TemplateContext } from '../../templates/template-context.ts';
import type { Exchange } from './request.ts';
import type { TemplateSettings } from './scope.ts';
import { compileUrl } from './url.ts';
import type { Written } from './written.ts';

/** Receives complaints: paths are relative to the sink. */
export interface Compiling {
  readonly given: TemplateSettings;
  readonly shape: Fields;
  readonly complain: TemplateContext['complain'];
}

interface WrittenExchange extends Pick<Written, 'headers' | 'body'> {
  readonly method: Exchange['method'];
  readonly url: string;
}

/** Absent after a complaint about the URL. */
export function compileExchange(
  written: WrittenExchange,
  path: readonly string[],
  parts: Compiling,
): Exchange | undefined {
  const at: TemplateContext = { shape: parts.shape, complain: parts.complain, path };
  const url = compileUrl(written.url, parts.given, inside(at, 'url'));
  const headers = Object.entries(written.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), compile(value, inside(at, 'headers', name))] as const,
  );
  const body = written.body === undefined ? undefined : compileBody(written.body, inside(at, 'body'));
  return url && { method: written.method, url, headers, body };
}
