--[[
Stores the conclusion of a webhook. A second run of the job reports a duplicate, as it finds the records of the first
run: then the conclusion of the first run is kept.

KEYS[1]    webhook
KEYS[2]    inboxHours
KEYS[3]    inbox
ARGV[1]    the conclusion (JSON)
ARGV[2]    time to live, seconds
ARGV[3]    the id of the webhook
Reply      1, or 0 when it is packed and must be unpacked first
]]
-- @include count-webhook
if redis.call('HEXISTS', KEYS[1], 'entry') == 0 and redis.call('ZSCORE', KEYS[3], ARGV[3]) then return 0 end
local known = redis.call('HGET', KEYS[1], 'conclusion')
local conclusion = cjson.decode(ARGV[1])
if conclusion.verdict == 'duplicate' and known and cjson.decode(known).verdict == 'recorded' then
  conclusion.verdict = 'recorded'
  conclusion.detail = string.match(conclusion.detail or '', 'not complete: .*')
end
-- Counts only the first run. A webhook that is not in the inbox yet is counted when it is added.
if known and string.find(known, '"verdict":"accepted"', 1, true) then
  countWebhook(KEYS[2], redis.call('HGET', KEYS[1], 'entry'), conclusion.verdict)
end
redis.call('HSET', KEYS[1], 'conclusion', cjson.encode(conclusion))
return redis.call('EXPIRE', KEYS[1], ARGV[2])
