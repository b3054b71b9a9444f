-- Moves the entries of a block back into the index itself. Frees memory first, so that a full Redis accepts the rest.
local function ungroup(index, blocks, block)
  local scores, members = scoresOf(block), {}
  for i, id in ipairs(idsOf(block)) do
    members[2 * i - 1], members[2 * i] = scores[i], id
  end
  redis.call('ZREM', blocks, block)
  redis.call('ZADD', index, unpack(members))
end
