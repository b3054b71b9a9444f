import { DeliveryFailed, type Retry } from '../../domain/errors.ts';
import { patternOfSecret } from '../../values/mask.ts';
import { inOneLine } from '../../values/text.ts';

interface Reading {
  readonly retry: Retry;
  /** What a person can do about it. */
  readonly advice?: string;
}

/** As with an HTTP destination: the whole sink waits, so that a repaired setting needs no restart. */
const SETTING: Retry = { afterMs: 10_000, hold: 'sink' };

/**
 * What an error of the server means, by its SQLSTATE or the class with which this begins
 * (postgresql.org/docs/current/errcodes-appendix.html). The longest match counts; without a match it is retried.
 */
const STATES: Readonly<Record<string, Reading>> = {
  '08P01': {
    retry: SETTING,
    advice: 'Something between Shiplog and the server does not speak its protocol: check url',
  },
  '22': { retry: 'never' },
  '23': { retry: 'never' },
  '25006': { retry: 'backoff', advice: 'It is a standby, or read-only: set url to the primary' },
  '28': {
    retry: SETTING,
    advice: 'The login is refused: set url with a valid user and password, and allow them in pg_hba.conf',
  },
  '3D000': { retry: SETTING, advice: 'Set url to a database that there is: Shiplog makes tables, and no database' },
  '3F000': { retry: SETTING, advice: 'Somebody dropped the schema: it is made again at the next attempt' },
  '42': { retry: 'never' },
  '42501': {
    retry: SETTING,
    advice:
      'Set url with a user that may create and write the tables: GRANT CREATE ON DATABASE, or make the schema its own',
  },
  '42P01': { retry: SETTING, advice: 'Somebody dropped the tables: they are made again at the next attempt' },
  '54': { retry: 'never' },
  P0001: { retry: 'never' }, // a user-defined trigger refuses
};

/** Errors of the client before the server was asked. */
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/, 'Set sslmode=disable in url, or switch TLS on at the server'],
  [/certificate|self.signed|altnames/i, 'Set tls.ca to the authority of its certificate, and url to the name in it'],
  [/^SASL: .*password must be/, 'It asks for a password: set url with one'],
];

export interface FailureOptions {
  /** "db.example.com:5432/shiplog did not accept <key>" */
  readonly what: string;
  /** Where the server is, for requests without an answer. */
  readonly place: string;
  readonly timeoutMs: number;
  readonly secrets: readonly string[];
}

/** Turns any error into the failure that the queue understands, in the database's words. */
export function toFailure(error: unknown, options: FailureOptions): DeliveryFailed {
  if (error instanceof DeliveryFailed) return error;
  const code = codeOf(error);
  const isServers = code !== undefined && /^[0-9A-Z]{5}$/.test(code) && hasSeverity(error);
  const hidden = (text: string) =>
    options.secrets.reduce((words, secret) => words.replace(patternOfSecret(secret), '[secret]'), text);
  if (isServers) {
    const { retry, advice } = readingOf(code);
    const message = `${options.what}: ${code} ${wordsOf(error)}`;
    return new DeliveryFailed(hidden(`${message}${advice ? `. ${advice}` : ''}`), { retry, cause: causeOf(error) });
  }
  const reason = reasonOf(error, code, options.timeoutMs);
  const [, advice] = SETTINGS.find(([pattern]) => pattern.test(reason)) ?? [];
  return new DeliveryFailed(hidden(`no answer from ${options.place}: ${reason}${advice ? `. ${advice}` : ''}`), {
    retry: advice === undefined ? 'backoff' : SETTING,
    cause: causeOf(error),
  });
}

function readingOf(code: string): Reading {
  return STATES[code] ?? STATES[code.slice(0, 2)] ?? { retry: 'backoff' };
}

/** Whether the version of the tables has to be checked again. */
export const isMissingTable = (error: unknown): boolean => ['42P01', '3F000', '42703'].includes(codeOf(error) ?? '');

function reasonOf(error: unknown, code: string | undefined, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || /^timeout e/.test(error.message)) return `none within ${timeoutMs} ms`;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const message = error.message || (first instanceof Error ? first.message : '') || 'the connection failed';
  return code === undefined ? message : `${message} (${code})`;
}

/** One line, shortened: message and detail, which may hold a row. */
function wordsOf(error: unknown): string {
  const { message, detail } = error as { message?: unknown; detail?: unknown }; // the server's error has both
  const words = [message, detail].filter((text) => typeof text === 'string' && text !== '').join('. ');
  return inOneLine(words);
}

/** The client's own errors may hold the row that was refused. */
const causeOf = (error: unknown): unknown =>
  hasSeverity(error) ? new Error(`SQLSTATE ${codeOf(error)}`) : error instanceof Error ? error : undefined;

const hasSeverity = (error: unknown): boolean => error instanceof Error && 'severity' in error;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
