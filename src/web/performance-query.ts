import { z } from 'zod';
import type { ChangeType, State } from '../domain/change-record.ts';
import type { PERFORMANCE_RANGES } from '../http/performance.ts';
import { TypedText } from '../values/text.ts';

export type Range = keyof typeof PERFORMANCE_RANGES;
/** Values of `environment` that are no names. */
export const PRODUCTION = '';
export const ALL = '*';

const Text = TypedText.catch('');
export const PerformanceQuery = z.object({
  environment: Text,
  service: Text,
  owner: Text,
  range: z.enum(['7d', '30d', '90d']).catch('30d'),
  failures: z.enum(['deployments', 'alerts']).catch('deployments'),
});
export type PerformanceQuery = z.infer<typeof PerformanceQuery>;

export function performancePath({ environment, service, owner, range, failures }: PerformanceQuery): string {
  const search = new URLSearchParams({
    ...(environment !== PRODUCTION && { environment }),
    ...(service !== '' && { service }),
    ...(owner !== '' && { owner }),
    ...(range !== '30d' && { range }),
    ...(failures !== 'deployments' && { failures }),
  });
  return search.size > 0 ? `/performance?${search}` : '/performance';
}

/** The changes from which the figures are computed; of one state or type. */
export function changesPath(
  { environment, service, owner, range }: PerformanceQuery,
  of: { readonly status?: State; readonly change_type?: ChangeType } = {},
): string {
  const search = new URLSearchParams({
    ...(environment === PRODUCTION ? { tier: 'production' } : environment !== ALL && { environment }),
    ...(service !== '' && { service }),
    ...(owner !== '' && { owner }),
    ...of,
    since: range,
  });
  return `/?${search}`;
}
