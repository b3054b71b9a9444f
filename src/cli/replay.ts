import type { BridgeSettings } from '../config/bridge-access.ts';
import type { DeploymentDetail } from '../http/answers/deployment.ts';
import { callBridge, findAtBridge, RequestRefused } from './call.ts';
import { type JsonOption, NothingFound, type Output, printJson, withProgress } from './output.ts';

interface ReplayResult {
  readonly matched: number;
  readonly replayed: number;
}

/**
 * A webhook is mapped again from its kept body; a deployment's dead letters are delivered again. Today's rules apply to
 * both.
 * @throws NothingFound when there is no such thing, or nothing of it can be replayed.
 */
export async function replay(
  config: BridgeSettings,
  what: string,
  { json, output = process }: JsonOption & { readonly output?: Output },
): Promise<void> {
  const done = await withProgress(output, `replaying ${what}`, (note) => replayAny(config, what, note));
  if (json) return void printJson(output, done);
  output.stdout.write(
    'webhook' in done
      ? `webhook ${done.webhook} is mapped and recorded again\n`
      : `${done.deliveries} ${done.deliveries === 1 ? 'delivery' : 'deliveries'} of ${done.deployment} tried again\n`,
  );
  output.stdout.write(`What becomes of it: shiplog trace ${'webhook' in done ? done.webhook : done.deployment}\n`);
}

type Replayed = { readonly webhook: string } | { readonly deployment: string; readonly deliveries: number };

async function replayAny(config: BridgeSettings, what: string, note: (how: string) => void): Promise<Replayed> {
  const path = encodeURIComponent(what);
  if ((await findAtBridge(config, `/api/inbox/${path}`)) !== undefined) return replayWebhook(config, what);
  const found = (await findAtBridge(config, `/api/deployments/${path}`)) as DeploymentDetail | undefined; // our own API
  if (!found)
    throw new NothingFound(`there is no webhook and no deployment "${what}"; shiplog trace finds them by commit`);
  const deployment = found.deployment.key;
  const deliveries = await replayDeadLetters(config, { deployment }, note);
  if (deliveries === 0) throw new NothingFound(`${deployment} has no dead letter: nothing waits for a replay`);
  return { deployment, deliveries };
}

async function replayWebhook(config: BridgeSettings, id: string): Promise<Replayed> {
  // A dead letter keeps its place in the queue: a second job of the same id would be dropped there.
  const deadLetters = await replayDeadLetters(config, { id: `record:evt_${id}`, remap: true }, () => {});
  if (deadLetters > 0) return { webhook: id };
  const path = `/api/inbox/${encodeURIComponent(id)}/replay`;
  await callBridge(config, { method: 'POST', path }).catch((error: unknown) => {
    if (error instanceof RequestRefused && error.status === 409)
      throw new NothingFound(error.message, { cause: error });
    throw error;
  });
  return { webhook: id };
}

/** Page by page, so that thousands of them do not block the bridge. */
async function replayDeadLetters(
  config: BridgeSettings,
  body: Readonly<Record<string, unknown>>,
  note: (how: string) => void,
): Promise<number> {
  let done = 0;
  for (;;) {
    // our own API
    const answer = (await callBridge(config, {
      method: 'POST',
      path: '/api/dead-letters/replay',
      body,
    })) as ReplayResult;
    done += answer.replayed;
    note(`${done} of ${Math.max(done, answer.matched)}`);
    if (answer.replayed === 0 || answer.replayed >= answer.matched) return done;
  }
}
