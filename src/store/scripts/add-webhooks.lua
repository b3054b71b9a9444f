--[[
Adds webhooks to the inbox. A conclusion is only written when there is none, as the worker may have finished first. A
packed webhook is already in the inbox and is skipped.

KEYS[1]    inbox
KEYS[2]    inboxSizes
KEYS[3]    feed
KEYS[4]    inboxHours
KEYS[5...] webhook
ARGV[1]    time to live, seconds
ARGV[2]    maximum number of entries of the feed
ARGV[3...] of each webhook: id, entry (JSON), conclusion (JSON), time of receipt (epoch ms), field of its body or nothing,
           and the body
]]
-- @include count-webhook
local function add(webhook, at)
  local id = ARGV[at]
  local isFirst = redis.call('HSETNX', webhook, 'conclusion', ARGV[at + 2]) == 1
  redis.call('HSET', webhook, 'entry', ARGV[at + 1])
  if ARGV[at + 4] ~= '' then redis.call('HSET', webhook, ARGV[at + 4], ARGV[at + 5]) end
  redis.call('EXPIRE', webhook, ARGV[1])
  local isNew = redis.call('ZADD', KEYS[1], ARGV[at + 3], id)
  if isNew == 1 then
    local bytes = #ARGV[at + 1] + #ARGV[at + 2] + #ARGV[at + 5]
    redis.call('HSET', KEYS[2], id, bytes)
    redis.call('HINCRBY', KEYS[2], 'total', bytes)
    -- A webhook without a conclusion is counted later, by conclude-webhook.
    if not isFirst or not string.find(ARGV[at + 2], '"verdict":"accepted"', 1, true) then
      local conclusion = isFirst and ARGV[at + 2] or redis.call('HGET', webhook, 'conclusion')
      countWebhook(KEYS[4], ARGV[at + 1], cjson.decode(conclusion).verdict)
    end
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'webhook', id)
  end
end
for i = 5, #KEYS do
  local at = 3 + 6 * (i - 5)
  local isPacked = redis.call('ZSCORE', KEYS[1], ARGV[at]) and redis.call('HEXISTS', KEYS[i], 'entry') == 0
  if not isPacked then add(KEYS[i], at) end
end
