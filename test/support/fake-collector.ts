import { z } from 'zod';
import { type FakeServer, startFakeServer } from './fake-server.ts';

const Value = z.object({
  stringValue: z.string().optional(),
  arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })).default([]) }).optional(),
});
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .default([])
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value }) => [
        key,
        value.stringValue ?? value.arrayValue?.values.map(({ stringValue }) => stringValue),
      ]),
    ),
  );
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes: Attributes,
  status: z.object({ code: z.number().optional(), message: z.string().optional() }),
});
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(Span) })),
    }),
  ),
});

export type CollectedSpan = z.output<typeof Span>;

/** A collector that takes traces by OTLP over HTTP, and reads those that come as JSON. */
export async function startFakeCollector(): Promise<
  FakeServer & { spans(): CollectedSpan[]; resources(): z.output<typeof Attributes>[] }
> {
  const server = await startFakeServer(({ method, path }) =>
    method === 'POST' && path === '/v1/traces' ? { status: 200, body: {} } : { status: 404, body: 'not here' },
  );
  const exported = () =>
    server.requests
      .filter(({ headers }) => headers['content-type'] === 'application/json')
      .flatMap(({ text }) => Export.parse(JSON.parse(text)).resourceSpans);
  return {
    ...server,
    spans: () => exported().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resources: () => exported().map(({ resource }) => resource.attributes),
  };
}
