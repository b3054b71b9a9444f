import { z } from 'zod';
import type { Deployment } from './deployment.ts';

/** Their name → ours. Case does not count on the left, and is kept on the right. */
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

/** The name that a map gives, if it knows this one. */
export const renamed = (names: NameMap | undefined, name: string): string | undefined => names?.get(name.toLowerCase());

/** Gives a deployment other names. */
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

/** Keeps what the tool called it, where it is called otherwise now. `unknown` is a name that no tool gave. */
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
