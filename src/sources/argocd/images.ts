import type { State } from '../../domain/change-record.ts';
import type { Notification } from './schema.ts';

/**
 * What the sync applied, which Argo CD reports since 3.1. The images that the application runs are those only when the
 * sync has succeeded: before, and after a failure, they are the previous ones.
 */
export function imagesOf({ images, resources }: Notification, state: State): readonly string[] {
  const applied = resources.images.length > 0 ? resources.images : state === 'succeeded' ? images : [];
  return [...new Set(applied.flatMap((image) => image ?? []))];
}
