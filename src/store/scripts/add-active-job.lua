--[[
Adds a job of BullMQ that its sender works on at once: it is active from the start. If its process ends, the lock expires,
and BullMQ gives the job to a worker, as any other that was left behind.

KEYS[1]    recordQueue (the list of active jobs)
KEYS[2]    recordQueue (the job)
KEYS[3]    recordQueue (the lock of the job)
KEYS[4]    recordQueue (the settings of the queue)
ARGV[1]    the id of the job
ARGV[2]    the name of the job
ARGV[3]    its data (JSON)
ARGV[4]    its options (JSON)
ARGV[5]    when it was made (epoch ms)
ARGV[6]    the value of the lock
ARGV[7]    how long the lock lasts, milliseconds
Reply      'added', 'known' when there is such a job already, or 'paused': nothing was added
]]
if redis.call('EXISTS', KEYS[2]) == 1 then return 'known' end
if redis.call('HEXISTS', KEYS[4], 'paused') == 1 then return 'paused' end
redis.call('HSET', KEYS[2], 'name', ARGV[2], 'data', ARGV[3], 'opts', ARGV[4], 'timestamp', ARGV[5], 'delay', 0,
  'priority', 0)
redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[7])
redis.call('LPUSH', KEYS[1], ARGV[1])
return 'added'
