import { createScanner } from 'jsonc-parser';

const DEEPEST_INDENT = 40; // without a limit, the output for a body of brackets alone would be quadratic in its length

/**
 * Indents JSON and changes nothing else: long numbers and repeated keys stay as they are. Undefined for what is not
 * JSON. The formatter of jsonc-parser is not used, since it has no limit of indentation: it makes 2 MB of 1,000 nested
 * brackets, and takes seconds.
 */
export function prettyJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const written: string[] = [];
  let depth = 0;
  const newLine = () => written.push(`\n${'  '.repeat(Math.min(depth, DEEPEST_INDENT))}`);
  let before = '';
  for (const token of tokensOf(text)) {
    const closes = token === '}' || token === ']';
    const opened = before === '{' || before === '[';
    if (closes) depth -= 1;
    if (before === ',' || closes !== opened) newLine();
    written.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth += 1;
    before = token;
  }
  return written.join('').trimStart();
}

/** Tokens as they are written. A regular expression for strings with escapes is quadratic, or overflows its stack. */
function* tokensOf(text: string): Generator<string> {
  const scanner = createScanner(text, true);
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan())
    yield text.slice(scanner.getTokenOffset(), scanner.getTokenOffset() + scanner.getTokenLength());
}
