import type { SetupAddress, SetupRecipe } from '../recipe.ts';
import { shellQuoted } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: [
    'For whatever writes deployments to GitLab: another address and another token, and nothing else. As GitLab it is ',
    { code: address.base },
    ', as the address of its API ',
    { code: `${address.base}/api/v4` },
    '.',
  ],
  steps: [{ text: ['Try it; the answer appears above:'], block: call(address) }],
});

const call = ({
  base,
  secret,
}: SetupAddress) => `curl --fail-with-body ${base}/api/v4/projects/harbor%2Fpay/deployments \\
  -H ${secret === undefined ? '"PRIVATE-TOKEN: $SHIPLOG_GITLAB_API_TOKEN"' : shellQuoted(`PRIVATE-TOKEN: ${secret}`)} \\
  -d environment=staging -d ref=main -d tag=false -d status=success \\
  -d sha="$(git rev-parse HEAD)"`;
