import { z } from 'zod';

/** Which page of a list. */
export const Page = {
  limit: z.coerce.number().int().min(1).max(100, 'the largest page is 100').default(25),
  offset: z.coerce.number().int().min(0).default(0),
};

export const pageMeta = ({ limit, offset }: { limit: number; offset: number }, total: number, shown: number) => ({
  total,
  limit,
  offset,
  has_more: offset + shown < total,
});
