import type { z } from 'zod';

/** What a schema has inside (zod's own definition of each kind). */
interface Inner {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly valueType?: z.core.$ZodType;
}

/** The keys that an object at this place of a file may have; empty where any may, or none is known. */
export function knownKeysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  return [...new Set(objectsAt(schema, path).flatMap((shape) => Object.keys(shape)))];
}

function objectsAt(schema: z.core.$ZodType | undefined, path: readonly PropertyKey[]): NonNullable<Inner['shape']>[] {
  if (!schema) return [];
  const inner = schema._zod.def as Inner; // each kind has some of these
  const { shape, element, innerType, valueType, options } = inner;
  if (options) return options.flatMap((option) => objectsAt(option, path));
  if (innerType) return objectsAt(innerType, path);
  if (inner.type === 'pipe') {
    const given = objectsAt(inner.in, path);
    return given.length > 0 ? given : objectsAt(inner.out, path);
  }
  const [key, ...rest] = path;
  if (key === undefined) return shape ? [shape] : [];
  return objectsAt(shape ? shape[String(key)] : (element ?? valueType), rest);
}
