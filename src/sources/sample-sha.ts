import { createHash } from 'node:crypto';

/** A commit for a sample: another seed makes another one. */
export const sampleSha = (seed: number): string => createHash('sha1').update(String(seed)).digest('hex');
