import vm from 'node:vm';
import { cpuMs } from './time.ts';

/** Characters that trims, splits and paths repeat. */
const COMMON = [
  '/',
  ' ',
  '\t',
  '-',
  'a',
  '0',
  '.',
  '_',
  '\n',
  '(',
  '@',
  ':',
  '"',
  '{',
  '<',
  ',',
  '%',
  '\\',
  '[',
  '?',
  '`',
  '*',
  '&',
  '#',
  '$',
  '=',
  "'",
  '\u0001',
  '\ud83d',
];
const TAILS = ['!', '\u0001', 'x'];

/** What is written out in an expression, such as `/-/` and `://`: what a hostile text repeats to begin a match again and again. */
function fragmentsOf(source: string): string[] {
  const plain = source
    .replace(/\(\?<?[:=!]|\(\?<\w+>/g, '(')
    .replace(/\[(?:\\.|[^\]\\])*\]/g, '\ufffe')
    .replace(/\{\d+(?:,\d*)?\}/g, '\ufffe')
    .replace(/\\[dDwWsSbBpP](?:\{[^}]*\})?/g, '\ufffe')
    .replace(/\\(.)/g, '$1');
  const parts = plain.split(/[\ufffe()|*+?^$.]+/);
  return [...new Set(parts.filter((part) => part.length > 0 && part.length <= 40))];
}

/** Runs one expression over texts that begin like a match, repeat something, and end otherwise. */
const RUN = new vm.Script(`(() => {
  const slow = [];
  for (const prefix of prefixes) for (const unit of units) for (const tail of tails) {
    const text = prefix + unit.repeat(Math.ceil(length / unit.length)) + tail;
    const expression = new RegExp(source, flags);
    let ms = Infinity;
    for (let round = 0; round < rounds && ms >= enough; round++) {
      const started = now();
      if (expression.global) text.replace(expression, ''); else expression.exec(text);
      ms = Math.min(ms, now() - started);
    }
    if (ms >= enough) slow.push({ ms, prefix, unit, tail });
    if (slow.length >= most) return slow;
  }
  return slow;
})()`);

export interface Hostile {
  readonly prefixes: readonly string[];
  readonly units: readonly string[];
  readonly tails: readonly string[];
}

export interface Slow {
  readonly ms: number;
  readonly prefix: string;
  readonly unit: string;
  readonly tail: string;
}

export function hostileTo(source: string): Hostile {
  const fragments = fragmentsOf(source);
  const units = [
    ...COMMON,
    ...fragments,
    ...fragments.map((part) => `${part}a`),
    ...fragments.map((part) => `a${part}`),
  ];
  return {
    prefixes: ['', 'https://a/', '"', ...fragments, fragments.join('a')],
    units: [...new Set(units)],
    tails: TAILS,
  };
}

interface Run extends Hostile {
  readonly source: string;
  readonly flags: string;
  readonly length: number;
  /** Best of so many. */
  readonly rounds: number;
  /** What costs less is not slow, milliseconds of computing. */
  readonly enough: number;
  /** Ends when so many are found. */
  readonly most: number;
}

/** A linear expression is done with all of them in a hundredth of this. */
const WITHIN_MS = 10_000;

/** Those of the hostile texts that are slow. Undefined: the expression did not come back, as one that is worse than any power of the length. */
export function slowOnes(run: Run): readonly Slow[] | undefined {
  try {
    return RUN.runInNewContext({ ...run, now: cpuMs }, { timeout: WITHIN_MS }) as Slow[]; // what RUN returns
  } catch (error) {
    // It is made in the other context, whose Error is another one.
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}
