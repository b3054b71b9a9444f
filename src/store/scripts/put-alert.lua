--[[
Stores the first report of an alert in a state. A repeat only changes the time of the last report.

KEYS[1]    alert
KEYS[2]    alerts
KEYS[3]    changesVersion
KEYS[4]    entryChanges
ARGV[1]    state
ARGV[2]    the report (JSON)
ARGV[3]    its id
ARGV[4]    start of the alert (epoch ms)
ARGV[5]    time to live, seconds
ARGV[6]    time of the report (ISO 8601 UTC)
Reply      1 when the state of the alert is new, else 0
]]
-- @include log-entry
local isNew = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
local last = redis.call('HGET', KEYS[1], 'reported')
if not last or last < ARGV[6] then redis.call('HSET', KEYS[1], 'reported', ARGV[6]) end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], 'NX', ARGV[4], ARGV[3])
if isNew == 1 then logEntry(KEYS[3], KEYS[4], '', '') end
return isNew
