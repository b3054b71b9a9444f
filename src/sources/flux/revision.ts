import { nameRef } from '../../values/ref.ts';
import { fullSha } from '../../values/sha.ts';
import { type FluxEvent, metadataOf } from './schema.ts';

/** What was applied, in Flux's notation, and the commit in it. */
export interface Revision {
  /** `main@sha1:4f0c…`, `latest@sha256:0b31…`, `6.6.1`: distinguishes one deployment from the next. */
  readonly text: string;
  readonly sha?: string;
  readonly ref?: string;
  readonly tag?: boolean;
  readonly artifacts: readonly string[];
}

/** `main@sha1:4f0c…`, since Flux 2.0; `main/4f0c…` before. */
const NAMED = /^(?:(?<name>.+)[@/])?(?:(?<algorithm>sha1|sha256):)?(?<digest>[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Undefined: the event has none, and nothing was applied. */
export function revisionOf(event: FluxEvent): Revision | undefined {
  const text = metadataOf(event, 'revision');
  if (text === undefined) return undefined;
  if (event.involvedObject.kind === 'HelmRelease') return { text, artifacts: chartOf(event, text) };
  // Of an OCI artifact the origin is the commit that it was pushed from; its digest is no commit.
  const origin = NAMED.exec(metadataOf(event, 'originRevision') ?? '')?.groups;
  const own = NAMED.exec(text)?.groups;
  const isGit = own?.['algorithm'] !== 'sha256';
  const commit = origin ?? (isGit ? own : undefined);
  const sha = fullSha(commit?.['digest']);
  const name = commit?.['name'];
  const { ref, tag } = name === undefined || name === 'HEAD' ? {} : nameRef(name);
  return {
    text,
    ...(sha && { sha }),
    ...(ref && { ref }),
    ...(tag !== undefined && { tag }),
    artifacts: isGit ? [] : [`oci:${text}`],
  };
}

/** "… with chart podinfo@6.6.1": the event names the chart nowhere else. */
const CHART = /\bwith chart ([^\s@]{1,200})@([^\s:]{1,100})/;

function chartOf(event: FluxEvent, revision: string): string[] {
  const [, name = event.involvedObject.name, version = revision] = CHART.exec(event.message ?? '') ?? [];
  const digest = metadataOf(event, 'oci-digest');
  const app = metadataOf(event, 'app-version');
  return [`chart:${name}@${version}`, ...(app ? [`app:${app}`] : []), ...(digest ? [`oci:${digest}`] : [])];
}
