// n8n in its regular mode, with the workflow that one would draw: webhook, code, HTTP request. Two gigabytes of packages,
// installed once, outside the repository, and only when it is asked for.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TOKEN } from '../payloads.mjs';
import { answers, freePort, startProgram } from '../processes.mjs';
import { cacheOf } from './cache.mjs';
import { CHANGE_OF_HOOK } from './change-of-hook.mjs';

const HOME = cacheOf('n8n-1');
const MAIN = join(HOME, 'node_modules/n8n/bin/n8n');
/** The one comes from outside the registry otherwise, the other needs a newer Node; the workflow uses neither. */
const OVERRIDES = { xlsx: '0.18.5', 'isolated-vm': '5.0.4' };
const START_MS = 60_000;
/** It has been seen to register its webhooks, and a moment later to do so anew. */
const SETTLE_MS = 3_000;
const PATH = '/webhook/gitlab';

/**
 * How it is asked. It starts to answer all that come at once, and then works on all of them, a tenth of a second each: 64
 * connections wait for half a minute, which is where senders give up.
 */
export const N8N_LOAD = { amount: 64, connections: 8 };

/** `npm` runs it with these arguments. @returns whether it is there now. */
export async function installN8n(npm) {
  if (existsSync(MAIN)) return true;
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, 'package.json'), JSON.stringify({ private: true, overrides: OVERRIDES }));
  return (await npm(['install', 'n8n@<2', '--omit=dev', '--prefix', HOME])) && existsSync(MAIN);
}

export async function startN8n({ dir, destination, node: runtime }) {
  const home = join(dir, 'n8n');
  mkdirSync(home, { recursive: true });
  const port = await freePort();
  const env = {
    N8N_USER_FOLDER: home,
    N8N_PORT: String(port),
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_RUNNERS_ENABLED: 'false',
    N8N_LOG_LEVEL: 'error',
    EXECUTIONS_DATA_SAVE_ON_SUCCESS: 'none',
  };
  const command = (...args) => startProgram(runtime, [MAIN, ...args], { log: join(dir, 'n8n.log'), env });
  if (!existsSync(join(home, 'workflow.json'))) {
    writeFileSync(join(home, 'workflow.json'), JSON.stringify([workflow(destination)]));
    await command('import:workflow', `--input=${join(home, 'workflow.json')}`).ended;
    await command('update:workflow', '--all', '--active=true').ended;
  }
  const child = command('start');
  const webhook = `http://127.0.0.1:${port}${PATH}`;
  const isUp = () => answers(webhook, { status: 200, withinMs: START_MS, running: child.isRunning });
  await isUp();
  await wait(SETTLE_MS);
  await isUp();
  return { ...child, port, path: PATH };
}

const workflow = (destination) => ({
  id: 'shiplogbench0001',
  name: 'deployments',
  active: true,
  nodes: [
    node('Webhook', 'webhook', 2, { httpMethod: 'POST', path: 'gitlab', responseMode: 'onReceived', options: {} }),
    node('Check and map', 'code', 2, { jsCode: CHECK_AND_MAP }),
    node('Post', 'httpRequest', 4.2, {
      method: 'POST',
      url: `${destination}/api/v1/changes`,
      sendBody: true,
      specifyBody: 'json',
      jsonBody: '={{ JSON.stringify($json) }}',
      options: {},
    }),
  ],
  connections: { Webhook: to('Check and map'), 'Check and map': to('Post') },
  settings: { executionOrder: 'v1' },
});

const node = (name, type, typeVersion, parameters) => ({
  id: name,
  name,
  type: `n8n-nodes-base.${type}`,
  typeVersion,
  position: [0, 0],
  parameters,
  ...(type === 'webhook' && { webhookId: 'gitlab' }),
});

const to = (name) => ({ main: [[{ node: name, type: 'main', index: 0 }]] });

const CHECK_AND_MAP = `
const { headers, body: hook } = $input.first().json;
if (headers['x-gitlab-token'] !== ${JSON.stringify(TOKEN)} || hook.object_kind !== 'deployment') return [];
return [{ json: ${CHANGE_OF_HOOK} }];`;
