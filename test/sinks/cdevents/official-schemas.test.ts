import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { toEvents } from '../../../src/sinks/cdevents/event.ts';
import { anyDeployment } from '../../support/any-deployment.ts';
import { aDeployment } from '../../support/deployment.ts';

/**
 * The JSON schemas of CDEvents are in no package, so that anyone with them says where:
 * `git clone --branch v0.5.1 https://github.com/cdevents/spec`, then `CDEVENTS_SCHEMAS=spec/schemas npx vitest run test/sinks/cdevents`.
 * Without them cdevents.test.ts holds events to the same constraints, written by hand.
 */
const folder = process.env['CDEVENTS_SCHEMAS'] ?? '';

describe.runIf(existsSync(folder))('the schemas of CDEvents, in the folder that CDEVENTS_SCHEMAS names', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const ids = new Map<string, string>();
  for (const file of existsSync(folder) ? schemaFiles(folder) : []) {
    const schema = JSON.parse(readFileSync(file, 'utf8'));
    ajv.addSchema(schema);
    for (const type of schema.properties?.context?.properties?.type?.enum ?? []) ids.set(type, schema.$id);
  }

  const complaintsOf = (deployment: Deployment): string[] => {
    const wish = { source: '/shiplog', includesRuns: true, includesEnvironments: true };
    return toEvents(deployment, wish).flatMap((event) => {
      const id = ids.get(event.context.type);
      if (id === undefined) return [`no schema is for ${event.context.type}`];
      return ajv.validate(id, event) ? [] : [`${event.context.type}: ${ajv.errorsText()}`];
    });
  };

  it.each([
    ...State.options.map((state) => ({ state })),
    { replaced: { deployment: 'before' } },
    { replaced: { deployment: 'before' }, changeType: 'rollback' as const },
  ])('take the events of a deployment with %j', (over) => {
    expect(complaintsOf(aDeployment(over))).toEqual([]);
  });

  it('accept the events of any deployment', () => {
    fc.assert(
      fc.property(anyDeployment, (deployment) => {
        expect(complaintsOf(deployment)).toEqual([]);
      }),
    );
  });

  it('reject invalid events', () => {
    const [event] = toEvents(aDeployment(), { source: '/shiplog', includesRuns: false, includesEnvironments: false });
    const id = ids.get(event?.context.type ?? '') ?? '';
    expect(ajv.validate(id, event)).toBe(true);
    expect(ajv.validate(id, { ...event, status: 'success' })).toBe(false);
  });
});

/** Those of events, and those of links that they refer to. */
function schemaFiles(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name));
}
