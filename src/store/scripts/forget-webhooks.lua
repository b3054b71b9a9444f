--[[
Deletes webhooks from the inbox.

KEYS[1]    inbox
KEYS[2]    inboxSizes
KEYS[3...] webhook          each followed by its packedWebhook
ARGV[1...] the id of each webhook
]]
for i = 1, #ARGV do
  local bytes = redis.call('HGET', KEYS[2], ARGV[i]) or redis.call('STRLEN', KEYS[2 * i + 2])
  if tonumber(bytes) > 0 then
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('HINCRBY', KEYS[2], 'total', -bytes)
  end
  redis.call('ZREM', KEYS[1], ARGV[i])
end
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
