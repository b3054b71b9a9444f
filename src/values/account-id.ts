const UUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

/** All that a pipeline knows of who started it, where its tool hands it no name: `{f81d4fae-…}`. */
export const isAccountId = (text: string | undefined): text is string => text !== undefined && UUID.test(text);

/** Stands on a record whose person is such an id, until somebody knows the name. */
export const ACCOUNT_ID_NOTE = 'changed_by is the id of an account, not a name';
