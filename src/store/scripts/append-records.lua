--[[
Adds records to a deployment, and the aliases that it can be looked up by.

An alias never joins deployments, as tools have been seen to report one deployment id for several jobs. The first
deployment that names an alias keeps it.

KEYS[1]    firstOccurrence  of the deployment
KEYS[2]    deployment       with its own key
KEYS[3]    deployment       as `<deployment>/<occurrence>`: used when another occurrence came first
KEYS[4]    packedNames      holds the id of the first deployment if it is packed
KEYS[5]    packedNames      the same for the second
KEYS[6...] alias            each alias followed by its packedNames
ARGV[1]    the deployment's name
ARGV[2]    time to live of all these keys, seconds
ARGV[3]    the occurrence, or nothing
ARGV[4]    HSET to overwrite a record with the same id, HSETNX to keep it
ARGV[5]    the field of KEYS[4]
ARGV[6]    the field of KEYS[5]
ARGV[7...] the field of each alias, then the id and the JSON of each record
Reply      { name } alone when the deployment is packed and must be unpacked first; else { name, the indexes that contain it (one per line), for each given record 1 if it is new or 0, then all its records }
]]
if redis.call('HEXISTS', KEYS[4], ARGV[5]) == 1 then return { ARGV[1] } end
local name, ttl, occurrence, deployment = ARGV[1], ARGV[2], ARGV[3], KEYS[2]
if occurrence ~= '' then
  redis.call('SET', KEYS[1], occurrence, 'EX', ttl, 'NX')
  if redis.call('GET', KEYS[1]) ~= occurrence then
    name, deployment = name .. '/' .. occurrence, KEYS[3]
    if redis.call('HEXISTS', KEYS[5], ARGV[6]) == 1 then return { name } end
  end
end
if redis.call('HEXISTS', deployment, 'packed') == 1 then return { name } end
local reply = { name, '' }
local first = 7 + (#KEYS - 5) / 2
for i = first, #ARGV, 2 do reply[#reply + 1] = redis.call(ARGV[4], deployment, ARGV[i], ARGV[i + 1]) end
for i = 6, #KEYS, 2 do
  local isPacked = redis.call('HEXISTS', KEYS[i + 1], ARGV[7 + (i - 6) / 2]) == 1
  if not isPacked then redis.call('SET', KEYS[i], name, 'EX', ttl, 'NX') end
end
redis.call('EXPIRE', deployment, ttl)
local fields = redis.call('HGETALL', deployment)
for i = 1, #fields, 2 do
  if fields[i] == 'in' then
    reply[2] = fields[i + 1]
  elseif fields[i] ~= 'view' then
    reply[#reply + 1] = fields[i + 1]
  end
end
return reply
