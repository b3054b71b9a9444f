import type { State } from '../../domain/change-record.ts';
import type { Notification } from './schema.ts';

/**
 * What the sync applied, which Argo CD tells since 3.1. What the application runs is that only when the sync has ended
 * well: before, and after a failure, it is what ran before.
 */
export function imagesOf({ images, resources }: Notification, state: State): readonly string[] {
  const applied = resources.images.length > 0 ? resources.images : state === 'succeeded' ? images : [];
  return [...new Set(applied.flatMap((image) => image ?? []))];
}
