import { z } from 'zod';

/** All that JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** An object of JSON of which nothing else is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;
export const JsonObject = z.record(z.string(), z.unknown());

export const asObject = (value: unknown): JsonObject | undefined => JsonObject.safeParse(value).data;
