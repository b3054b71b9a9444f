--[[
Takes all leases or none, and reads what is known of the delivery.

KEYS[1]    ledger
KEYS[2]    lane             or the ledger again for a sink without lanes
KEYS[3...] lease            each
ARGV[1]    token
ARGV[2]    how long they last, ms
Reply      nil when somebody else holds one; else { the lane or nil, then the ledger's fields and values }
]]
for i = 3, #KEYS do
  if not redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2], 'NX') then
    for held = 3, i - 1 do redis.call('DEL', KEYS[held]) end
    return false
  end
end
local lane = KEYS[2] ~= KEYS[1] and redis.call('GET', KEYS[2])
return { lane, unpack(redis.call('HGETALL', KEYS[1])) }
