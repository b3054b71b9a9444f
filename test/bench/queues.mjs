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

export const resumeQueue = (redis, name) => withQueue({ redis, name }, (queue) => queue.resume());

/** Forgets what waits in it. */
export const emptyQueue = (redis, name) => withQueue({ redis, name }, (queue) => queue.drain());

export const waitingIds = (redis, name) =>
  withQueue({ redis, name }, async (queue) => (await queue.getJobs(['waiting', 'delayed'])).map(({ id }) => id));
