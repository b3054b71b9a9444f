import type { Spooled } from '../spool/spool.ts';
import type { Running } from '../store/changes/timeline/running.ts';
import type { Actions } from './actions.ts';
import type { Live } from './live.ts';
import type { LoginParts } from './login.ts';
import type { AlertPageParts } from './pages/alert.tsx';
import type { DeliveriesParts } from './pages/deliveries.tsx';
import type { DeploymentParts } from './pages/deployment.tsx';

/** What the pages need of the bridge. */
export interface PageParts
  extends Omit<DeploymentParts, 'deadLetters'>,
    AlertPageParts,
    Omit<DeliveriesParts, 'deployments'>,
    LoginParts {
  /** The address by which people and tools reach the bridge; absent: that by which they came. */
  readonly publicUrl?: string | undefined;
  readonly running: Running;
  readonly actions: Actions;
  readonly live: Live;
  readonly spool: () => Spooled;
  /** True when the error means that Redis is away: the pages say so, and nothing is broken. */
  readonly isRedisAway: (error: unknown) => boolean;
}
