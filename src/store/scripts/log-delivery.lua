--[[
Logs a delivery, stores the state that the sink received, and releases the leases. A remote id that another deployment
owns is not taken over: two deployments may map to one object at the destination, and the id leads to the first.

KEYS[1]     attempts
KEYS[2]     feed
KEYS[3]     ledger
KEYS[4]     remoteOwner     or the key of the ledger when there is no remote id
KEYS[5]     lane            or the key of the ledger when there is no lane, or the lane has a newer state
KEYS[6]     packedNames     holds the id of the owner of the remote id if that is packed
KEYS[7...]  lease           each
ARGV[1]     the attempt (JSON)
ARGV[2]     maximum number of attempts
ARGV[3]     time to live of attempts, ledger and owner, seconds
ARGV[4]     maximum number of entries of the feed
ARGV[5]     the sink's name
ARGV[6]     the deployment's name
ARGV[7]     the state and time that were delivered for the lane (JSON)
ARGV[8]     time to live of the lane, seconds
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
