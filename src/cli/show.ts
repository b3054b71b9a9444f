import { shortSha as shorten } from '../values/sha.ts';
import type { Screen } from './output.ts';
import { painted } from './terminal.ts';

/** `2026-03-14 20:05:09`, UTC. */
export const shownTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

export const shortSha = (sha: string | null | undefined): string => (sha ? shorten(sha) : '');

const COLORS: Readonly<Record<string, number>> = {
  succeeded: 32,
  recorded: 32,
  delivered: 32,
  failed: 31,
  rejected: 31,
  running: 36,
  accepted: 36,
};

/** Colours a word by its meaning, on a terminal with colours (Node respects NO_COLOR). */
export function paintState(screen: Screen): (cell: string) => string {
  if (!screen.isTTY || !screen.hasColors?.()) return (cell) => cell;
  return (cell) => {
    const color = COLORS[cell.split(/[ ,]/)[0] ?? ''];
    return color === undefined ? cell : painted(cell, color);
  };
}
