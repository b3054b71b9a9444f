import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, isScalar, LineCounter, parseDocument, visit, type YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { useProxies } from '../outbound/egress.ts';
import type { TraceSettings } from '../telemetry/span.ts';
import { capital } from '../values/text.ts';
import { nearestName } from '../values/typos.ts';
import { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { checkSpelling, type Environment } from './environment.ts';
import { keptSecret, openSecrets } from './generated-secrets.ts';
import { knownKeysAt } from './known-keys.ts';
import { proxiesOf } from './proxies.ts';

const MAX_FILE_BYTES = 1024 * 1024;
/** Written for a secret that is generated at the first start and kept in the data directory. */
const GENERATED = 'generated';

/**
 * The one place that reads the environment: SHIPLOG_CONFIG, HTTPS_PROXY and OTEL_* here, any other variable where the
 * file names it.
 */
export function loadConfig(environment: Environment = process.env, options: LoadOptions = {}): Config {
  const file = configFile(environment);
  useProxies(proxiesOf(environment));
  const text = readConfigFile(file);
  checkSpelling(environment, text);
  return parseConfig(file, text, { environment, ...options });
}

export interface LoadOptions {
  /** Only the bridge generates secrets: a command that did would lock its own user out. */
  readonly mayMakeSecrets?: boolean;
}

export const configFile = (environment: Environment = process.env): string =>
  environment['SHIPLOG_CONFIG'] || 'config/shiplog.yaml';

/** Undefined: no traces are wanted. opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables */
export function loadTraceSettings(environment: Environment = process.env): TraceSettings | undefined {
  const read = (name: string) => environment[name]?.trim().toLowerCase() || undefined;
  const exporters = (read('OTEL_TRACES_EXPORTER') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const endpoint = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (read('OTEL_SDK_DISABLED') === 'true' || exporters.includes('none')) return undefined;
  if (exporters.length === 0 && endpoint === undefined) return undefined;
  return {
    exporters: exporters.length > 0 ? exporters : ['otlp'],
    protocol: read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf',
  };
}

/** @throws ConfigError */
export function parseConfig(
  file: string,
  text: string,
  { environment, mayMakeSecrets = false }: LoadOptions & { readonly environment: Environment },
): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  if (document.errors.length > 0) throw new ConfigError(document.errors.map((error) => explainSyntax(error, file)));
  const problems = substitute(document, environment, at);
  if (problems.length > 0) throw new ConfigError(problems);
  const { raw, missing } = fillGenerated(withoutNulls(document.toJS()), mayMakeSecrets);
  // It is read once: to compile its schemas, as zod does, takes longer than to walk them.
  const parsed = Config.safeParse(raw ?? {}, { jitless: true });
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap((issue) => explain(issue, document, at)));
  if (missing) throw notMadeYet(missing);
  return parsed.data;
}

/** Without the line itself, which may be a secret's. */
function explainSyntax({ message, linePos }: YAMLParseError, file: string): string {
  const [start] = linePos ?? [];
  const what = message.replace(/ at line \d+, column \d+:?\n[\s\S]*$/, '');
  return start ? `${file}:${start.line}: no valid YAML, at column ${start.col}: ${what}` : `${file}: ${what}`;
}

