// The bridge's queues, through BullMQ's own door.
import { Queue } from 'bullmq';

const withQueue = async ({ redis, name, prefix = '{shiplog}' }, work) => {
  const queue = new Queue(name, { connection: { port: redis.port }, prefix });
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
};

/** What comes in waits from now on. */
export const pauseQueue = (redis, name, prefix) => withQueue({ redis, name, prefix }, (queue) => queue.pause());

/** Work goes on, without what waited. */
export const resumeEmptied = (redis, name) =>
  withQueue({ redis, name }, async (queue) => {
    await queue.drain();
    await queue.resume();
  });

export const waitingIds = (redis, name) =>
  withQueue({ redis, name }, async (queue) => (await queue.getJobs(['waiting', 'delayed'])).map(({ id }) => id));
