--[[
Claims the id that a deployment has at a destination. The first claim wins, unless it is older than the object that now
has this id at the destination (an id that was reused).

KEYS[1]    remoteOwner
KEYS[2]    ledger
KEYS[3]    packedNames      holds the id of its owner if that is packed
ARGV[1]    the deployment's name
ARGV[2]    the remote id
ARGV[3]    time to live of both, seconds
ARGV[4]    the project of the forge that contains it, or nothing
ARGV[5]    a claim with a lower remaining time to live (ms) is older than the object; 0 when none can be
ARGV[6]    the field of KEYS[3]
Reply      the owner of the remote id, or nothing when the owner is packed and must be unpacked first
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
