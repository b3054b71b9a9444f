/**
 * No zod-to-openapi: zod itself makes JSON Schema of our schemas. The list of operations (openapi-operations.ts) would
 * be as long with it.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { JsonObject } from '../values/json.ts';
import { SCHEMAS } from './answers/index.ts';
import { OPERATIONS, type Operation } from './openapi-operations.ts';

/** The description of our own API, OpenAPI 3.1, made of the schemas that answer and check it. */
export function openapi(): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= {};
    Object.assign(paths[operation.path] ?? {}, { [operation.method]: describe(operation) });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Shiplog',
      version: String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version),
      description:
        'The change log, the inbound log, deliveries and dead letters of a Shiplog bridge. Webhooks of the ' +
        'tools go to /webhooks/<source> and are described by the tools.',
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: namedSchemas(), securitySchemes: SECURITY_SCHEMES },
  };
}

const SECURITY_SCHEMES = {
  admin: { type: 'http', scheme: 'bearer', description: 'The admin token (npx shiplog secrets shows it)' },
  read: { type: 'http', scheme: 'bearer', description: 'The viewer token, or one of `tokens` that may read' },
  changes: { type: 'http', scheme: 'bearer', description: 'A secret of a source that takes posted changes' },
} as const;

const SECURITY: Readonly<Record<Operation['token'], readonly JsonObject[]>> = {
  own: [{ admin: [] }, { read: [] }, { changes: [] }],
  reader: [{ admin: [] }, { read: [] }],
  admin: [{ admin: [] }],
  source: [{ changes: [] }],
};

const REFUSALS = {
  400: 'The query or body is invalid; the message says how to correct it',
  401: 'The token is missing or wrong',
  403: 'The token may not do this',
  404: 'Not found, or older than the retention',
  409: 'No longer possible',
  413: 'The body is larger than the source takes',
} as const;

function describe({ id, summary, token, path, query, body, answer, refusals }: Operation): JsonObject {
  const { data, list, meta, status } = answer;
  const schema = {
    type: 'object',
    properties: {
      data: list ? { type: 'array', items: reference(data) } : reference(data),
      ...(meta && { meta: reference(meta) }),
    },
    required: meta ? ['data', 'meta'] : ['data'],
  };
  const refused = ([401, 403, ...refusals] as const).map((code) => [
    String(code),
    { description: REFUSALS[code], content: { 'application/json': { schema: reference('Failure') } } },
  ]);
  return {
    operationId: id,
    summary,
    security: SECURITY[token],
    parameters: [...pathParameters(path), ...(query ? queryParameters(query) : [])],
    ...(body && { requestBody: bodyOf(body) }),
    responses: {
      [status]: { description: 'Done', content: { 'application/json': { schema } } },
      ...Object.fromEntries(refused),
    },
  };
}

const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** `/` within a key may be written as it is, or as `%2F`. */
const pathParameters = (path: string): JsonObject[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters(query: z.ZodType): JsonObject[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function bodyOf(body: z.ZodType | 'anything'): JsonObject {
  if (body === 'anything') return { required: true, content: { '*/*': { schema: {} } } };
  // These texts are cleaned before they are checked: the published schema describes the result.
  const { $schema: _, required: __, ...schema } = z.toJSONSchema(body, { io: 'output', unrepresentable: 'any' });
  const needed = Object.entries(schema.properties ?? {}).filter(([name]) => !isOptional(body, name));
  return {
    required: true,
    content: { 'application/json': { schema: { ...schema, required: needed.map(([name]) => name) } } },
  };
}

/** Fields that may be left out of a request. */
function isOptional(body: z.ZodType, name: string): boolean {
  const field = body instanceof z.ZodObject ? body.shape[name] : undefined;
  return field?.safeParse(undefined).success ?? false;
}

/**
 * Closed in our tests, so that no field is forgotten; open in the published description: readers must accept unknown
 * fields.
 */
function namedSchemas(): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    override({ jsonSchema }) {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema] as const),
  );
}
