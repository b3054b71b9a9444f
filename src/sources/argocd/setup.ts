import { type SetupAddress, type SetupRecipe, secretOr } from '../recipe.ts';

/** @param configMap the file that the source hands out, with our address in it. */
export const recipeWith = (address: SetupAddress, configMap: string): SetupRecipe => ({
  steps: [
    { text: ['The token, without a newline at its end:'], block: patchSecret(address) },
    {
      text: [
        'Save the ConfigMap below as ',
        { code: 'shiplog-configmap.yaml' },
        ', write the address of your Argo CD for ',
        { code: 'argocdUrl' },
        ', and merge it. It says itself what to mind:',
      ],
      block:
        'kubectl patch configmap argocd-notifications-cm -n argocd --type merge --patch-file shiplog-configmap.yaml',
    },
  ],
  attachments: [{ title: 'shiplog-configmap.yaml', text: configMap }],
});

const patchSecret = (address: SetupAddress) =>
  `kubectl patch secret argocd-notifications-secret -n argocd --type merge \\
  -p "$(printf '{"stringData":{"shiplog-token":"%s"}}' ${secretOr(address, 'SHIPLOG_ARGOCD_TOKEN')})"`;
