--[[
Puts one packed field in the place of all fields of a deployment, unless somebody wrote to it meanwhile.

KEYS[1]    deployment
ARGV[1]    what they are packed to
ARGV[2...] the fields and values that were packed: all that it has
Reply      1, or 0 when it was written to meanwhile
]]
if redis.call('HLEN', KEYS[1]) ~= (#ARGV - 1) / 2 then return 0 end
for i = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
redis.call('HSET', KEYS[1], 'packed', ARGV[1])
for i = 2, #ARGV, 2 do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1
