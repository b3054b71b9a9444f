import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import type { TemplateContext } from '../../templates/template-context.ts';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import type { Mapped } from '../mapped.ts';
import { Projects } from '../projects.ts';
import { passes } from '../signature.ts';
import type { Sample, Source } from '../source.ts';
import { compileMapping, type Reader } from './compile.ts';
import { FACTS } from './facts.ts';
import { namedHeaders } from './headers.ts';
import { mapPayload, scopeOf } from './map.ts';
import { fieldPaths } from './origin.ts';
import type { Preset, PresetSample } from './preset.ts';
import { isPresetName, PRESETS, type PresetName, presetNames } from './presets/index.ts';
import { createProof, type Proof, Verify } from './proof.ts';
import type { Instance } from './record.ts';
import { recipeOf } from './setup.ts';
import { Mapping } from './written.ts';

/** What is read where the configuration says nothing: the one format that many tools share. */
const DEFAULT_PRESET: PresetName = 'cdevents';

const GivenSample = z.strictObject({
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().refine((body) => body !== undefined, 'paste the body of a webhook of the tool'),
});

const Config = Mapping.extend({
  type: z.literal('webhook'),
  name: Name.optional(),
  preset: z.enum(presetNames, `write one of ${presetNames.join(', ')}`).optional(),
  secrets: Secrets,
  verify: Verify.optional(),
  max_body_mib: z.number().positive().max(25).default(2),
  /** GitLab projects that its deployments may be written to. Absent: all. */
  projects: Projects,
  /** A webhook of the tool: at start it has to become a change. */
  sample: GivenSample.optional(),
});
type Config = z.infer<typeof Config>;

/** Any tool that posts JSON, by a mapping that the configuration writes or a preset has. */
export const webhook = Config.transform((config, context): Source => {
  const complain: TemplateContext['complain'] = (path, message) => {
    context.issues.push({ code: 'custom', path: [...path], message, input: undefined });
  };
  const built = build(config, complain);
  if (context.issues.length === 0) checkSample(built, config, complain);
  return context.issues.length > 0 ? z.NEVER : toSource(built, config);
});

interface Built {
  readonly preset: Preset | undefined;
  readonly instance: Instance;
  readonly reader: Reader;
  readonly proof: Proof;
  readonly verify: Verify;
  /** Headers that the mapping reads. */
  readonly headers: readonly string[];
}

function build(config: Config, complain: TemplateContext['complain']): Built {
  const presetName = presetNameOf(config);
  const preset: Preset | undefined = presetName && PRESETS[presetName];
  const name = config.name ?? presetName ?? 'webhook';
  const verify = config.verify ?? (preset ? Verify.parse(preset.verify) : 'bearer');
  if (presetName && config.events)
    complain(['events'], 'a preset has its own: write fields, when and ignore, which are laid over it, or no preset');
  for (const [field, what] of Object.entries(preset?.needs ?? {}))
    if (config.fields?.[field as keyof typeof config.fields] === undefined)
      // the keys of `needs` are names of fields
      complain(['fields', field], `the preset ${presetName} needs it: ${what}`);
  const reader = compileMapping({ preset: preset && Mapping.parse(preset.mapping), given: config, complain });
  const proof = createProof(verify, name);
  const headers = namedHeaders({ mapping: [preset?.mapping, config], proof, complain });
  return { preset, instance: { name, tool: presetName ?? name }, reader, proof, verify, headers };
}

function presetNameOf({ preset, fields, events }: Config): PresetName | undefined {
  if (preset !== undefined && isPresetName(preset)) return preset;
  return fields === undefined && events === undefined ? DEFAULT_PRESET : undefined;
}

/** Otherwise a mapping that reads nothing would be noticed when the first deployment is missing. */
function checkSample(built: Built, config: Config, complain: TemplateContext['complain']): void {
  const { sample } = config;
  if (!sample) {
    if (!built.preset)
      complain(['sample'], 'paste a webhook of the tool, { body: … }: at start it is checked that it makes a change');
    return;
  }
  const why = whyNoChange(mapSample(built, sample));
  if (why !== undefined) complain(['sample'], `it makes no change: ${why}`);
}

function mapSample({ reader, instance }: Built, { headers, body }: z.infer<typeof GivenSample>): Mapped | string {
  const at = { id: 'sample', method: 'POST', path: '/', body: Buffer.alloc(0), receivedAt: new Date(0) };
  try {
    return mapPayload(body, { ...at, headers: lowerCase(headers) }, reader, instance);
  } catch (error) {
    if (error instanceof WebhookRejected) return error.message;
    throw error;
  }
}

function whyNoChange(mapped: Mapped | string): string | undefined {
  if (typeof mapped === 'string') return mapped;
  if (mapped.kind === 'ignored') return `${mapped.reason}: ${mapped.detail}`;
  const [record] = mapped.records;
  const unknown = [
    record?.environment.name === 'unknown' ? 'environment' : undefined,
    record?.service === 'unknown' ? 'service' : undefined,
  ].filter((field) => field !== undefined);
  return unknown.length > 0 ? `no path of fields.${unknown.join(' and fields.')} leads to a value` : undefined;
}

const lowerCase = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function toSource({ preset, instance, reader, proof, verify, headers }: Built, config: Config): Source {
  const { secrets } = config;
  const deliveryIdHeaders = preset?.deliveryIdHeaders ?? [];
  return {
    ...FACTS,
    productName: productNameOf(config, preset),
    tool: `webhook/${instance.tool}`,
    witness: reader.witness,
    keptHeaders: [...new Set([...headers, ...deliveryIdHeaders])],
    deliveryIdHeaders,
    proofHeaders: proof.headers,
    reasonNotes: { ...FACTS.reasonNotes, ...preset?.reasonNotes },
    name: instance.name,
    secrets,
    maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
    projects: config.projects,
    ...(verify === 'path' && { hidesPath: true as const }),
    ...(proof.signedAtHeader !== undefined && { signedAtHeader: proof.signedAtHeader }),
    verify: (webhook) => proof.verify(webhook, secrets),
    verifyHeaders: (head) => proof.verifyHead(head, secrets),
    isProvedBy: (webhook, others) => passes(() => proof.verify(webhook, others)),
    map: (payload, webhook) => mapPayload(payload, webhook, reader, instance),
    fieldPaths: (payload, webhook) => fieldPaths(reader, scopeOf(payload, webhook)),
    recipe: recipeOf(preset, verify),
    sample: (at) => signedSample(config.sample ?? preset?.sample(at) ?? { body: {} }, { proof, secrets, at }),
  };
}

function productNameOf({ preset: written, name }: Config, preset: Preset | undefined): string {
  if (written !== undefined && preset) return preset.productName;
  return name ?? FACTS.productName;
}

interface Signing {
  readonly proof: Proof;
  readonly secrets: readonly string[];
  readonly at: Date;
}

function signedSample({ headers = {}, body: given }: PresetSample, { proof, secrets, at }: Signing): Sample {
  const body = JSON.stringify(given);
  const signed = proof.sign(body, secrets[0] ?? '', at);
  return {
    path: signed.path,
    headers: { 'content-type': 'application/json', ...lowerCase(headers), ...signed.headers },
    body,
  };
}
