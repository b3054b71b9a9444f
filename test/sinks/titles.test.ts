import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { State } from '../../src/domain/change-record.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { presetNames } from '../../src/sinks/http/presets/index.ts';
import { AnySink } from '../../src/sinks/index.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { cutText, firstCharacters } from '../../src/values/graphemes.ts';
import { aDeployment } from '../support/deployment.ts';
import { AlertopsMessage, JiraSubmission, PRESET_BODIES } from '../support/destination-schemas.ts';
import { PRESETS_GIVEN, type PresetName } from '../support/presets.ts';

interface Told {
  readonly sink: Sink;
  /** What a person reads first. */
  readonly titleOf: (body: never) => unknown;
  readonly schema?: z.ZodType;
}

const sinkOf = (config: Record<string, unknown>): Sink => {
  const made = AnySink.parse(config);
  if (!made) throw new Error('the sink is off');
  return made;
};

/** Where each preset's title stands. Datadog has none: it takes no text, and nothing that failed. */
const TITLES: Readonly<Record<Exclude<PresetName, 'datadog-dora-deployment'>, (body: never) => unknown>> = {
  'pagerduty-change-event': ({ payload }: { payload: { summary: string } }) => payload.summary,
  'devlake-deployment': ({ displayTitle }: { displayTitle: string }) => displayTitle,
  'grafana-annotation': ({ text }: { text: string }) => text,
  'sentry-deploy': ({ name }: { name: string }) => name,
  'newrelic-change-tracking': ({ variables }: { variables: { d: { description: string } } }) => variables.d.description,
  'newrelic-change-event': ({ variables }: { variables: { e: { shortDescription: string } } }) =>
    variables.e.shortDescription,
  'honeycomb-marker': ({ message }: { message: string }) => message,
  'incident-io': ({ title }: { title: string }) => title,
  'compass-deployment': ({ event }: { event: { deployment: { displayName: string } } }) => event.deployment.displayName,
  firehydrant: ({ summary }: { summary: string }) => summary,
  slack: ({ text, blocks }: { text: string; blocks: readonly { text: { text: string } }[] }) => [
    text,
    blocks[0]?.text.text,
  ],
};

