--[[
Adds records to a deployment, and the aliases by which it is found.

Aliases are for looking up, never for joining: one tool's deployment ids have been seen under several jobs. The first
deployment that names an alias keeps it.

KEYS[1]    firstOccurrence  of the deployment
KEYS[2]    deployment       under its own name
KEYS[3]    deployment       as `<deployment>/<occurrence>`: used when another occurrence came first
KEYS[4]    packedNames      where it would be noted that the first is packed
KEYS[5]    packedNames      the same of the second
KEYS[6...] alias            each alias, and after it its packedNames
ARGV[1]    the deployment's name
ARGV[2]    seconds that all of it is kept
ARGV[3]    the occurrence, or nothing
ARGV[4]    HSET to write a record of the same id anew, HSETNX to leave it
ARGV[5]    the field of KEYS[4]
ARGV[6]    the field of KEYS[5]
ARGV[7...] the field of each alias, then the id and the JSON of each record
Reply      { name } alone when the deployment is packed: it is unpacked first; else { name, indexes in which it stands (one a line), 1 or 0 for each record given: is it new?, then all its records }
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
