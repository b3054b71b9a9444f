import type { Lookup } from '../../domain/change-event.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Mapped } from '../mapped.ts';
import { type Context, ignored } from './parts.ts';
import { inBraces, pipelineLookup, repoOfUuids, repositoryPathOf } from './repository-path.ts';
import { type Attributes, SpansBody } from './schema.ts';

/** One body seldom reports more than one pipeline; each costs requests. */
const MAX_PIPELINES = 5;

/**
 * `pipeline:span_created`, "OTEL Traces". It names no environment and calls failed runs COMPLETE, so that it is only a
 * reason to ask Bitbucket about the pipeline.
 */
export function fromSpans(payload: JsonObject, { asks }: Context): Mapped {
  if (!asks) {
    return ignored(
      'needs_lookup',
      'a pipeline trace names no environment and calls failed runs COMPLETE too; let the deployment step post to ' +
        'Shiplog, or give this source an API token, see the README of the Bitbucket source',
    );
  }
  const lookups = pipelinesOf(payload);
  if (lookups.length > 0) return { kind: 'records', records: [], lookups: lookups.slice(0, MAX_PIPELINES) };
  return ignored('needs_lookup', 'the trace names no pipeline of a repository that Bitbucket could be asked for');
}

function pipelinesOf(payload: JsonObject): Lookup[] {
  const spans = (SpansBody.parse(payload).resourceSpans ?? []).flatMap((group) =>
    (group?.scopeSpans ?? [])
      .flatMap((scope) => scope?.spans ?? [])
      .map((span) => textsOf(group?.resource?.attributes, span?.attributes)),
  );
  const anywhere = (name: string) => spans.find((reported) => reported.has(name))?.get(name);
  // Real bodies leave out the full name and give two uuids, which may be in the root span alone.
  const repo =
    repositoryPathOf(anywhere('pipeline.repository.full_name')) ??
    repoOfUuids(anywhere('pipeline.account.uuid'), anywhere('pipeline.repository.uuid'));
  if (!repo) return [];
  const pipelines = new Set(spans.map((reported) => inBraces(reported.get('pipeline.uuid'))).filter((uuid) => uuid));
  return [...pipelines].map((pipeline) => pipelineLookup(repo, { pipeline }));
}

const textsOf = (...lists: readonly Attributes[]): Map<string, string> =>
  new Map(
    lists
      .flatMap((attributes) => attributes ?? [])
      .flatMap((one) => {
        const text = one?.value?.stringValue ?? one?.value?.intValue;
        return one?.key && text ? [[one.key, text]] : [];
      }),
  );
