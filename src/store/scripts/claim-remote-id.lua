--[[
Claims the id under which a destination knows a deployment. The first one that claims it keeps it, unless that was
before the destination made what it knows by this id now.

KEYS[1]    remoteOwner
KEYS[2]    ledger
KEYS[3]    packedNames      where it would be noted that its owner is packed
ARGV[1]    the deployment's name
ARGV[2]    the remote id
ARGV[3]    seconds that both are kept
ARGV[4]    the project in which the forge has it, or nothing
ARGV[5]    a claim with less than so many milliseconds left is older than what is claimed; 0: none is
ARGV[6]    the field of KEYS[3]
Reply      whose the remote id is, or nothing when that one is packed: it is unpacked first
]]
if redis.call('HEXISTS', KEYS[3], ARGV[6]) == 1 then return '' end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[5]) then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3], 'NX')
local owner = redis.call('GET', KEYS[1])
if owner ~= ARGV[1] then return owner end
redis.call('HSET', KEYS[2], 'remote_id', ARGV[2])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'echo_project', ARGV[4]) end
redis.call('HDEL', KEYS[2], 'attempted_at')
redis.call('EXPIRE', KEYS[2], ARGV[3])
return owner
