import { z } from 'zod';
import { DeadLetterFields } from '../domain/dead-letter-filter.ts';
import { AlertsQuery } from '../http/alerts.ts';
import { InboxQuery } from '../http/api.ts';
import { PerformanceQuery } from '../http/performance.ts';
import { RunningQuery } from '../http/running.ts';

const Count = z.coerce.number().int().min(0).max(10_000_000);
const Page = z.coerce.number().int().min(1).max(100_000);

/** The parameters of a page's address: those of the API, and further ones of our own links. */
const PARAMETERS = {
  '/alerts': AlertsQuery.pick({ status: true, service: true, environment: true }).extend({ page: Page.optional() }),
  '/running': RunningQuery.extend({ page: Page.optional() }),
  '/inbox': InboxQuery.pick({ source: true, verdict: true, q: true }).extend({
    page: Page.optional(),
    from: Count.optional(),
  }),
  '/performance': PerformanceQuery.omit({ by: true, format: true }),
  '/deliveries': z.strictObject({
    ...DeadLetterFields.partial().shape,
    did: z.string().optional(),
    count: Count.optional(),
  }),
} as const;

/**
 * The parameters of the address that could not be read, each with the values that are allowed: they were left out, and
 * the page must not seem to show what was asked for.
 */
export function unreadParameters(path: keyof typeof PARAMETERS, asked: unknown): readonly string[] {
  const schema = PARAMETERS[path];
  const given = Object.entries(asked ?? {}).filter(([, value]) => value !== ''); // a form sends its empty fields, too
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return `${issue.path.join('.')} was left out: ${issue.message}.`;
    const known = Object.keys(schema.shape).filter((name) => !OURS.has(name));
    return issue.keys.map((name) => `${name} was left out: it is not known; known are ${known.join(', ')}.`);
  });
}

/** Nobody writes these by hand. */
const OURS: ReadonlySet<string> = new Set(['page', 'from', 'did', 'count']);
