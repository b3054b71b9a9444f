import type { TemplateContext } from '../../templates/template-context.ts';
import type { Proof } from './proof.ts';

interface Order {
  /** As in the configuration: paths occur in values, in texts and in conditions. */
  readonly mapping: readonly unknown[];
  readonly proof: Proof;
  readonly complain: TemplateContext['complain'];
}

const NAMED = /\$headers\.([A-Za-z0-9-]+)/g;

/** Headers that the mapping reads: the inbox keeps them, so that a webhook can be mapped again. */
export function namedHeaders({ mapping, proof, complain }: Order): readonly string[] {
  const text = JSON.stringify(mapping);
  const names = new Set([...text.matchAll(NAMED)].map(([, name]) => name ?? ''));
  for (const name of names) {
    if (name !== name.toLowerCase())
      complain(['fields'], `write $headers.${name.toLowerCase()}: names of headers are in lower case`);
    if (proof.headers.includes(name.toLowerCase()))
      complain(['fields'], `$headers.${name} proves who sent it: it is read by nothing else`);
  }
  return [...names];
}
