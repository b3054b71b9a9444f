import { ResolveFailed } from '../domain/errors.ts';
import { encodeSegment } from '../values/path-segment.ts';

/**
 * A value of a webhook, as one segment of a path of the tool's API.
 * @throws ResolveFailed for `..` and its like, which would lead elsewhere
 */
export function pathSegment(text: string): string {
  const segment = encodeSegment(text);
  if (segment !== undefined) return segment;
  throw new ResolveFailed(`not asked: ${JSON.stringify(text.slice(0, 100))} cannot be a part of a path`, {
    retry: 'never',
  });
}
