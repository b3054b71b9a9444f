import { z } from 'zod';
import { State } from '../domain/change-record.ts';

/*
 * Options that most sinks share. A sink writes them into its own schema, with the defaults that its destination needs.
 */

/** Deliveries that run at the same time. The upper limit protects the bridge: each has a connection of its own. */
export const Concurrency = (usual: number, most = 100) => z.number().int().min(1).max(most).default(usual);

/** Of one request. It must be shorter than an attempt may take (store/deliveries/lease.ts). */
export const TimeoutSeconds = () => z.number().positive().max(60).default(10);

/** The states that are sent. */
export const States = (usual: readonly State[] = State.options) =>
  z
    .array(State)
    .min(1)
    .default([...usual]);

/** Our environment name → the destination's. Names that are not listed stay unchanged. */
export const EnvironmentNames = () => z.record(z.string(), z.string().min(1)).default({});

/** The shared options as a sink reads them. */
export interface SharedOptions {
  readonly name: string;
  readonly concurrency: number;
  readonly timeout_seconds: number;
}
