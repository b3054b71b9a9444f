import type { RejectionCode } from '../../domain/errors.ts';
import type { IgnoredReason } from '../mapped.ts';
import type { SetupAddress, SetupRecipe } from '../recipe.ts';
import type { FieldName } from './field-names.ts';
import type { WrittenVerify } from './proof.ts';
import type { WrittenMapping } from './written.ts';

/** The body of a webhook and the headers that identify its event. */
export interface PresetSample {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A tool that is mapped already: data in the language of the configuration. */
export interface Preset {
  /** Raised when the tool changes what it sends. */
  readonly version: number;
  readonly productName: string;
  readonly verify: WrittenVerify;
  readonly mapping: WrittenMapping;
  /** Fields that the tool does not send, and what the configuration has to write for them. */
  readonly needs?: Readonly<Partial<Record<FieldName, string>>>;
  /** By which header the tool's own log finds a delivery again. Lower case. */
  readonly deliveryIdHeaders?: readonly string[];
  readonly reasonNotes?: Readonly<Partial<Record<IgnoredReason | RejectionCode, string>>>;
  /** What to do in the tool, once the URL and the secret are known. */
  readonly steps: (address: SetupAddress) => SetupRecipe['steps'];
  /** What the tool sends for a deployment that succeeded at that time, of an invented project. */
  readonly sample: (at: Date) => PresetSample;
}
