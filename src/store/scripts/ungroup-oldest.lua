--[[
Puts the oldest packed deployments of an index back among the others, so that retention finds them there.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
ARGV[1]    the time before which all are wanted, epoch ms
ARGV[2]    how many of those at most
ARGV[3]    how many are wanted however old they are
Reply      how many were put back
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
