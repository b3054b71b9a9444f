import { z } from 'zod';
import type { Deployment } from '../domain/deployment.ts';
import { laneOf } from '../domain/lane.ts';
import { tierOf } from '../domain/tier.ts';

export const RANGES = { '7d': 7, '30d': 30, '90d': 90 } as const;
export type Range = keyof typeof RANGES;
/** Choices of the environment that are no names. */
export const PRODUCTION = '';
export const ALL = '*';

const Text = z.string().trim().max(300).catch('');
export const PerformanceQuery = z.object({
  environment: Text,
  service: Text,
  range: z.enum(['7d', '30d', '90d']).catch('30d'),
});
export type PerformanceQuery = z.infer<typeof PerformanceQuery>;

export const isNamed = (name: string, wanted: string): boolean => name.toLowerCase() === wanted.toLowerCase();

export function isChosen({ environment }: Deployment, wanted: string): boolean {
  if (wanted === PRODUCTION) return tierOf(environment) === 'production';
  return wanted === ALL || isNamed(environment.name, wanted) || isNamed(laneOf(environment), wanted);
}

export function performancePath({ environment, service, range }: PerformanceQuery): string {
  const search = new URLSearchParams({
    ...(environment !== PRODUCTION && { environment }),
    ...(service !== '' && { service }),
    ...(range !== '30d' && { range }),
  });
  return search.size > 0 ? `/performance?${search}` : '/performance';
}
