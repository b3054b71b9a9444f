-- Puts the entries of a block back among the names. What frees memory comes first: a full Redis takes the rest, then.
local function ungroup(index, blocks, block)
  local members = {}
  for i = 1, IN_BLOCK do
    local score, number = entryOf(block, i)
    members[2 * i - 1], members[2 * i] = score, nameOf(number)
  end
  redis.call('ZREM', blocks, block)
  redis.call('ZADD', index, unpack(members))
end
