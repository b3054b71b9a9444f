/**
 * Of the template in configmap.yaml, which sends it. Raise both when the body or the triggers tell more than before.
 */
export const TEMPLATE_VERSION = 2;
