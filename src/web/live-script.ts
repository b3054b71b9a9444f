import { readFileSync } from 'node:fs';
import { digest } from '../domain/change-record.ts';

/** A file of its own, as browsers read it: no build step. */
export const SCRIPT = readFileSync(new URL('./assets/shiplog.js', import.meta.url), 'utf8');
export const SCRIPT_PATH = `/assets/shiplog.js?v=${digest(SCRIPT).slice(0, 8)}`;