function readConfigFile(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return bytes.toString('utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError([
      `${file}: cannot be read (${why}). SHIPLOG_CONFIG names the file; without it, it is config/shiplog.yaml in ` +
        `the current directory`,
    ]);
  }
}

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${file:/path}` in every value. A value that is empty then counts as not
 * written.
 */
function substitute(document: Document, environment: Environment, at: (offset: number) => string): string[] {
  const problems: string[] = [];
  visit(document, {
    Scalar(position, node) {
      if (position === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const text = node.value.replace(
        /\$\{(?:file:([^}]+)|([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?)\}/g,
        (_, path?: string, name?: string, fallback?: string) => {
          const value = path ? readSecretFile(path) : environment[name ?? ''] || fallback;
          if (value === undefined)
            problems.push(
              `${at(node.range?.[0] ?? 0)}: ` +
                (path
                  ? `the file ${path} cannot be read`
                  : `the environment variable ${name} is not set; set it, or write \${${name}:-default}`),
            );
          return value ?? '';
        },
      );
      node.value = text === '' ? undefined : text;
    },
  });
  return problems;
}

function readSecretFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch {
    return undefined; // reported with file and line by the caller
  }
}

/** A value that is null or empty counts as not written, except `const: null`, with which a template writes null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null && item !== undefined).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => item !== undefined && (item !== null || name === 'const'))
      .map(([name, item]) => [name, withoutNulls(item)]),
  );
}

interface MissingSecret {
  readonly dataDir: string;
  readonly name: string;
}
/** Stands for a secret that is missing until the rest has been checked: a misspelt type would be called that. */
const NO_SECRET = 'missing'.repeat(4);

/** Puts the secrets of the data directory where the file says "generated", or names no admin token. */
function fillGenerated(raw: unknown, mayMake: boolean): { readonly raw: unknown; readonly missing?: MissingSecret } {
  if (typeof raw !== 'object' || raw === null) return { raw };
  const config = raw as {
    data_dir?: string;
    admin_token?: unknown;
    sources?: { name?: string; preset?: string; type?: string; secrets?: unknown[] }[];
  }; // checked by Config afterwards
  const dataDir = resolve(config.data_dir ?? 'data');
  let missing: MissingSecret | undefined;
  const kept = (name: string): string => {
    const found = keptSecret(dataDir, name);
    if (found === undefined) missing ??= { dataDir, name };
    return found ?? `${NO_SECRET}${name}`; // no two secrets may be equal
  };
  const secret = mayMake ? openSecrets(dataDir) : kept;
  const filled = {
    ...config,
    ...((config.admin_token ?? GENERATED) === GENERATED && { admin_token: secret('admin') }),
    ...(Array.isArray(config.sources) && {
      sources: config.sources.map((source) =>
        Array.isArray(source?.secrets)
          ? {
              ...source,
              secrets: source.secrets.map((text) =>
                text === GENERATED ? secret(source.name ?? source.preset ?? source.type ?? 'source') : text,
              ),
            }
          : source,
      ),
    }),
  };
  return { raw: filled, ...(missing && { missing }) };
}

const notMadeYet = ({ dataDir, name }: MissingSecret): ConfigError =>
  new ConfigError([
    `the secret of "${name}" is not in ${dataDir}: only the bridge makes secrets, when it starts (npm start). ` +
      `Run this command with the environment of the bridge (SHIPLOG_CONFIG, SHIPLOG_DATA_DIR), or give --url and ` +
      `--token`,
  ]);

function explain(issue: z.core.$ZodIssue, document: Document, at: (offset: number) => string): string[] {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
  return keys.map((unknownKey) => {
    const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
    const message = unknownKey === undefined ? messageOf(issue, document.getIn(path)) : explainKey(path);
    return `${at(offsetOf(document, path))}: ${dotted(path)}: ${message}`;
  });
}

/** A longer list is no help. */
const MAX_NAMED_KEYS = 24;

function explainKey(path: readonly PropertyKey[]): string {
  const known = knownKeysAt(Config, path.slice(0, -1));
  const meant = nearestName(String(path.at(-1)), known);
  const advice = meant === undefined ? 'remove it or correct its spelling' : `did you mean ${meant}?`;
  const all =
    known.length > 0 && known.length <= MAX_NAMED_KEYS
      ? `known here: ${known.join(', ')}`
      : 'config/shiplog.example.yaml has them all';
  return `unknown key; ${advice} (${all})`;
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const meant = nearestName(value, issue.values.map(String));
    return meant === undefined
      ? issue.message
      : `"${value}" is not known; did you mean ${meant}? ${capital(issue.message)}`;
  }
  if (issue.code !== 'invalid_union' || !('options' in issue) || !Array.isArray(issue.options)) return issue.message;
  const known = issue.options.map(String);
  const meant = typeof value === 'string' ? nearestName(value, known) : undefined;
  const advice = meant === undefined ? '' : `did you mean ${meant}? `;
  const given = value === undefined ? 'write which' : `"${String(value)}" is not known`;
  return `${given}; ${advice}There are ${known.join(', ')}`;
}

/** The position of the value, else of the nearest node around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isScalar(node) && node.range) return node.range[0];
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return Number(node.range[0]);
  }
  return 0;
}

function dotted(path: readonly PropertyKey[]): string {
  return (
    path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('')
      .replace(/^\./, '') || '(the file)'
  );
}
