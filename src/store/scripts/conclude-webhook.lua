--[[
Writes down what became of a webhook. A second run finds what the first one recorded: that is no duplicate of another
webhook.

KEYS[1]    webhook
KEYS[2]    inboxHours
KEYS[3]    packedWebhook    of the same
ARGV[1]    the conclusion (JSON)
ARGV[2]    seconds that it is kept
Reply      1, or 0 when it is packed: it is unpacked first
]]
-- @include count-webhook
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
local known = redis.call('HGET', KEYS[1], 'conclusion')
local conclusion = cjson.decode(ARGV[1])
if conclusion.verdict == 'duplicate' and known and cjson.decode(known).verdict == 'recorded' then
  conclusion.verdict = 'recorded'
  conclusion.detail = string.match(conclusion.detail or '', 'not complete: .*')
end
-- A second run counts nothing; nor does the first where the webhook is not in the inbox yet: there it is counted then.
if known and string.find(known, '"verdict":"accepted"', 1, true) then
  countWebhook(KEYS[2], redis.call('HGET', KEYS[1], 'entry'), conclusion.verdict)
end
redis.call('HSET', KEYS[1], 'conclusion', cjson.encode(conclusion))
return redis.call('EXPIRE', KEYS[1], ARGV[2])
