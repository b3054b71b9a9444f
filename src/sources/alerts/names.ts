import { z } from 'zod';
import type { LabelledName } from '../../domain/alert.ts';

const Label = z.string().min(1, 'write the name of a label').max(100);
const Names = z.record(z.string().min(1), z.string('write a name in quotation marks').min(1)).default({});

/**
 * Labels that name what an alert is about, the most reliable first. Exporters put their own name into `job` and
 * `service`.
 */
const SERVICE_LABELS = [
  'service',
  'service_name',
  'app',
  'app_kubernetes_io_name',
  'application',
  'deployment',
  'container',
  'job',
  'namespace',
];
const ENVIRONMENT_LABELS = ['environment', 'env', 'deployment_environment_name', 'deployment_environment', 'stage'];

/** How the configuration says what an alert is about. */
export const NAMING = {
  service_labels: z.array(Label).min(1).max(20).default(SERVICE_LABELS),
  environment_labels: z.array(Label).min(1).max(20).default(ENVIRONMENT_LABELS),
  /** Value of one of these labels → our name of the service. */
  services: Names,
  /** Value of any label, or a service → environment: a cluster, a namespace. */
  environments: Names,
} as const;

export interface Naming {
  readonly serviceLabels: readonly string[];
  readonly environmentLabels: readonly string[];
  /** Lower case. */
  readonly services: ReadonlyMap<string, string>;
  readonly environments: ReadonlyMap<string, string>;
}

type Written = { readonly [Key in keyof typeof NAMING]: z.output<(typeof NAMING)[Key]> };

export const namingOf = ({ service_labels, environment_labels, services, environments }: Written): Naming => ({
  serviceLabels: service_labels,
  environmentLabels: environment_labels,
  services: folded(services),
  environments: folded(environments),
});

const folded = (names: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(names).map(([theirs, ours]) => [theirs.toLowerCase(), ours]));

/** Which services an alert names, the most reliable first, each once. */
export function servicesIn(labels: ReadonlyMap<string, string>, { serviceLabels, services }: Naming): LabelledName[] {
  const found = new Map<string, LabelledName>();
  for (const label of serviceLabels) {
    const value = labels.get(label);
    if (value === undefined) continue;
    const name = services.get(value.toLowerCase()) ?? value;
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), { label, name });
  }
  return [...found.values()];
}

/** The value of a label, else what the configuration maps a value to: never guessed. */
export function environmentIn(
  labels: ReadonlyMap<string, string>,
  { environmentLabels, environments }: Naming,
): string | undefined {
  const named = environmentLabels.map((label) => labels.get(label)).find((value) => value !== undefined);
  if (named !== undefined) return environments.get(named.toLowerCase()) ?? named;
  if (environments.size === 0) return undefined;
  return [...labels.values()]
    .map((value) => environments.get(value.toLowerCase()))
    .find((environment) => environment !== undefined);
}
