import type { Config } from '../config/config.ts';
import { trimCharsEnd } from '../values/text.ts';
import { type JsonOption, printJson } from './output.ts';

export interface HooksOptions extends JsonOption {
  readonly source: string;
  /** The address at which the tool reaches the bridge, such as https://shiplog.example.com; absent: `public_url`. */
  readonly url?: string | undefined;
  readonly targets: readonly string[];
  readonly dryRun: boolean;
}

/** There may be hundreds of targets, and tools limit the requests per minute. */
const WITHIN_MS = 10 * 60_000;

/** Creates or repairs the webhooks in the tool. @throws Error with what to do. */
export async function applyHooks(
  config: Config,
  { source: name, url: given, targets, dryRun, json }: HooksOptions,
): Promise<void> {
  const url = given ?? config.public_url ?? '';
  const source = config.sources.find((candidate) => candidate.name === name);
  if (!source)
    throw new Error(
      `there is no source "${name}"; there are: ${config.sources.map((source) => source.name).join(', ')}`,
    );
  if (!source.applyHooks)
    throw new Error(`nothing can be set up for ${name}: it has no API, or api.token of this source is not set`);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error(
      '--url, or public_url of the configuration, must be the address at which the tool reaches this bridge, ' +
        'such as https://shiplog.example.com',
    );
  const lines = await source.applyHooks({
    url: `${trimCharsEnd(url, '/')}/webhooks/${source.name}`,
    targets,
    dryRun,
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  if (json) return void printJson(process, { source: name, dry_run: dryRun, done: lines });
  process.stdout.write(`${lines.join('\n')}\n`);
}
