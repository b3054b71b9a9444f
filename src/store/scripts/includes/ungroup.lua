-- Puts the entries of a block back among the names. What frees memory comes first: a full Redis takes the rest, then.
local function ungroup(index, blocks, block)
  local scores, members = scoresOf(block), {}
  for i, id in ipairs(idsOf(block)) do
    members[2 * i - 1], members[2 * i] = scores[i], id
  end
  redis.call('ZREM', blocks, block)
  redis.call('ZADD', index, unpack(members))
end
