import type { z } from 'zod';
import { type UnknownName, unknownNameText } from '../domain/known-names.ts';
import type { DeploymentDetailParts } from '../http/deployment-detail.ts';
import type { Alerts } from '../store/alerts/alerts.ts';
import type { SuspectsOf } from '../store/alerts/suspects.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import type { Running } from '../store/changes/timeline/running.ts';
import type { Mask } from '../values/mask.ts';

/** What the tools read. None of them writes. */
export interface ToolParts extends DeploymentDetailParts {
  readonly deployments: Deployments;
  readonly running: Running;
  readonly alerts: Pick<Alerts, 'get' | 'list'>;
  readonly suspectsOf: SuspectsOf;
  readonly mask: Mask;
  readonly clock: () => Date;
}

/** Answers one message of the protocol. */
export type AnswerMessage = (request: Request, message: unknown) => Promise<Response>;

/** The question cannot be answered as it was asked. The message says what to ask instead. */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable';
}

/** One tool of the server, independent of the protocol. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** @throws Unanswerable */
  run(parts: ToolParts, asked: unknown): Promise<Readonly<Record<string, unknown>>>;
}

/** A tool together with the schema of its arguments. */
export const tool = <Input extends z.ZodObject>(
  written: Omit<Tool, 'input' | 'run'> & {
    readonly input: Input;
    readonly run: (parts: ToolParts, asked: z.output<Input>) => Promise<Readonly<Record<string, unknown>>>;
  },
): Tool => ({ ...written, run: (parts, asked) => written.run(parts, written.input.parse(asked)) });

/** @throws Unanswerable where a name in the question is unknown: an empty answer would say that nothing changed */
export function refuseUnknown(unknown: readonly UnknownName[]): { readonly notes?: readonly string[] } {
  const missing = unknown.filter(({ isPart }) => !isPart);
  if (missing.length > 0) throw new Unanswerable(missing.map(unknownNameText).join('; '));
  return unknown.length > 0 ? { notes: unknown.map(unknownNameText) } : {};
}
