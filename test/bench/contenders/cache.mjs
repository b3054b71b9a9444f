import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where peers are installed, once: outside the repository, whose packages they are not. */
export const cacheOf = (name) => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shiplog-bench', name);
