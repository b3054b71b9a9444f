--[[
Replaces the body of a webhook by its packed form, if the webhook still exists.

KEYS[1]    webhook
KEYS[2]    inboxSizes
ARGV[1]    its id
ARGV[2]    the packed body
Reply      1, or 0 when it does not exist any more
]]
local bytes = redis.call('HSTRLEN', KEYS[1], 'body')
if bytes == 0 then return 0 end
redis.call('HSET', KEYS[1], 'deflated', ARGV[2])
redis.call('HDEL', KEYS[1], 'body')
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  redis.call('HINCRBY', KEYS[2], ARGV[1], #ARGV[2] - bytes)
  redis.call('HINCRBY', KEYS[2], 'total', #ARGV[2] - bytes)
end
return 1
