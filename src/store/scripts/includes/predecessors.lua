-- The summaries of the deployments of a lineage that succeeded below a score, newest first; for a packed one its id
-- (`~…`).
local function predecessors(lineage, packed, below, wanted)
  local found = {}
  if wanted == 0 then return found end
  -- Skips failed deployments, up to a limit.
  local offset, size = 0, wanted
  while offset < 400 do
    local names = redis.call('ZREVRANGEBYSCORE', lineage, below, '-inf', 'LIMIT', offset, size)
    if #names == 0 then return found end
    offset, size = offset + size, 40
    for at, one in ipairs(redis.call('HMGET', packed, unpack(names))) do
      if not one and string.sub(names[at], 1, 1) == '~' then one = names[at] end
      if one then found[#found + 1] = one end
      if #found == wanted then return found end
    end
  end
  return found
end
