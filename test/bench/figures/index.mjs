import { acked, received } from './acked.mjs';

/** In the order of the table. */
export const FIGURES = [acked, received];
