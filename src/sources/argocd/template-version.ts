/**
 * Of the template in configmap.yaml, which sends it. Raise both when the body or the triggers report more than before.
 */
export const TEMPLATE_VERSION = 2;
