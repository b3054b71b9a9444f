import { type SetupAddress, type SetupRecipe, shownSecret } from '../recipe.ts';
import type { Preset } from './preset.ts';
import type { Verify } from './proof.ts';

export function recipeOf(preset: Preset | undefined, verify: Verify) {
  return async (address: SetupAddress): Promise<SetupRecipe> => ({
    steps: preset ? preset.steps(address) : ownSteps(address, verify),
  });
}

const ownSteps = (address: SetupAddress, verify: Verify): SetupRecipe['steps'] => [
  {
    text: ['Let the tool post its JSON to this address:'],
    block: verify === 'path' ? `${address.url}/${address.secret ?? '<secret>'}` : address.url,
  },
  { text: [PROOFS[wayOf(verify)], ': ', shownSecret(address)] },
  {
    text: [
      'What would become of a webhook is shown by ',
      { code: `npx shiplog explain payload.json --source ${address.name}` },
    ],
  },
];

const PROOFS = {
  bearer: 'Token of the header Authorization: Bearer',
  basic: 'Password of basic authentication (any user name)',
  path: 'The secret is the end of the path',
  header: 'Secret in the header that `verify` names',
  hmac: 'Secret by which the tool signs the body',
} as const;

const wayOf = (verify: Verify): keyof typeof PROOFS =>
  typeof verify === 'string' ? verify : 'hmac' in verify ? 'hmac' : 'header';
