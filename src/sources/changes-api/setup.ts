import { bearerOr, type SetupAddress, type SetupRecipe } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: [
    'Pipelines that post to Alert24’s changes API need another host and key, and nothing else: ',
    { code: `${address.base}/api/v1/changes` },
  ],
  steps: [{ text: ['New ones:'], block: call(address) }],
});

const call = (address: SetupAddress) => `curl -fsS --retry 3 ${address.url} \\
  -H ${bearerOr(address, 'SHIPLOG_CHANGES_TOKEN')} \\
  -H "Content-Type: application/json" \\
  -d '{"summary": "Deployed lighthouse-api 1.4.2",
       "service": "lighthouse-api", "environment": "staging"}'`;
