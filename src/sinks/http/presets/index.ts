import type { Preset } from '../preset.ts';
import { compassDeployment } from './compass-deployment.ts';
import { datadogDoraDeployment } from './datadog-dora-deployment.ts';
import { devlakeDeployment } from './devlake-deployment.ts';
import { firehydrant } from './firehydrant.ts';
import { grafanaAnnotation } from './grafana-annotation.ts';
import { honeycombMarker } from './honeycomb-marker.ts';
import { incidentIo } from './incident-io.ts';
import { newrelicChangeEvent } from './newrelic-change-event.ts';
import { newrelicChangeTracking } from './newrelic-change-tracking.ts';
import { pagerdutyChangeEvent } from './pagerduty-change-event.ts';
import { sentryDeploy } from './sentry-deploy.ts';
import { slack } from './slack.ts';

/** Every preset there is. A new one is a file and a line here. */
export const PRESETS = {
  'datadog-dora-deployment': datadogDoraDeployment,
  'pagerduty-change-event': pagerdutyChangeEvent,
  'devlake-deployment': devlakeDeployment,
  'grafana-annotation': grafanaAnnotation,
  'sentry-deploy': sentryDeploy,
  'newrelic-change-tracking': newrelicChangeTracking,
  'newrelic-change-event': newrelicChangeEvent,
  'honeycomb-marker': honeycombMarker,
  'incident-io': incidentIo,
  firehydrant,
  'compass-deployment': compassDeployment,
  slack,
} satisfies Record<string, Preset>;

type PresetName = keyof typeof PRESETS;

export const presetNames = Object.keys(PRESETS) as readonly PresetName[]; // exactly its keys

export const isPresetName = (name: string): name is PresetName => Object.hasOwn(PRESETS, name);
