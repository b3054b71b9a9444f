import { receiving } from './receiving.mjs';

/** In the order of the table. */
export const FIGURES = [receiving];
