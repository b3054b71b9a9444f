/**
 * The part of the expr language that configmap.yaml uses, so that tests play the very conditions that are shipped. As in
 * Argo CD, a field of nothing is an error, and a condition with an error is not met.
 */
export function evaluate(text: string, scope: Readonly<Record<string, unknown>>): unknown {
  const tokens = text.match(/'[^']*'|[A-Za-z_]\w*|\d+|==|!=|[()[\].?:+\->]/g) ?? [];
  let at = 0;
  const peek = () => tokens[at];
  const take = (token?: string) => {
    const found = tokens[at++];
    if (token !== undefined && found !== token) throw new SyntaxError(`${token} expected, not ${found} in ${text}`);
    return found ?? '';
  };
  const binary =
    (next: () => Lazy, operators: Readonly<Record<string, (a: Lazy, b: Lazy) => unknown>>): (() => Lazy) =>
    () => {
      let left = next();
      for (let apply = operators[peek() ?? '']; apply; apply = operators[peek() ?? '']) {
        take();
        const [a, b, of] = [left, next(), apply];
        left = () => of(a, b);
      }
      return left;
    };
  const sum = binary(postfix, { '+': (a, b) => added(a(), b()), '-': (a, b) => Number(a()) - Number(b()) });
  const comparison = binary(sum, {
    '==': (a, b) => nil(a()) === nil(b()),
    '!=': (a, b) => nil(a()) !== nil(b()),
    '>': (a, b) => Number(a()) > Number(b()),
  });
  const conjunction = binary(comparison, { and: (a, b) => a() === true && b() === true });
  const disjunction = binary(conjunction, { or: (a, b) => a() === true || b() === true });
  function ternary(): Lazy {
    const condition = disjunction();
    if (peek() !== '?') return condition;
    take('?');
    const yes = ternary();
    take(':');
    const no = ternary();
    return () => (condition() === true ? yes() : no());
  }
  function postfix(): Lazy {
    let value = primary();
    while (peek() === '.' || peek() === '[') {
      const of = value;
      if (take() === '.') {
        const name = take();
        value = () => fieldOf(of(), name);
      } else {
        const index = ternary();
        take(']');
        value = () => fieldOf(of(), Number(index()));
      }
    }
    return value;
  }
  function primary(): Lazy {
    const token = take();
    if (token === '(') {
      const inner = ternary();
      take(')');
      return inner;
    }
    if (token === 'len') {
      const list = primary();
      return () => (list() as readonly unknown[]).length; // of nothing it is an error, as there
    }
    if (token.startsWith("'")) return () => token.slice(1, -1);
    if (/^\d/.test(token)) return () => Number(token);
    if (token === 'nil') return () => undefined;
    if (token === 'true' || token === 'false') return () => token === 'true';
    return () => scope[token];
  }
  const whole = ternary();
  if (at < tokens.length) throw new SyntaxError(`${peek()} is left over in ${text}`);
  return whole();
}

type Lazy = () => unknown;

const nil = (value: unknown) => value ?? undefined;

function added(a: unknown, b: unknown): string {
  if (typeof a !== 'string' || typeof b !== 'string') throw new TypeError('only texts are joined');
  return a + b;
}

function fieldOf(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null) throw new TypeError(`no ${name} of ${value}`);
  return Reflect.get(value, name);
}
