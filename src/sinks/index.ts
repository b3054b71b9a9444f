import { z } from 'zod';
import { alert24 } from './alert24/index.ts';
import { gitlabDeployments } from './gitlab-deployments/index.ts';

/** Every kind of sink there is. A new one is a folder and a name here. */
export const AnySink = z.discriminatedUnion('type', [alert24, gitlabDeployments]);
