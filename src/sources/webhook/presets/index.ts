import type { Preset } from '../preset.ts';
import { azureDevops } from './azure-devops.ts';
import { cdevents } from './cdevents.ts';
import { github } from './github.ts';
import { githubWorkflow } from './github-workflow.ts';
import { jenkins } from './jenkins.ts';
import { kargo } from './kargo.ts';
import { octopus } from './octopus.ts';
import { spinnaker } from './spinnaker.ts';
import { vercel } from './vercel.ts';

/** Every preset there is. A new one is a file and a line here. */
export const PRESETS = {
  cdevents,
  github,
  'github-workflow': githubWorkflow,
  'azure-devops': azureDevops,
  jenkins,
  kargo,
  octopus,
  spinnaker,
  vercel,
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

export const presetNames = Object.keys(PRESETS) as readonly PresetName[]; // exactly its keys

export const isPresetName = (name: string): name is PresetName => Object.hasOwn(PRESETS, name);
