import { z } from 'zod';
import type { Deployment } from '../../domain/deployment.ts';
import { byService, columnsOf, type Slot } from '../../domain/running.ts';
import { readDeployments } from '../../http/running.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { Running } from '../../store/changes/running.ts';
import { TypedText } from '../../values/text.ts';
import { exactly, type Html } from '../html.ts';
import { plural } from '../parts/labels.tsx';
import { Heading, Pager } from '../parts/layout.tsx';
import { SlotCell } from '../parts/slot-cell.tsx';

/** Services on a page: 1,200 cells are drawn at once in any browser. */
const PAGE_SIZE = 100;
/** More columns than this are no board. */
const MAX_COLUMNS = 12;

const Query = z.object({
  service: TypedText.catch(''),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});
type Query = z.infer<typeof Query>;

export interface RunningParts {
  readonly running: Running;
  readonly deployments: Pick<Deployments, 'many'>;
}

/** What runs where? Services by environments. */
export async function runningPage({ running, deployments }: RunningParts, asked: unknown, now: Date): Promise<Html> {
  const query = Query.parse(asked);
  const slots = await running.slots();
  const services = [...byService(slots).values()].filter((own) => holds(own, query.service));
  const shown = services.slice((query.page - 1) * PAGE_SIZE, query.page * PAGE_SIZE);
  const { names, folded } = columnsOf(services.flat());
  const columns = names.slice(0, MAX_COLUMNS);
  const byKey = await readDeployments(deployments, shown.flat());
  return (
    <>
      <Heading aside={<span>{plural(services.length, 'service')}</span>}>What runs where</Heading>
      <Filters query={query} />
      {shown.length === 0 ? <Nothing query={query} /> : <Board {...{ services: shown, columns, byKey, now }} />}
      <LeftOut names={names.slice(MAX_COLUMNS)} folded={folded} />
      <Pager
        current={query.page}
        pages={Math.ceil(services.length / PAGE_SIZE)}
        address={(page) => addressOf({ ...query, page })}
      />
    </>
  );
}

const holds = ([slot]: readonly Slot[], part: string): boolean =>
  slot?.service.toLowerCase().includes(part.toLowerCase()) === true;

function addressOf({ service, page }: Query): string {
  const search = new URLSearchParams({
    ...(service !== '' && { service }),
    ...(page > 1 && { page: String(page) }),
  });
  return search.size > 0 ? `/running?${search}` : '/running';
}

const Filters = ({ query }: { query: Query }): Html => (
  <form class="filters" method="get" action="/running" role="search">
    <label class="grow">
      service{' '}
      <input
        type="search"
        name="service"
        value={exactly(query.service)}
        placeholder="part of its name"
        autocomplete="off"
        spellcheck="false"
      />
    </label>
    <span class="buttons">
      <button>Show</button> {query.service !== '' && <a href="/running">clear</a>}
    </span>
  </form>
);

interface BoardView {
  readonly services: readonly (readonly Slot[])[];
  readonly columns: readonly string[];
  readonly byKey: ReadonlyMap<string, Deployment>;
  readonly now: Date;
}

const Board = ({ services, columns, byKey, now }: BoardView): Html => (
  <div class="board-room" tabindex="0" role="region" aria-label="Services by environments">
    <table class="board">
      <thead>
        <tr>
          <th scope="col">service</th>
          {columns.map((name) => (
            <th scope="col">
              <bdi>{name}</bdi>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {services.map((own) => (
          <tr>
            <th scope="row">
              <a href={changesOf(own[0]?.service ?? '')}>
                <bdi>{own[0]?.service}</bdi>
              </a>
            </th>
            {columns.map((name) => (
              <SlotCell
                slot={own.find(({ environment }) => environment.name.toLowerCase() === name.toLowerCase())}
                {...{ name, own, byKey, now }}
              />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const changesOf = (service: string): string => `/?${new URLSearchParams({ service, range: 'all' })}`;

function LeftOut({ names, folded }: { names: readonly string[]; folded: number }): Html {
  if (names.length === 0 && folded === 0) return <></>;
  return (
    <p class="mute">
      {folded === 1 && '1 environment that comes and goes has no column. '}
      {folded > 1 && `${folded} environments that come and go have no column. `}
      {names.length > 0 && `No room for ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' and others' : ''}. `}
      All are in <code>GET /api/v1/running</code>.
    </p>
  );
}

const Nothing = ({ query }: { query: Query }): Html =>
  query.service === '' ? (
    <p class="empty">
      No deployment was recorded yet. <a href="/setup">Set a source up</a>
    </p>
  ) : (
    <p class="empty">
      No service has “{query.service}” in its name. <a href="/running">Show all</a>
    </p>
  );
