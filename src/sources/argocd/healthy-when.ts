import picomatch from 'picomatch';
import { z } from 'zod';
import { labelsOf } from './environment.ts';
import { HealthyWhen } from './health.ts';
import type { Notification } from './schema.ts';
import type { Selected } from './settings.ts';

const Glob = z.string().min(1).optional();

const Rule = z.strictObject({
  app: Glob,
  namespace: Glob,
  cluster: Glob,
  argocd_project: Glob,
  is: HealthyWhen,
});

/** One word for all applications, or a list of which the first match counts. All parts of an entry must match. */
export const HealthyWhenRules = z
  .union(
    [HealthyWhen, z.array(Rule)],
    'write healthy, suspended or synced, or a list such as - { app: "cron-*", is: synced }',
  )
  .default('healthy')
  .transform((written): readonly Selected<HealthyWhen>[] =>
    typeof written === 'string' ? [{ fits: () => true, value: written }] : written.map(selected),
  );

function selected({ is, app, ...places }: z.infer<typeof Rule>): Selected<HealthyWhen> {
  const name = matcher(app);
  const others = Object.entries(places).map(([key, glob]) => [key, matcher(glob)] as const);
  return {
    fits: (notification: Notification) => {
      const labels = labelsOf(notification);
      return name(notification.app.name) && others.every(([key, fits]) => fits(labels[key]));
    },
    value: is,
  };
}

function matcher(glob: string | undefined): (text: string | undefined) => boolean {
  if (glob === undefined) return () => true;
  const fits = picomatch(glob, { dot: true });
  return (text) => text !== undefined && fits(text);
}
