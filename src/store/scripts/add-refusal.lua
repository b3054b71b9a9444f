--[[
Adds a rejected request, or increments the count of an entry with the same address and reason. Above the limits, one in
total and a lower one per address, the entries that were repeated least recently are deleted.

KEYS[1]    refusals
KEYS[2]    refusalsByTime
KEYS[3]    feed
KEYS[4]    inboxHours
ARGV[1]    its id
ARGV[2]    the entry (JSON)
ARGV[3]    time of receipt (epoch ms)
ARGV[4]    maximum number of entries
ARGV[5]    maximum number of entries of the feed
ARGV[6]    the prefix of the ids of its address
ARGV[7]    maximum number of entries of one address
ARGV[8]    what it counts as in its hour: 'ignored' or 'rejected'
Reply      how often the request was rejected
]]
-- @include count-webhook
local count = redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':count', 1)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
countWebhook(KEYS[4], ARGV[2], ARGV[8])
redis.call('ZADD', KEYS[2], 'GT', ARGV[3], ARGV[1])
local function forget(id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('HDEL', KEYS[1], id, id .. ':count')
end
if count == 1 then
  local own = {}
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    if string.sub(id, 1, #ARGV[6]) == ARGV[6] then own[#own + 1] = id end
  end
  for i = 1, #own - ARGV[7] do forget(own[i]) end
end
local surplus = redis.call('ZCARD', KEYS[2]) - ARGV[4]
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do forget(id) end
end
if count == 1 then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'webhook', ARGV[1]) end
return count
