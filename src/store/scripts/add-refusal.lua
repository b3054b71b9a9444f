--[[
Adds a request that was refused, or counts it where one of the same address and reason is known. Of too many, those that
came back least lately are forgotten.

KEYS[1]    refusals
KEYS[2]    refusalsByTime
KEYS[3]    feed
KEYS[4]    inboxHours
ARGV[1]    its id
ARGV[2]    the entry (JSON)
ARGV[3]    time of receipt (epoch ms)
ARGV[4]    how many are kept
ARGV[5]    entries that the feed keeps
Reply      how often it came
]]
-- @include count-webhook
local count = redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':count', 1)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
countWebhook(KEYS[4], ARGV[2], 'rejected')
redis.call('ZADD', KEYS[2], 'GT', ARGV[3], ARGV[1])
local surplus = redis.call('ZCARD', KEYS[2]) - ARGV[4]
if surplus > 0 then
  local gone = redis.call('ZPOPMIN', KEYS[2], surplus)
  for i = 1, #gone, 2 do redis.call('HDEL', KEYS[1], gone[i], gone[i] .. ':count') end
end
if count == 1 then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'webhook', ARGV[1]) end
return count
