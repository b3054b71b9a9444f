import { backlog } from './backlog.mjs';
import { burst } from './burst.mjs';
import { delivering } from './delivering.mjs';
import { idle } from './idle.mjs';
import { inbox } from './inbox.mjs';
import { answering, relaying } from './latency.mjs';
import { log } from './log.mjs';
import { order } from './order.mjs';
import { receiving } from './receiving.mjs';
import { roles } from './roles.mjs';
import { second } from './second.mjs';
import { start } from './start.mjs';

/** In the order of the table. */
export const FIGURES = [
  receiving,
  delivering,
  answering,
  relaying,
  burst,
  backlog,
  log,
  inbox,
  second,
  roles,
  order,
  start,
  idle,
];
