/**
 * What a deployment left lives on for so long after its last record, so that retention, which looks every few seconds,
 * can remove it together. It ends by itself where no bridge runs any more.
 */
export const MARGIN_DAYS = 30;
