import { DeliveryFailed } from '../domain/errors.ts';
import { encodeSegment } from '../values/path-segment.ts';

/**
 * A value of a deployment, as one segment of a destination's path.
 * @throws DeliveryFailed for `..` and its like, which would lead elsewhere
 */
export function pathSegment(text: string): string {
  const segment = encodeSegment(text);
  if (segment !== undefined) return segment;
  throw new DeliveryFailed(`not sent: ${JSON.stringify(text.slice(0, 100))} cannot be a part of a path`, {
    retry: 'never',
  });
}
