import type { Deployment } from '../../domain/deployment.ts';
import { type Directory, withNames } from '../../domain/directory.ts';
import type { KnownName, UnknownName } from '../../domain/known-names.ts';
import { isTeam, type Owners, ownerOf } from '../../domain/owners.ts';
import { aliasesOf, type People, personOf } from '../../domain/people.ts';
import type { LazyTimelineEntry } from '../../domain/timeline-entry.ts';
import type { DeploymentView } from '../../domain/view.ts';
import type { Deployments } from './deployments.ts';
import type { ChangeSelection } from './search/filter.ts';
import type { NameCounts, ResolvedNames } from './search/names.ts';

/** Puts them into a view. */
export function createNaming({ people, owners }: Directory): (view: DeploymentView) => DeploymentView {
  if (!people && owners.length === 0) return (view) => view;
  return (view) => ({ ...view, deployment: withNames(view.deployment, { people, owners }) });
}

/** No service has this name. */
const NO_SERVICE = '';

/**
 * The change log with one name for each person, and with owners. Both are added on reading, so that they apply to what
 * is recorded already, and nothing that is stored depends on them.
 */
export function withDirectory(deployments: Deployments, { people, owners }: Directory): Deployments {
  if (!people && owners.length === 0) return deployments;
  const namedView = createNaming({ people, owners });
  const named = (one: Deployment): Deployment => withNames(one, { people, owners });
  const services = async () => [...(await deployments.names()).service.values()];
  return {
    ...deployments,
    async get(name) {
      const view = await deployments.get(name);
      return view && namedView(view);
    },
    async list(filter) {
      const listed = await deployments.list(filter);
      return { ...listed, deployments: listed.deployments.map(named) };
    },
    async *scan(selection) {
      for await (const page of deployments.scan(selection)) yield page.map(named);
    },
    many: async (names) => (await deployments.many(names)).map(named),
    async timeline(filter, limit) {
      const entries = await deployments.timeline(filter, limit);
      return people ? entries.map((entry) => entryWithPerson(entry, people)) : entries;
    },
    async changed(from, to) {
      const changes = await deployments.changed(from, to);
      const named = (entry: LazyTimelineEntry | undefined) =>
        entry && people ? entryWithPerson(entry, people) : entry;
      return changes?.map(({ before, after }) => ({ before: named(before), after: named(after) }));
    },
    async resolve(selection) {
      const { owner, ...asked } = selection;
      const resolved = await deployments.resolve(people ? withAliases(asked, people) : asked);
      return owner === undefined ? resolved : withTeam(resolved, owner, { owners, services: await services() });
    },
    async names() {
      const names = await deployments.names();
      return people ? { ...names, person: countPeople(names.person, people) } : names;
    },
  };
}

/** The counts of all logins and names of one person together. */
function countPeople(names: NameCounts['person'], people: People): NameCounts['person'] {
  const counts = new Map<string, KnownName>();
  for (const { name, count } of names.values()) {
    const person = personOf(people, name);
    const key = person.toLowerCase();
    const before = counts.get(key);
    const isAlias = before?.isAlias === true || person !== name;
    counts.set(key, { name: person, count: count + (before?.count ?? 0), ...(isAlias && { isAlias }) });
  }
  return counts;
}

function entryWithPerson(lazy: LazyTimelineEntry, people: People): LazyTimelineEntry {
  return {
    atMs: lazy.atMs,
    category: lazy.category,
    entry: () => {
      const entry = lazy.entry();
      return entry.actor === undefined ? entry : { ...entry, actor: personOf(people, entry.actor) };
    },
  };
}

function withAliases(selection: ChangeSelection, people: People): ChangeSelection {
  const { person } = selection.facets;
  if (typeof person !== 'string') return selection;
  const aliases = aliasesOf(people, person);
  return aliases.length === 1 ? selection : { ...selection, facets: { ...selection.facets, person: aliases } };
}

interface Owned {
  readonly owners: Owners;
  /** All that were ever deployed, with how many changes each has. */
  readonly services: readonly KnownName[];
}

function withTeam({ selection, unknown }: ResolvedNames, team: string, owned: Owned): ResolvedNames {
  const { service } = selection.facets;
  const among = service === undefined ? owned.services.map(({ name }) => name) : [service].flat();
  const own = among.filter((name) => isTeam(ownerOf(owned.owners, name), team));
  const facets = { ...selection.facets, service: own.length > 0 ? own : NO_SERVICE };
  const isKnown = owned.owners.some((owner) => isTeam(owner, team));
  return {
    selection: { ...selection, facets },
    unknown: isKnown ? unknown : [...unknown, unknownTeam(team, owned)],
  };
}

function unknownTeam(value: string, { owners, services }: Owned): UnknownName {
  const counts = new Map(owners.map(({ team }) => [team, 0]));
  for (const { name, count } of services) {
    const team = ownerOf(owners, name)?.team;
    if (team !== undefined) counts.set(team, (counts.get(team) ?? 0) + count);
  }
  return { field: 'owner', value, isPart: false, known: [...counts].map(([name, count]) => ({ name, count })) };
}
