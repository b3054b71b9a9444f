import { z } from 'zod';
import { alert24 } from './alert24/index.ts';
import { alertops } from './alertops/index.ts';
import { cdevents } from './cdevents/index.ts';
import { ctoai } from './ctoai/index.ts';
import { gitlabDeployments } from './gitlab-deployments/index.ts';
import { http } from './http/index.ts';
import { jira } from './jira/index.ts';
import { otlp } from './otlp/index.ts';
import { postgres } from './postgres/index.ts';

/** Every type of sink. A new one is a folder and a name here. */
export const AnySink = z.discriminatedUnion('type', [
  alert24,
  gitlabDeployments,
  alertops,
  ctoai,
  cdevents,
  http,
  jira,
  otlp,
  postgres,
]);
