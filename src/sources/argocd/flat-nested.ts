import { z } from 'zod';
import { Text } from './schema.ts';

const Part = z.record(z.string(), z.unknown()).catch({});

/** Parts of an Application that templates paste whole into a body of their own, and the flat names of their fields. */
const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  operationState: { phase: 'phase', startedAt: 'started_at', finishedAt: 'finished_at', message: 'message' },
  health: { status: 'health_status' },
  sync: { status: 'sync_status' },
  destination: { name: 'destination_name', namespace: 'destination_namespace' },
  initiatedBy: { username: 'username' },
  syncResult: { revision: 'commit_sha' },
};

/** The body with the values of its nested parts under flat names. A value of the body itself takes precedence. */
export function flattened(payload: object): Readonly<Record<string, unknown>> {
  const body = Part.parse(payload);
  const operation = Part.parse(body['operationState']);
  const nested = { initiatedBy: operation['initiatedBy'], syncResult: operation['syncResult'], ...body };
  const found: Record<string, unknown> = {};
  for (const [part, names] of Object.entries(PARTS)) {
    const values = Part.parse(nested[part as keyof typeof nested]); // missing parts are {}
    for (const [theirs, flat] of Object.entries(names)) {
      if (Text.parse(values[theirs]) !== undefined) found[flat] = values[theirs];
    }
  }
  return { ...found, ...body };
}
