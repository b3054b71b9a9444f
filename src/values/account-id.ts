const UUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

/** All that a pipeline knows of the person who started it, where its tool passes no name: `{f81d4fae-…}`. */
export const isAccountId = (text: string | undefined): text is string => text !== undefined && UUID.test(text);

/** The note of a record whose person is such an id, until the name is known. */
export const ACCOUNT_ID_NOTE = 'changed_by is the id of an account, not a name';
