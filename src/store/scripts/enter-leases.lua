--[[
Acquires all leases or none, and reads the ledger of the delivery. A first delivery, which has no ledger yet, is nearly
always attempted: the time of the attempt is stored at once.

KEYS[1]    ledger
KEYS[2]    lane             or the key of the ledger for a sink without lanes
KEYS[3]    packedNames      holds the id of the deployment if it is packed
KEYS[4...] lease            each
ARGV[1]    token
ARGV[2]    duration of the leases, ms
ARGV[3]    the field of KEYS[3]
ARGV[4]    the time of a first attempt, or nothing
ARGV[5]    time to live of the ledger, seconds
Reply      0 when the deployment is packed and must be unpacked first; nil when another process holds a lease; else { the lane or nil, then the ledger's fields and values }
]]
if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then return 0 end
for i = 4, #KEYS do
  if not redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2], 'NX') then
    for held = 4, i - 1 do redis.call('DEL', KEYS[held]) end
    return false
  end
end
local lane = KEYS[2] ~= KEYS[1] and redis.call('GET', KEYS[2])
local ledger = redis.call('HGETALL', KEYS[1])
if #ledger == 0 and ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'attempted_at', ARGV[4])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end
return { lane, unpack(ledger) }
