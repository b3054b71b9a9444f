import type { Notification } from './schema.ts';

interface Annotated {
  readonly value?: string;
  /** Why it has no value although one was written. */
  readonly note?: string;
}

/** An ApplicationSet without `missingkey=error` leaves its own template in place of a missing value. */
export const isUnrendered = (text: string): boolean => text.includes('{{');

export function annotation({ app }: Pick<Notification, 'app'>, key: string): Annotated {
  const value = app.annotations[key];
  if (value === undefined) return {};
  if (!isUnrendered(value)) return { value };
  return { note: `The annotation ${key} is ${JSON.stringify(value.slice(0, 100))}: its template was not filled in.` };
}
