/** The source name under which webhooks are listed that belong to no source. No source can have this name. */
export const NO_SOURCE = '(none)';
