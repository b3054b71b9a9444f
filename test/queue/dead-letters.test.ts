import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDeadLetters, READ_MOST } from '../../src/queue/dead-letters.ts';
import { forwardQueueName } from '../../src/queue/queues.ts';
import { startTestRedis } from '../support/redis.ts';

const OLDER = 700;
const MANY = READ_MOST + OLDER;

describe('many dead letters', () => {
  let server: Awaited<ReturnType<typeof startTestRedis>>;
  let queues: Queue[];
  const letters = createDeadLetters(async () => queues);

  beforeAll(async () => {
    server = await startTestRedis();
    const connection = { path: server.address.path };
    queues = ['harbor', 'beacon'].map((sink) => new Queue(forwardQueueName(sink), { connection }));
    const [harbor, beacon] = queues;
    const job = (at: number) => ({
      name: 'deployment',
      data: { version: 1, deployment: `job:${at}`, source: 'gitlab', dead: at % 2 ? 'refused' : 'fault' },
      opts: { jobId: `fwd_${at}` },
    });
    await harbor?.addBulk(Array.from({ length: MANY }, (_, at) => job(at)));
    await beacon?.addBulk([job(1)]);
    const work = async ({ id }: { id?: string }) => {
      throw new UnrecoverableError(id === 'fwd_0' ? '422 the oldest' : '422 no such lamp');
    };
    const workers = queues.map(({ name }) => new Worker(name, work, { connection }));
    const count = async () => [await harbor?.getFailedCount(), await beacon?.getFailedCount()];
    await vi.waitFor(async () => expect(await count()).toEqual([MANY, 1]), { timeout: 20_000 });
    await Promise.all(workers.map((worker) => worker.close()));
  });
  afterAll(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await server.stop();
  });

  it('are counted for a page, of which only the newest of each sink are read', async () => {
    const read = vi.spyOn(Queue.prototype, 'getFailed');
    const { letters: newest, unread } = await letters.newest({});
    const jobs = await Promise.all(read.mock.results.map(({ value }) => value));
    read.mockRestore();
    expect(jobs.flat()).toHaveLength(READ_MOST + 1);
    expect(newest).toHaveLength(READ_MOST + 1);
    expect(unread).toBe(OLDER);
    const died = newest.map(({ diedAt }) => diedAt);
    expect(died).toEqual(died.toSorted().reverse());
    expect(newest.map(({ deployment }) => deployment)).toContain(`job:${MANY - 1}`);
  });

  it('are searched to the limit for a page, and otherwise completely', async () => {
    expect(await letters.newest({ sink: 'harbor', reason: 'the oldest' })).toEqual({ letters: [], unread: OLDER });
    expect(await letters.newest({ sink: 'beacon' })).toMatchObject({ letters: [{ sink: 'beacon' }], unread: 0 });
    expect((await letters.newest({ kind: 'refused' })).letters).toHaveLength(READ_MOST / 2 + 1);
    expect(await letters.list({ reason: 'the oldest' }, 10)).toMatchObject({ total: 1 });
    expect((await letters.list({}, 3)).total).toBe(MANY + 1);
  });

  it('are found by id without a search', async () => {
    const read = vi.spyOn(Queue.prototype, 'getFailed');
    expect(await letters.newest({ id: 'harbor:fwd_0' })).toMatchObject({
      letters: [{ why: '422 the oldest' }],
      unread: 0,
    });
    expect((await letters.list({ id: 'harbor:fwd_0' }, 1)).total).toBe(1);
    for (const id of ['beacon:fwd_0', 'harbor:fwd_none', 'fwd_0'])
      expect(await letters.newest({ id })).toEqual({ letters: [], unread: 0 });
    expect((await letters.newest({ id: 'harbor:fwd_0', kind: 'refused' })).letters).toEqual([]);
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });
});
