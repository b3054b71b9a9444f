import type { Witness } from '../../domain/change-record.ts';
import { compile } from '../../templates/template.ts';
import { inside, type Template, type TemplateContext } from '../../templates/template-context.ts';
import type { IgnoredReason } from '../mapped.ts';
import type { Conditions } from './conditions.ts';
import { FIELD_NAMES, type FieldName } from './field-names.ts';
import type { Mapping } from './written.ts';

/** A mapping that is ready to read payloads. */
export interface Reader {
  readonly ignore: readonly {
    readonly when: Conditions;
    readonly reason: IgnoredReason;
    readonly detail?: string | undefined;
  }[];
  /** What applies to every event, besides its own `when`. */
  readonly when: Conditions | undefined;
  readonly events: readonly ReaderEvent[];
  readonly withoutEnvironment: 'record' | 'ignore';
  readonly witness: Witness | undefined;
}

export interface ReaderEvent {
  readonly name: string;
  readonly when: Conditions | undefined;
  readonly fields: Readonly<Partial<Record<FieldName, Template>>>;
  /** The state in the tool's own word: the key of the map. */
  readonly stateWord: Template;
  /** As they are written, for `explain`. */
  readonly written: Readonly<Partial<Record<FieldName, unknown>>>;
}

/** Any JSON: every path is possible. */
export const ANY = { fields: {}, others: 'any' } as const;

interface Order {
  readonly preset: Mapping | undefined;
  readonly given: Mapping;
  readonly complain: TemplateContext['complain'];
}

/** The configuration is merged over the preset: fields one by one, `ignore` first, `when` in addition. */
export function compileMapping({ preset, given, complain }: Order): Reader {
  const events = eventsOf(preset, given);
  for (const { written, path } of events) checkFields(written, path, complain);
  return {
    ignore: [...given.ignore, ...(preset?.ignore ?? [])],
    when: given.when,
    events: events.map(({ name = 'webhook', when, written, path }) => {
      const at: TemplateContext = { shape: ANY, path, complain };
      return {
        name,
        when,
        written,
        fields: compileFields(written, at),
        stateWord: compile(withoutMaps(written.state), { ...at, complain: () => {} }), // complained of once
      };
    }),
    withoutEnvironment: given.without_environment ?? preset?.without_environment ?? 'record',
    witness: given.witness ?? preset?.witness,
  };
}

interface WrittenEvent extends Pick<ReaderEvent, 'when' | 'written'> {
  readonly name?: string | undefined;
  /** Where complaints about it belong. */
  readonly path: readonly PropertyKey[];
}

function eventsOf(preset: Mapping | undefined, given: Mapping): readonly WrittenEvent[] {
  const over = given.fields ?? {};
  const events = given.events ?? preset?.events;
  if (!events) return [{ when: undefined, written: over, path: ['fields'] }];
  return events.map(({ name, when, fields }, index) => ({
    name,
    when,
    written: { ...fields, ...over },
    path: given.events ? ['events', index, 'fields'] : ['fields'],
  }));
}

function checkFields(
  written: ReaderEvent['written'],
  path: readonly PropertyKey[],
  complain: TemplateContext['complain'],
): void {
  if (written.id === undefined)
    complain([...path, 'id'], 'say what identifies a deployment in all its webhooks, such as { path: run.id }');
  if (written.state === undefined)
    complain(
      [...path, 'state'],
      'name the value that holds the state, such as { path: status, map: { ok: succeeded } }',
    );
}

/** The same value before any map. */
function withoutMaps(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
  const { map: _, default: __, first, ...rest } = written as Readonly<Record<string, unknown>>; // an object
  return Array.isArray(first) ? { first: first.map(withoutMaps).toReversed() } : rest;
}

function compileFields(written: ReaderEvent['written'], at: TemplateContext): ReaderEvent['fields'] {
  const entries = FIELD_NAMES.flatMap((name) => {
    const value = written[name];
    return value === undefined ? [] : [[name, compile(value, inside(at, name))] as const];
  });
  return Object.fromEntries(entries);
}
