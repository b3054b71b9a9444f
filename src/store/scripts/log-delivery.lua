--[[
Logs a delivery, writes what the sink received, and releases the leases. A remote id that another deployment holds stays
its own: two may have led to one thing there, and the first is found by it.

KEYS[1]     attempts
KEYS[2]     feed
KEYS[3]     ledger
KEYS[4]     remoteOwner     or the ledger again where there is no remote id
KEYS[5]     lane            or the ledger again where the lane has none or has a newer moment
KEYS[6]     packedNames     where it would be noted that the owner of the remote id is packed
KEYS[7...]  lease           each
ARGV[1]     the attempt (JSON)
ARGV[2]     how many are kept
ARGV[3]     seconds that attempts, ledger and owner are kept
ARGV[4]     entries that the feed keeps
ARGV[5]     the sink's name
ARGV[6]     the deployment's name
ARGV[7]     the moment that the lane was told (JSON)
ARGV[8]     seconds that the lane is kept
ARGV[9]     the token of the leases
ARGV[10]    the field of KEYS[6]
ARGV[11...] fields and values of the ledger
]]
-- @include log-attempt
-- @include release-leases
logAttempt(KEYS[1], KEYS[2])
redis.call('HDEL', KEYS[3], 'attempted_at')
redis.call('HSET', KEYS[3], unpack(ARGV, 11))
redis.call('EXPIRE', KEYS[3], ARGV[3])
local isOwned = KEYS[4] == KEYS[3] or redis.call('HEXISTS', KEYS[6], ARGV[10]) == 1
if not isOwned then redis.call('SET', KEYS[4], ARGV[6], 'EX', ARGV[3], 'NX') end
if KEYS[5] ~= KEYS[3] then redis.call('SET', KEYS[5], ARGV[7], 'EX', ARGV[8]) end
releaseLeases(7, ARGV[9])
