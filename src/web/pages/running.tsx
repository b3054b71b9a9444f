import { z } from 'zod';
import { Tier } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import type { Owner } from '../../domain/owners.ts';
import { byService, columnsOf, type Slot } from '../../domain/running.ts';
import { selectSlots } from '../../domain/running-filter.ts';
import { qualifierIn, readDeployments } from '../../http/running.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { Running } from '../../store/changes/timeline/running.ts';
import { plural } from '../../values/plural.ts';
import { TypedText } from '../../values/text.ts';
import type { Html } from '../html.ts';
import { filterAddress, isFiltered } from '../parts/filter-address.ts';
import { FilterForm, NameField, SearchField } from '../parts/filter-form.tsx';
import { Heading, Pager } from '../parts/layout.tsx';
import { Link } from '../parts/link.tsx';
import { SlotCell } from '../parts/slot-cell.tsx';
import { UnknownNames } from '../parts/unknown-names.tsx';

/** Services on a page: any browser draws 1,200 cells at once. */
const PAGE_SIZE = 100;
/** With more columns it is no board. */
const MAX_COLUMNS = 12;

const Text = TypedText.min(1).optional().catch(undefined);
const Query = z.object({
  service: Text,
  environment: Text,
  tier: Tier.optional().catch(undefined),
  owner: Text,
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});
type Query = z.infer<typeof Query>;

export interface RunningParts {
  readonly running: Running;
  readonly deployments: Pick<Deployments, 'many'>;
}

/** What runs where: services by environments. */
export async function runningPage({ running, deployments }: RunningParts, asked: unknown, now: Date): Promise<Html> {
  const query = Query.parse(asked);
  const all = await running.slots();
  const { slots, unknown } = selectSlots(all, query, running.ownerOf);
  const services = [...byService(slots).values()];
  const { names, folded } = columnsOf(slots);
  const columns = names.slice(0, MAX_COLUMNS);
  const rows = rowsOf(services.slice((query.page - 1) * PAGE_SIZE, query.page * PAGE_SIZE), all);
  const byKey = await readDeployments(
    deployments,
    rows.flatMap(({ slots, own }) => [...slots, own.find(({ current }) => current !== undefined)]),
  );
  const qualifier = qualifierIn(all, byKey);
  return (
    <>
      <Heading aside={<span>{plural(services.length, 'service')}</span>}>What runs where</Heading>
      <Filters query={query} all={all} ownerOf={running.ownerOf} />
      <UnknownNames
        names={unknown.filter(({ isPart }) => !isPart)}
        address={(change) => addressOf({ ...query, ...change, page: 1 })}
      />
      {rows.length === 0 ? (
        <Nothing isFiltered={isFiltered(query)} />
      ) : (
        <Board {...{ rows, columns, byKey, now, qualifier, ownerOf: running.ownerOf }} />
      )}
      <LeftOut names={names.slice(MAX_COLUMNS)} folded={folded} />
      <Pager
        current={query.page}
        pages={Math.ceil(services.length / PAGE_SIZE)}
        address={(page) => addressOf({ ...query, page })}
      />
    </>
  );
}

/** Staging is compared with production even where only staging is shown. */
function rowsOf(shown: readonly (readonly Slot[])[], all: readonly Slot[]): BoardView['rows'] {
  const own = byService(all);
  return shown.map((slots) => ({ slots, own: own.get(slots[0]?.serviceKey ?? '') ?? slots }));
}

const addressOf = (query: Query): string => filterAddress('/running', query);

interface FiltersView {
  readonly query: Query;
  readonly all: readonly Slot[];
  readonly ownerOf: Running['ownerOf'];
}

/** The team only where the configuration names any. */
function Filters({ query, all, ownerOf }: FiltersView): Html {
  const services = [...new Set(all.map(({ service }) => service))]; // a pattern is matched for each
  const teams = namesOf(services.map((service) => ownerOf(service)?.team));
  return (
    <FilterForm action="/running" submit="Show" isFiltered={isFiltered(query)}>
      <SearchField name="service" value={query.service} placeholder="part of its name" width="grow" />
      <NameField name="environment" value={query.environment} known={columnsOf(all).names} />
      {(teams.length > 0 || query.owner !== undefined) && <NameField name="owner" value={query.owner} known={teams} />}
    </FilterForm>
  );
}

const namesOf = (names: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(names.filter((name) => name !== undefined))].sort();

