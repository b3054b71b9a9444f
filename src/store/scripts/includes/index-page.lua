-- How many entries of the blocks have a score of at least a bound, written as for ZCOUNT.
local function inBlocksFrom(blocks, bound)
  local count = redis.call('ZCOUNT', blocks, bound, '+inf')
  local limit = tonumber(string.match(bound, '^%(?(%-?%d.*)$'))
  if count == 0 or not limit then return count * IN_BLOCK end
  local last, isOpen, within = blockAt(blocks, count - 1), string.sub(bound, 1, 1) == '(', IN_BLOCK
  while within > 0 do
    local score = entryOf(last, within)
    if score > limit or (score == limit and not isOpen) then break end
    within = within - 1
  end
  return (count - 1) * IN_BLOCK + within
end
local function above(bound)
  if bound == '+inf' then return nil end
  return string.sub(bound, 1, 1) == '(' and string.sub(bound, 2) or '(' .. bound
end
-- How many entries are newer than a span, and how many lie in it.
local function ranksOf(index, blocks, min, max)
  local beyond = above(max)
  local newer = beyond and redis.call('ZCOUNT', index, beyond, '+inf') or 0
  local count = redis.call('ZCOUNT', index, min, max)
  if redis.call('ZCARD', blocks) == 0 then return newer, count end
  local newerInBlocks = beyond and inBlocksFrom(blocks, beyond) or 0
  return newer + newerInBlocks, count + math.max(0, inBlocksFrom(blocks, min) - newerInBlocks)
end

-- The names of an index from one rank to another, both counted from the newest.
local function pageOf(index, blocks, from, to)
  local count = redis.call('ZCARD', blocks)
  if count == 0 then return redis.call('ZREVRANGE', index, from, to) end
  -- How many names there are up to the end of a block, and how many of them are in none.
  local function upTo(rank)
    local single = redis.call('ZCOUNT', index, oldestOf(blockAt(blocks, rank)), '+inf')
    return IN_BLOCK * (rank + 1) + single, single
  end
  local rank, last = 0, from < IN_BLOCK and 0 or count
  while rank < last do
    local middle = math.floor((rank + last) / 2)
    if upTo(middle) > from then last = middle else rank = middle + 1 end
  end
  local passed, singleRank = 0, 0
  if rank > 0 then passed, singleRank = upTo(rank - 1) end
  local wanted, skip, names = to - from + 1, from - passed, {}
  local rows, at, hasMore, block, i = {}, 1, true, nil, IN_BLOCK
  while #names < wanted do
    if at > #rows and hasMore then
      rows, at = redis.call('ZREVRANGE', index, singleRank, singleRank + IN_BLOCK - 1, 'WITHSCORES'), 1
      singleRank, hasMore = singleRank + IN_BLOCK, #rows == 2 * IN_BLOCK
    end
    if i == IN_BLOCK then
      block, i, rank = rank < count and blockAt(blocks, rank) or nil, 0, rank + 1
    end
    local name, score = rows[at], tonumber(rows[at + 1] or '')
    local packedScore, number = -1, nil
    if block then packedScore, number = entryOf(block, i + 1) end
    if not name and not block then return names end
    if name and (not block or score > packedScore or (score == packedScore and name > nameOf(number))) then
      at = at + 2
    else
      name, i = skip > 0 or nameOf(number), i + 1
    end
    if skip > 0 then skip = skip - 1 else names[#names + 1] = name end
  end
  return names
end
