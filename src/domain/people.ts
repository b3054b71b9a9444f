import { z } from 'zod';
import { TypedText } from '../values/text.ts';

const Alias = TypedText.min(1, 'write a login, a name or an e-mail');

/** A person → the logins, names and e-mails that tools know them by. Case does not count. */
export const People = z.record(z.string().trim().min(1), z.array(Alias).min(1)).transform((people, context) => {
  const byAlias = new Map<string, string>();
  for (const [person, aliases] of Object.entries(people)) {
    for (const alias of [person, ...aliases]) {
      const other = byAlias.get(alias.toLowerCase());
      if (other !== undefined && other !== person)
        context.addIssue({
          code: 'custom',
          path: [person],
          message: `"${alias}" belongs to ${other} already; leave it out of one of them`,
          input: people,
        });
      byAlias.set(alias.toLowerCase(), person);
    }
  }
  return {
    byAlias: byAlias as ReadonlyMap<string, string>,
    aliases: new Map(Object.entries(people).map(([person, aliases]) => [person, [...new Set([person, ...aliases])]])),
  };
});
export type People = z.output<typeof People>;

/** The name of the person behind a tool's login, name or e-mail. */
export const personOf = ({ byAlias }: People, name: string): string => byAlias.get(name.toLowerCase()) ?? name;

/**
 * All names and logins of the person with this name. Where no name is equal, every name that contains it counts: pages
 * say `Ana Lima`, and the change log may hold only her login.
 */
export function aliasesOf(people: People, name: string): readonly string[] {
  const exact = people.aliases.get(personOf(people, name));
  if (exact) return exact;
  const part = name.toLowerCase();
  const holding = [...people.aliases].filter(([person]) => person.toLowerCase().includes(part));
  return holding.length === 0 ? [name] : [...new Set([name, ...holding.flatMap(([, aliases]) => aliases)])];
}
