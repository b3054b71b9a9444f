const DEEPEST_INDENT = 40; // or a body of brackets alone would grow by the square of its length
const TOKENS = /"(?:[^"\\]+|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Indents JSON and changes nothing else: numbers too long for JavaScript and keys that come twice stay. Nothing when it is not JSON. */
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
  for (const [token] of text.matchAll(TOKENS)) {
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
