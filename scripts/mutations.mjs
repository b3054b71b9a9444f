// Small mistakes, one at a time: what mutants.mjs puts into a copy of the sources. Text in, mutants out; no compiler.

/** @typedef {{ line: number, from: string, to: string, column: number, text: string }} Mutant `text` is the whole line afterwards. */

const COMPARISONS = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['~='],
  '~=': ['=='],
};
const CALCULATIONS = { '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '+=': ['-='] };
const LOGIC = { '&&': ['||'], '||': ['&&'], and: ['or'], or: ['and'] };
const WORDS = { true: ['false'], false: ['true'], min: ['max'], max: ['min'] };

/** Adding one to a limit in milliseconds is not a noticeable mistake: large numbers are doubled. */
const LARGE = 1000;

/** A call or an assignment that stands alone on its line. */
const STATEMENT =
  /(?<=^ *)(?!(?:return|throw|local|const|let|export|if|for|while)\b)[a-z][\w.[\], ]*(?:\(.*\)| [-+]?= .*);?$/g;

/** Each finds its places in a line without comments, types and the insides of strings. */
const OPERATORS = [
  ({ code }) => swaps(code, /(?<= )(?:[<>]=?|[!=]==|[=~]=)(?= )/g, COMPARISONS),
  ({ code }) => swaps(code, /(?<= )(?:&&|\|\||and|or)(?= |$)/g, LOGIC),
  ({ code }) => swaps(code, /(?<= )(?:[-+*/]|\+=)(?= )/g, CALCULATIONS),
  ({ code }) => swaps(code, /\b(?:true|false|min|max)\b/g, WORDS),
  ({ code }) => matches(code, /!(?=[\w(/])|\bnot /g, () => ''),
  ({ code }) => matches(code, /(?<![\w.$])\d[\d_]*(?![\w.])/g, plusOne),
  ({ code }) => matches(code, /(?<=\bif ).*?(?= then\b)/g, () => 'false'),
  ({ code }) => conditions(code),
  ({ code }) => matches(code, /\bthrow(?= )/g, () => 'void'),
  ({ code, isStatement }) => (isStatement ? matches(code, STATEMENT, () => '') : []),
  ({ code }) => fallbacks(code),
  ({ strings }) => strings.filter(isOneWord).map(changed),
];

/**
 * All mutants of a file, or of some of its top-level functions and constants; of a Lua script, all after its header.
 * @param {string} text @param {{ file: string, names?: readonly string[] }} part
 * @returns {Mutant[]}
 */
export function mutantsOf(text, { file, names }) {
  const lines = text.split('\n');
  const masked = maskTypes(maskTypescript(text));
  const regions = (names ?? []).map((name) => regionOf(masked, name));
  const script = file.endsWith('.lua') ? { from: lines.indexOf(']]'), to: lines.length } : undefined;
  const mutants = [];
  for (const [index, line] of lines.entries()) {
    const inScript = script && index > script.from && index <= script.to;
    if (script && !inScript) continue;
    if (names && !regions.some(({ from, to }) => index >= from && index <= to)) continue;
    const isStatement = inScript || /[;{}]$/.test(masked[index - 1]?.whole.trimEnd() ?? '');
    const view = { ...(inScript ? maskLua(line) : masked[index]), isStatement };
    for (const place of OPERATORS.flatMap((find) => find(view))) mutants.push(mutantOf(place, line, index + 1));
  }
  return mutants;
}

function mutantOf({ column, from, to }, text, line) {
  const original = text.slice(column, column + from.length);
  return {
    line,
    column,
    from: original.trim(),
    to,
    text: text.slice(0, column) + to + text.slice(column + from.length),
  };
}

function matches(code, pattern, change) {
  return [...code.matchAll(pattern)].map((match) => ({ column: match.index, from: match[0], to: change(match[0]) }));
}

function swaps(code, pattern, table) {
  return matches(code, pattern, (word) => word).flatMap(({ column, from }) =>
    (table[from] ?? []).map((to) => ({ column, from, to })),
  );
}

function plusOne(digits) {
  const number = Number(digits.replaceAll('_', ''));
  return String(number < LARGE ? number + 1 : number * 2);
}

/** What `if` asks, on one line. */
function conditions(code) {
  return [...code.matchAll(/\bif \(/g)].map(({ index }) => {
    const column = index + 'if ('.length;
    return { column, from: code.slice(column, closing(code, column)), to: 'false' };
  });
}

/** Where the bracket closes that is open at `from`, or an expression ends before. */
function closing(code, from, isEnd = () => false) {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    if (depth === 0 && (')]}'.includes(code[at]) || isEnd(at))) return at;
    depth += depthOf(code[at]);
  }
  return code.length;
}

const depthOf = (letter) => ('([{'.includes(letter) ? 1 : ')]}'.includes(letter) ? -1 : 0);

/** `?? …` up to where its expression ends. */
function fallbacks(code) {
  return [...code.matchAll(/ \?\? /g)].map(({ index }) => {
    const end = closing(code, index + ' ?? '.length, (at) => /^(?:[,;]| [?:] )/.test(code.slice(at)));
    return { column: index, from: code.slice(index, end), to: '' };
  });
}

/** States, verdicts, names of headers and algorithms: whatever a program compares. Sentences for a person are not. */
const isOneWord = ({ content }) => /^[\w:.,/=-]+$/.test(content);

const changed = ({ column, content }) => ({ column: column + 1, from: content, to: `~${content}` });

/** The lines of the top-level function or constant of that name. */
function regionOf(masked, name) {
  const start = new RegExp(`^(?:export )?(?:async )?(?:function|const) ${name}\\b`);
  const from = masked.findIndex(({ whole }) => start.test(whole));
  if (from < 0) throw new Error(`there is no ${name} any more: change the list of targets`);
  return { from, to: endOf(masked, from) };
}

/** Where all brackets that were opened are closed again. */
function endOf(masked, from) {
  let depth = 0;
  for (let index = from; index < masked.length; index++) {
    const { whole } = masked[index];
    for (const letter of whole) depth += depthOf(letter);
    if (depth === 0 && /[;}]$/.test(whole.trimEnd())) return index;
  }
  return masked.length - 1;
}

/** Types are left out: the compiler finds mistakes there. `whole` keeps them, to find the end of a declaration. */
function maskTypes(masked) {
  for (const [index, line] of masked.entries()) {
    const hide = (to) => {
      for (let at = index; at <= to; at++) masked[at] = { ...masked[at], code: '', strings: [] };
    };
    if (/^(?:export )?(?:type|interface)\b|^import\b/.test(line.whole)) hide(endOf(masked, index));
    if (/^(?:export )?(?:async )?function\b/.test(line.whole))
      hide(index + masked.slice(index).findIndex(({ whole }) => /\{$/.test(whole)));
  }
  return masked;
}

/** Per line: the code with blanks for comments and for the insides of strings, templates and regular expressions (but their digits). */
function maskTypescript(text) {
  let code = '';
  const strings = [];
  const token =
    /\/\/.*|\/\*[\s\S]*?\*\/|(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<template>`(?:\\.|[^`\\])*`)|(?<=[(,=:!&|?[] ?)(?<regex>\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/\w*)/g;
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [found] = match;
    code += text.slice(end, match.index);
    if (match.groups.string) strings.push({ at: match.index, content: found.slice(1, -1) });
    code += blank(found, match.groups);
    end = match.index + found.length;
  }
  code += text.slice(end);
  let at = 0;
  return code.split('\n').map((whole) => {
    const start = at;
    at += whole.length + 1;
    const here = strings.filter((string) => string.at >= start && string.at < at);
    return {
      whole,
      code: whole,
      strings: here.map((string) => ({ column: string.at - start, content: string.content })),
    };
  });
}

/** The same length. What a template computes stays, except for templates in templates. */
function blank(found, { regex, template, string }) {
  const empty = (part) => part.replace(/[^\n]/g, ' ');
  if (regex) return found.replace(/[^\d]/g, ' ');
  if (template)
    return found.replace(/(?:(?!\$\{)[\s\S])+?(?=\$\{|$)|\$\{[^{}]*\}/g, (part) =>
      part.startsWith('${') ? `  ${part.slice(2, -1)} ` : empty(part),
    );
  if (string) return `'${empty(found.slice(2))}'`;
  return empty(found);
}

function maskLua(line) {
  const strings = [];
  const code = line.replace(/--.*|'[^']*'/g, (found, column) => {
    if (!found.startsWith("'")) return ' '.repeat(found.length);
    strings.push({ column, content: found.slice(1, -1) });
    return `'${' '.repeat(found.length - 2)}'`;
  });
  return { code: code.trimEnd(), strings };
}
