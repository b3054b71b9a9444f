/** The headers of a webhook, as somebody copied them from a log or a tool. */
export interface NotedHeaders {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path and method of the request line, which `curl -v` shows. */
  readonly path?: string;
  readonly method?: string;
  /** A secret was removed, as GitLab does in its list of recent events: there is no proof to check. */
  readonly redacted: boolean;
}

const REDACTED = /^(?:Bearer |Basic )?(?:\[REDACTED\]|\[FILTERED\]|\*{3,})$/i;

/** "Name: value" lines, a JSON object, or what `curl -v` prints. @throws Error when it is none of these */
export function parseHeaders(text: string): NotedHeaders {
  const { headers: all, ...request } = text.trim().startsWith('{') ? fromJson(text) : fromLines(text);
  if (all.length === 0)
    throw new Error('there is no header in it: write "Name: value" lines, a JSON object, or what curl -v prints');
  const headers: Record<string, string> = {};
  for (const [written, value] of all) {
    const name = written.toLowerCase();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const kept = Object.entries(headers).filter(([, value]) => !REDACTED.test(value));
  return { headers: Object.fromEntries(kept), ...request, redacted: kept.length < Object.keys(headers).length };
}

interface Read {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly path?: string;
  readonly method?: string;
}

/** In what `curl -v` prints, only the lines with ">" are the request's. */
function fromLines(text: string): Read {
  const lines = text.split(/\r\n|\r|\n/);
  const sent = lines.filter((line) => /^> ?/.test(line));
  const wanted = (sent.length > 0 ? sent : lines).map((line) => line.replace(/^> ?/, '').trim());
  const request = wanted.map((line) => /^([A-Z]{3,7}) (\/\S*)(?: HTTP\/[\d.]+)?$/.exec(line)).find(Boolean);
  const [, method, path] = request ?? [];
  const headers = wanted.flatMap((line) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return { headers, ...(method && { method }), ...(path && { path }) };
}

function fromJson(text: string): Read {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return { headers: [] };
  const headers = Object.entries(parsed).flatMap(([name, value]: [string, unknown]) => {
    const values = Array.isArray(value) ? value : [value];
    return values
      .filter((item) => typeof item === 'string' || typeof item === 'number')
      .map((item) => [name, String(item)] as const);
  });
  return { headers };
}
