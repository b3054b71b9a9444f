import { boundRecord } from './domain/bounded-record.ts';
import type { ChangeEvent } from './domain/change-event.ts';
import type { ChangeRecord } from './domain/change-record.ts';
import { fold } from './domain/fold.ts';
import { route } from './domain/rules/routing.ts';
import { withStaleness } from './domain/stale.ts';
import { lineageOf, PREDECESSORS, succeed } from './domain/succession.ts';
import { mayReceive } from './domain/wanted.ts';
import type { BuildView } from './recording/change-log.ts';
import { type Conclusion, conclusionOf, dropped, echo, kept, notAssigned } from './recording/conclusion.ts';
import { withFormerName } from './recording/former-name.ts';
import { namedFollowers } from './recording/named-followers.ts';
import type { BuildViewParts, Recorded, RecordParts } from './recording/record-parts.ts';
import { separate } from './recording/separate.ts';
import { supersede } from './recording/supersede.ts';
import { createTurns } from './recording/turns.ts';

/**
 * Story 2: an event is completed and becomes part of one deployment in the change log, which is then forwarded to the
 * sinks that want it. May run twice.
 */
export function createRecord(parts: RecordParts) {
  const { resolve, sinks, changeLog, echoes, history, joins, repeats, inbox } = parts;
  const { followRename, forward, forwardElsewhere, hide, noteRules, repeatDetail, recordAlerts, noteAlerts } = parts;
  const inTurn = createTurns();

  /**
   * @throws ResolveFailed after everything available was recorded, when the tool's API should be asked again later.
   */
  async function record({ webhookId, records, alerts, omitted, ...event }: ChangeEvent): Promise<void> {
    if (alerts) return inbox.conclude(webhookId, await recordAlerts(alerts, omitted)).then(() => noteAlerts(alerts));
    const isEcho = records.length > 0 && (await Promise.all(records.map(isOurs))).every(Boolean);
    const asked = await resolve({ ...event, records, ...(isEcho && { lookups: [] }) });
    const steps = await addAll([...asked.fromWebhook, ...asked.records]);
    const conclusion = conclusionOf(steps, asked, event.otherwise);
    await Promise.all([...steps.map(forwardToSinks), inbox.conclude(webhookId, conclusion)]);
    if (asked.unanswered && asked.unanswered.retry !== 'never') throw asked.unanswered;
  }

  async function recordStep(step: ChangeRecord): Promise<Conclusion> {
    const steps = await addAll([step]);
    await Promise.all(steps.map(forwardToSinks));
    return conclusionOf(steps);
  }

  /** Also records what follows for earlier deployments: they were superseded, or the webhook of their end was lost. */
  async function addAll(given: readonly ChangeRecord[]): Promise<Recorded[]> {
    // Secrets are masked before texts are shortened: half a secret would not be recognised.
    const { results, concluded } = await history.assign(given.map((step) => boundRecord(hide(step))));
    const steps: Recorded[] = [];
    for (const result of results)
      steps.push(result.kind === 'assigned' ? await add(result.record) : notAssigned(result.kind));
    for (const step of concluded) steps.push(await add(step));
    return steps;
  }

  const add = (step: ChangeRecord) => inTurn(step, () => addNow(step));

  /** Adds it to its deployment, which other tools may have reported too, and ends deployments that it supersedes. */
  async function addNow(step: ChangeRecord): Promise<Recorded> {
    if (step.madeByApi && (await isOurs(step))) return echo(step.madeByApi);
    const renamed = await followRename(step);
    const join = await joins.assign(await repeats.assign(step));
    const view = await changeLog.apply(join.record, join);
    const changed = [...renamed, ...(await join.settle()), ...(await separate(parts, view))];
    const ended = await supersede(changeLog, view);
    const named = await namedFollowers(changeLog, view);
    const conclusion = view.droppedBy ? dropped(view.droppedBy) : kept(view, join.record, repeatDetail(step));
    const afterMs = Math.max(join.delayMs, joins.failureDelayMs(view.deployment));
    const isNew = view.added && changed.length === 0;
    return { views: [view, ...changed, ...ended, ...named], conclusion, afterMs, isNew };
  }

  /**
   * A duplicate is forwarded too: the first run may have been killed before it reached this point. The ledger prevents
   * a second delivery.
   */
  async function forwardToSinks({ views, afterMs = 0, isNew = false }: Recorded): Promise<void> {
    const wanting = views.flatMap((view) =>
      sinks.filter((sink) => mayReceive(sink, view)).map((sink) => ({ sink, view })),
    );
    const elsewhere = views.filter(({ droppedBy }) => !droppedBy).map((view) => forwardElsewhere(view, { afterMs }));
    const here = wanting.map(({ sink, view }) => forward(sink, view, { afterMs, isNew: isNew && view === views[0] }));
    await Promise.all([...views.map(noteRules), ...elsewhere, ...here]);
  }

  const isOurs = async ({ madeByApi }: ChangeRecord) => madeByApi !== undefined && (await echoes.isOurs(madeByApi));
  return { record, recordStep };
}

/** Makes the view of a deployment: the fold of its records, what it replaced, and the result of the rules. */
export function createBuildView({ rules, routing, before: read, formerName }: BuildViewParts): BuildView {
  return async function buildView(key, records) {
    const folded = await withFormerName(fold(key, records), formerName);
    const named = route(folded, rules, routing); // lineage needs the final names; a rule may set a roll-back
    const lineage = lineageOf(named.deployment);
    const before = { at: folded.startedAt ?? folded.occurredAt, limit: PREDECESSORS };
    const earlier = await read(lineage, before);
    const succession = withStaleness(succeed(folded, earlier), earlier);
    const heardAt = records.find(({ id }) => id === folded.decidedBy)?.receivedAt ?? folded.receivedAt;
    return { view: { lineage, heardAt, ...route(succession, rules, routing) }, before, earlier };
  };
}
