--[[
Removes a job that add-active-job added, unless its lock has expired: then a worker has it, or soon will.

KEYS[1]    recordQueue (the list of active jobs)
KEYS[2]    recordQueue (the job)
KEYS[3]    recordQueue (the lock of the job)
KEYS[4]    recordQueue (the jobs that may be left behind)
ARGV[1]    the id of the job
ARGV[2]    the value of the lock
Reply      1, or 0
]]
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return 0 end
redis.call('LREM', KEYS[1], 1, ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
return redis.call('DEL', KEYS[2], KEYS[3]) > 0 and 1 or 0
