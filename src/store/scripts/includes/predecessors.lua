-- What a successor asks of those in a lineage that succeeded below a score, newest first; of one that is packed (`~…`)
-- its id.
local function predecessors(lineage, packed, below, wanted)
  local found = {}
  if wanted == 0 then return found end
  -- Those that failed stand in between. So many in a row that the search ends are no lineage to speak of.
  for offset = 0, 400, 40 do
    local names = redis.call('ZREVRANGEBYSCORE', lineage, below, '-inf', 'LIMIT', offset, 40)
    if #names == 0 then return found end
    for at, one in ipairs(redis.call('HMGET', packed, unpack(names))) do
      if not one and string.sub(names[at], 1, 1) == '~' then one = names[at] end
      if one then found[#found + 1] = one end
      if #found == wanted then return found end
    end
  end
  return found
end
