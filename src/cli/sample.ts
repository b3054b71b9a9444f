import { request } from 'undici';
import type { Config } from '../config/config.ts';
import { asObject, readJson } from '../values/json.ts';
import { alertPath, deploymentPath } from '../values/own-page.ts';
import { addressOf } from './address.ts';
import { nobodyAt } from './call.ts';
import { type JsonOption, printJson } from './output.ts';

/** @throws Error with what to do, when there is no such source or the bridge does not take the sample. */
export async function sendSample(config: Config, name: string | undefined, { json }: JsonOption = {}): Promise<void> {
  const source = config.sources.find((candidate) => candidate.name === name || candidate.type === name);
  if (!source) {
    const names = config.sources.map((source) => source.name).join(', ');
    throw new Error(
      name === undefined ? `of which source? There are: ${names}` : `there is no source "${name}"; there are: ${names}`,
    );
  }
  const { path, headers, body } = source.sample(new Date());
  // without a secret that is part of the path
  const url = `${addressOf(config)}${source.hidesPath ? `/webhooks/${source.name}` : path}`;
  const answer = await request(`${addressOf(config)}${path}`, { method: 'POST', headers, body }).catch(
    (cause: unknown) => {
      throw new Error(nobodyAt(config), { cause });
    },
  );
  const text = await answer.body.text();
  if (json) printJson(process, { url, status: answer.statusCode, body: text });
  else process.stdout.write(`POST ${url}\n${answer.statusCode} ${text}\n`);
  if (!json && answer.statusCode < 300) process.stdout.write(`see ${addressOf(config)}${pageIn(text)}\n`);
  if (answer.statusCode >= 300) throw new Error(`the bridge did not accept the sample of ${name}`);
}

/** The page of what was reported. */
function pageIn(answer: string): string {
  const reported = asObject(readJson(answer)) as Reported; // our own API
  const { deployments: [deployment] = [], alerts: [alert] = [] } = reported;
  if (deployment !== undefined) return deploymentPath(deployment);
  return alert === undefined ? '/inbox' : alertPath(alert);
}

interface Reported {
  readonly deployments?: readonly string[];
  readonly alerts?: readonly string[];
}
