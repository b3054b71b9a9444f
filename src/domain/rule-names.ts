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
          message: 'stands here twice: case does not count; remove one',
          input: names,
        });
      folded.set(theirs.toLowerCase(), ours);
    }
    return folded;
  });
export type NameMap = z.infer<typeof NameMap>;

/** The name that a map gives, if it knows this one. */
export const renamed = (names: NameMap | undefined, name: string): string | undefined => names?.get(name.toLowerCase());

/** Gives a deployment other names. What the tool called it is kept, however often it is renamed; `unknown` is no tool's name. */
export function rename(
  deployment: Deployment,
  to: { environment?: string | undefined; service?: string | undefined },
): Deployment {
  const environment = to.environment ?? deployment.environment.name;
  const service = to.service ?? deployment.service;
  const original = {
    ...originally('environment', deployment.environment.name, environment),
    ...originally('service', deployment.service, service),
    ...deployment.original,
  };
  return {
    ...deployment,
    environment: { ...deployment.environment, name: environment },
    service,
    ...(Object.keys(original).length > 0 && { original }),
  };
}

const originally = (key: 'environment' | 'service', before: string, now: string) =>
  before === now || before === 'unknown' ? {} : { [key]: before };
