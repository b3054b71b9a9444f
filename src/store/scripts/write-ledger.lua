--[[
Writes fields of a ledger.

KEYS[1]    ledger
ARGV[1]    time to live, seconds
ARGV[2...] fields and values
Reply      1
]]
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('EXPIRE', KEYS[1], ARGV[1])
