import { z } from 'zod';
import { firstFields, readText, textUnless } from '../../values/text.ts';

const Text = textUnless(() => false);
const Required = z.string().min(1).transform(readText);

/** fluxcd/pkg apis/event/v1beta1: what every controller of Flux reports. */
export const FluxEvent = z.object({
  involvedObject: z.object({ kind: Required, name: Required, namespace: Text }),
  severity: Text,
  timestamp: Text,
  message: Text,
  reason: Text,
  metadata: z
    .preprocess(firstFields, z.record(z.string(), z.unknown()))
    .nullish()
    .catch(undefined)
    .transform((metadata) => metadata ?? {}),
  reportingController: Text,
});
export type FluxEvent = z.infer<typeof FluxEvent>;

/**
 * A value of the metadata: the controllers' own keys have the group of the object before them, which some versions of
 * the notification controller take away; those of an Alert or of an annotation have none.
 */
export function metadataOf({ metadata }: FluxEvent, name: string): string | undefined {
  const key = Object.keys(metadata).find((one) => one === name || one.endsWith(`.toolkit.fluxcd.io/${name}`));
  const value = key === undefined ? undefined : metadata[key];
  return typeof value === 'string' ? readText(value) || undefined : undefined;
}