type OtlpLogs = { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[];

const SINKS: Readonly<Record<string, Told>> = {
  alert24: {
    sink: sinkOf({ type: 'alert24', api_key: `ak_live_${'0'.repeat(32)}`, states: State.options }),
    titleOf: ({ summary }: { summary: string }) => summary,
  },
  alertops: {
    sink: sinkOf({
      type: 'alertops',
      url: 'https://alerts.example.com/POSTAlert/lookalike0001/x',
      update: ['canceled', 'running', 'pending'],
    }),
    titleOf: ({ subject }: { subject: string }) => subject,
    schema: AlertopsMessage,
  },
  cdevents: {
    sink: sinkOf({ type: 'cdevents', url: 'https://events.example.com', states: State.options }),
    titleOf: ({ customData }: { customData: { summary: string } }) => customData.summary,
  },
  jira: {
    sink: sinkOf({ type: 'jira', cloud_id: '8c1b61ee', client_id: 'shiplog', client_secret: 'a-look-alike-0001' }),
    titleOf: ({ deployments }: JiraSubmission) => deployments[0]?.displayName,
    schema: JiraSubmission,
  },
  otlp: {
    sink: sinkOf({ type: 'otlp', url: 'https://collector.example.com' }),
    titleOf: ({ resourceLogs }: { resourceLogs: OtlpLogs }) =>
      resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.body.stringValue,
  },
  ...Object.fromEntries(
    presetNames
      .filter((name) => name !== 'datadog-dora-deployment')
      .map((name) => [
        name,
        {
          sink: sinkOf({ type: 'http', preset: name, ...PRESETS_GIVEN[name], states: State.options }),
          titleOf: TITLES[name],
          schema: PRESET_BODIES[name],
        },
      ]),
  ),
};

const REPOSITORY = 'https://gitlab.example.com/harbor/lighthouse-api';
const base = aDeployment({
  ref: 'LAMP-7-faster',
  repository: { name: 'harbor/lighthouse-api', url: REPOSITORY },
  pipelineUrl: `${REPOSITORY}/-/pipelines/5521`,
});

/** Absent where the destination has no word for it and is never reported. */
function bodyOf({ sink }: Told, deployment: Deployment): unknown {
  try {
    return sink.preview(deployment, { pageUrl: 'https://shiplog.example.com/deployments/a%20b' }).body;
  } catch {
    return undefined;
  }
}

const ENDS: readonly (readonly [string, Partial<Deployment>, RegExp])[] = [
  ['failed', { state: 'failed' }, /FAILED/],
  ['was canceled', { state: 'canceled' }, /CANCELED/],
  ['was superseded', { state: 'canceled', endReason: 'superseded' }, /SUPERSEDED/],
  ['never ran', { state: 'canceled', endReason: 'never_ran' }, /NEVER RAN/],
  ['is a roll-back', { changeType: 'rollback' }, /roll(?:ed)?[ -]?back/i],
  ['is a roll-back that failed', { state: 'failed', changeType: 'rollback' }, /FAILED.*roll(?:ing|ed)?[ -]?back/i],
];
/** It takes only deploys that were made, and has one line of 64 characters for what they are. */
const ONLY_MADE = ['sentry-deploy'];
/** They have no word for a deployment that was canceled, so that it is not sent to them. */
const NOT_CANCELED = ['devlake-deployment', 'incident-io'];

describe.each(Object.entries(SINKS))('the title that %s receives', (name, told) => {
  const ends = ENDS.filter(([, { state }]) => state === undefined || !ONLY_MADE.includes(name));
  it.each(ends)('states that a deployment %s, whatever its sender wrote', (_, over, expected) => {
    const isSent = over.state !== 'canceled' || !NOT_CANCELED.includes(name);
    for (const summary of [undefined, 'Deployed lighthouse-api', 'Fix failed login', 'x'.repeat(200_000)]) {
      const body = bodyOf(told, { ...base, ...over, ...(summary && { summary }) });
      expect(body !== undefined).toBe(isSent);
      if (isSent) for (const title of [told.titleOf(body as never)].flat()) expect(title).toMatch(expected);
    }
  });

  it('is within the limits of the destination, like every other text', () => {
    const unit = fc.constantFrom('x', '🚢', '👩‍👩‍👧‍👦', 'e\u0301', '<', '&', "'", '\n', 'ל');
    fc.assert(
      fc.property(unit, unit, fc.constantFrom(...State.options), (first, second, state) => {
        const text = `Light ${first}${second.repeat(200_000 / second.length)}`;
        const long = {
          ...base,
          state,
          summary: text,
          description: text,
          notes: [text, text],
          actor: text.slice(0, 255),
        };
        const commit = { ...base.commit, title: text, message: text };
        const environment = { name: `Light${first}${second.repeat(60)}`.slice(0, 255) };
        const body = bodyOf(told, { ...long, commit, environment });
        if (body === undefined) return;
        expect(JSON.stringify(body).length).toBeLessThan(60_000);
        expect(JSON.stringify(body)).not.toMatch(/\\ud[89a-f]/i);
        if (told.schema) expect(told.schema.safeParse(body).error?.message).toBeUndefined();
      }),
      { numRuns: 12 },
    );
  });
});

describe('a text that is cut', () => {
  const unit = fc.constantFrom('x', '🚢', '👩‍👩‍👧‍👦', 'e\u0301', ' ', '&lt;', '&');
  it('is within its limit of code points, with whole characters', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 2, max: 40 }), (units, max) => {
        const text = units.join('');
        const cut = cutText(text, max);
        expect([...cut].length).toBeLessThanOrEqual(max);
        if (cut === text) return;
        expect(cut.endsWith('…')).toBe(true);
        const whole = [...new Intl.Segmenter('en').segment(text)]
          .map(({ segment }) => segment)
          .join('\0')
          .split('\0');
        const kept = firstCharacters(text, max);
        let read = '';
        while (read.length < kept.length) read += whole.shift() ?? '';
        if (units[0] && [...units[0]].length <= max) expect(read).toBe(kept);
      }),
    );
  });

  it('keeps a part of a single character that is too long', () => {
    expect(firstCharacters(`e${'\u0301'.repeat(9_000)}`, 10)).toHaveLength(10);
  });
});
