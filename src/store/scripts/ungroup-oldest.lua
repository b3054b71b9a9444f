--[[
Moves the oldest packed deployments from their blocks back into the index itself, where retention looks for them.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
ARGV[1]    move those older than this time, epoch ms
ARGV[2]    maximum number of those
ARGV[3]    number to move whatever their age
Reply      the number moved
]]
-- @include index-blocks
-- @include ungroup
local count, oldestMs, most, least = 0, tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function next()
  local block = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  local isWanted = block and (count < least or (count < most and oldestOf(block) < oldestMs))
  return isWanted and block
end
local block = next()
while block do
  ungroup(KEYS[1], KEYS[2], block)
  count = count + IN_BLOCK
  block = next()
end
return count
