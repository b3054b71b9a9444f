import { readFileSync } from 'node:fs';
import { digest } from '../domain/change-record.ts';

/** A file as browsers read it: the only build step is a copy. */
export interface Asset {
  readonly name: string;
  readonly text: string;
  /** The digest makes an upgrade visible at once and lets browsers cache the file for ever. */
  readonly path: string;
}

function asset(name: string): Asset {
  const text = readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
  return { name, text, path: `/assets/${name}?v=${digest(text).slice(0, 8)}` };
}

export const STYLE = asset('shiplog.css');
export const SCRIPT = asset('shiplog.js');
export const SETUP_SCRIPT = asset('setup.js');
export const ICON = asset('shiplog.svg');
