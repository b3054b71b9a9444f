--[[
Adds records to a deployment, and the aliases by which it is found.

Aliases are for looking up, never for joining: one tool's deployment ids have been seen under several jobs. The first
deployment that names an alias keeps it.

KEYS[1]    firstOccurrence  of the deployment
KEYS[2]    deployment       under its own name
KEYS[3]    deployment       as `<deployment>/<occurrence>`: used when another occurrence came first
KEYS[4...] alias            each alias
ARGV[1]    the deployment's name
ARGV[2]    seconds that all of it is kept
ARGV[3]    the occurrence, or nothing
ARGV[4]    HSET to write a record of the same id anew, HSETNX to leave it
ARGV[5...] the id and the JSON of each record
Reply      { name } alone when the deployment is packed: it is unpacked first; else { name, indexes in which it stands (one a line), 1 or 0 for each record given: is it new?, then all its records }
]]
local name, ttl, occurrence, deployment = ARGV[1], ARGV[2], ARGV[3], KEYS[2]
if occurrence ~= '' then
  redis.call('SET', KEYS[1], occurrence, 'EX', ttl, 'NX')
  if redis.call('GET', KEYS[1]) ~= occurrence then
    name, deployment = name .. '/' .. occurrence, KEYS[3]
  end
end
if redis.call('HEXISTS', deployment, 'packed') == 1 then return { name } end
local reply = { name, '' }
for i = 5, #ARGV, 2 do reply[#reply + 1] = redis.call(ARGV[4], deployment, ARGV[i], ARGV[i + 1]) end
for i = 4, #KEYS do redis.call('SET', KEYS[i], name, 'EX', ttl, 'NX') end
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
