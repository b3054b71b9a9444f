/**
 * How long the data of a deployment is kept after its last record, so that retention, which runs every few seconds, can
 * delete it together. It expires by itself where no bridge runs any more.
 */
export const MARGIN_DAYS = 30;
