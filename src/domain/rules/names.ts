import { z } from 'zod';
import type { Deployment } from '../deployment.ts';

/** Their name → ours. The left side ignores case, the right side keeps it. */
export const NameMap = z
  .record(z.string().min(1), z.string('write a name in quotation marks').min(1))
  .transform((names, context): ReadonlyMap<string, string> => {
    const folded = new Map<string, string>();
    for (const [theirs, ours] of Object.entries(names)) {
      if (folded.has(theirs.toLowerCase()))
        context.addIssue({
          code: 'custom',
          path: [theirs],
          message: 'is listed twice (names ignore case): remove one',
          input: names,
        });
      folded.set(theirs.toLowerCase(), ours);
    }
    return folded;
  });
export type NameMap = z.infer<typeof NameMap>;

/** The name that a map gives, if it has an entry for this one. */
export const renamed = (names: NameMap | undefined, name: string): string | undefined => names?.get(name.toLowerCase());

/** Replaces names of a deployment. */
export function rename(
  deployment: Deployment,
  { environment, service }: { environment?: string | undefined; service?: string | undefined },
): Deployment {
  return {
    ...deployment,
    ...(environment && { environment: { ...deployment.environment, name: environment } }),
    ...(service && { service }),
  };
}

/** Keeps the tool's name where it was replaced. `unknown` is a name that no tool gave. */
export function withOriginal(reported: Deployment, now: Deployment): Deployment {
  const original = {
    ...originally('environment', reported.environment.name, now.environment.name),
    ...originally('service', reported.service, now.service),
    ...reported.original,
  };
  return Object.keys(original).length > 0 ? { ...now, original } : now;
}

const originally = (key: 'environment' | 'service', before: string, now: string) =>
  before === now || before === 'unknown' ? {} : { [key]: before };