interface BoardView {
  /** Of a service those slots that are shown, and all. */
  readonly rows: readonly { readonly slots: readonly Slot[]; readonly own: readonly Slot[] }[];
  readonly columns: readonly string[];
  readonly byKey: ReadonlyMap<string, Deployment>;
  readonly now: Date;
  readonly qualifier: ReturnType<typeof qualifierIn>;
  readonly ownerOf: Running['ownerOf'];
}

const Board = ({ rows, columns, byKey, now, qualifier, ownerOf }: BoardView): Html => (
  <div class="board-room" tabindex="0" role="region" aria-label="Services by environments">
    <table class="board" aria-label="What runs where">
      <thead>
        <tr>
          <th scope="col">Service</th>
          {columns.map((name) => (
            <th scope="col">
              <bdi>{name}</bdi>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <BoardRow {...row} {...{ columns, byKey, now, qualifier, ownerOf }} />
        ))}
      </tbody>
    </table>
  </div>
);

type BoardRowView = Omit<BoardView, 'rows'> & BoardView['rows'][number];

function BoardRow({ slots, own, columns, byKey, now, qualifier, ownerOf }: BoardRowView): Html {
  const service = slots[0]?.service ?? '';
  const byColumn = new Map(slots.map((slot) => [slot.environment.name.toLowerCase(), slot]));
  const cells = columns.map((name) => ({ name, slot: byColumn.get(name.toLowerCase()) }));
  return (
    <tr>
      <th scope="row">
        <a href={changesOf(slots, byKey)}>
          <bdi>{service}</bdi>
        </a>
        <Qualifier of={qualifier(slots)} />
        <Team of={ownerOf(service)} />
        {cells.every(({ slot }) => slot === undefined) && <Elsewhere slots={slots} />}
      </th>
      {cells.map((cell) => (
        <SlotCell {...cell} {...{ own, byKey, now }} />
      ))}
    </tr>
  );
}

/** By its id where it has one: others may have its name. */
function changesOf(slots: readonly Slot[], byKey: BoardView['byKey']): string {
  const ids = slots.map(({ current, attempt }) => byKey.get((current ?? attempt)?.key ?? '')?.serviceId);
  const service = ids.find((id) => id !== undefined) ?? slots[0]?.service ?? '';
  return `/?${new URLSearchParams({ service, range: 'all' })}`;
}

/** Which one it is, where others have its name. */
const Qualifier = ({ of: text }: { of: string | undefined }): Html =>
  text === undefined ? (
    <></>
  ) : (
    <div class="mute">
      <bdi>{text}</bdi>
    </div>
  );

const MAX_ELSEWHERE = 3; // in one line

/** A row without a cell would look as if nothing ran. */
function Elsewhere({ slots }: { slots: readonly Slot[] }): Html {
  const names = slots.slice(0, MAX_ELSEWHERE).map(({ environment }) => environment.name);
  return (
    <div class="mute">
      only in{' '}
      {names.map((name, at) => [
        at > 0 && ', ',
        <a href={`/?${new URLSearchParams({ environment: name, range: 'all' })}`}>
          <bdi>{name}</bdi>
        </a>,
      ])}
      {slots.length > MAX_ELSEWHERE && ' and others'}
    </div>
  );
}

function LeftOut({ names, folded }: { names: readonly string[]; folded: number }): Html {
  if (names.length === 0 && folded === 0) return <></>;
  return (
    <p class="mute">
      {folded === 1 && '1 environment that comes and goes has no column. '}
      {folded > 1 && `${folded} environments that come and go have no column. `}
      {names.length > 0 &&
        `Not shown, as there is no room: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' and others' : ''}. `}
      All are in <code>GET /api/v1/running</code>.
    </p>
  );
}

const Nothing = ({ isFiltered }: { isFiltered: boolean }): Html =>
  isFiltered ? (
    <p class="empty">
      Nothing runs there, as far as is known. <a href="/running">Show all</a>
    </p>
  ) : (
    <p class="empty">
      No deployment was recorded yet. <a href="/setup">Set a source up</a>
    </p>
  );

/** Whom to call, beside what runs. */
function Team({ of: owner }: { of: Owner | undefined }): Html {
  if (!owner) return <></>;
  return (
    <div class="mute">
      {owner.team}
      {owner.on_call !== undefined && [' · ', <Link to={owner.on_call}>on call</Link>]}
    </div>
  );
}
