/** No tool's own keys begin like this. @param name of a source that is one of several of its tool */
export const withinBoundary = (name: string, key: string): string => `${name}@${key}`;

/** The source in whose boundary the key lies. Undefined: that of the first source of a tool, which has its own keys. */
export const boundaryIn = (key: string): string | undefined => /^([^:@]+)@/.exec(key)?.[1];
