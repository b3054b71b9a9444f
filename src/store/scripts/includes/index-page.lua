-- The number of entries in blocks with at least the given score, in the syntax of ZCOUNT.
local function inBlocksFrom(blocks, bound)
  local count = redis.call('ZCOUNT', blocks, bound, '+inf')
  local limit = tonumber(string.match(bound, '^%(?(%-?%d.*)$'))
  if count == 0 or not limit then return count * IN_BLOCK end
  local scores, isOpen, within = scoresOf(blockAt(blocks, count - 1)), string.sub(bound, 1, 1) == '(', IN_BLOCK
  while within > 0 do
    local score = scores[within]
    if score > limit or (score == limit and not isOpen) then break end
    within = within - 1
  end
  return (count - 1) * IN_BLOCK + within
end
local function above(bound)
  if bound == '+inf' then return nil end
  return string.sub(bound, 1, 1) == '(' and string.sub(bound, 2) or '(' .. bound
end
-- The number of entries newer than a range, and the number within it.
local function ranksOf(index, blocks, min, max)
  local beyond = above(max)
  local newer = beyond and redis.call('ZCOUNT', index, beyond, '+inf') or 0
  local count = redis.call('ZCOUNT', index, min, max)
  if redis.call('ZCARD', blocks) == 0 then return newer, count end
  local newerInBlocks = beyond and inBlocksFrom(blocks, beyond) or 0
  return newer + newerInBlocks, count + math.max(0, inBlocksFrom(blocks, min) - newerInBlocks)
end

-- The names of an index between two ranks, counted from the newest.
local function pageOf(index, blocks, from, to)
  local count = redis.call('ZCARD', blocks)
  if count == 0 then return redis.call('ZREVRANGE', index, from, to) end
  -- The number of names up to the end of a block, and how many of these are in no block.
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
  local function add(name)
    if skip > 0 then skip = skip - 1 elseif #names < wanted then names[#names + 1] = name end
  end
  local function addSingles(most)
    local last = singleRank + math.min(most, skip + wanted - #names)
    if last > singleRank then
      for _, name in ipairs(redis.call('ZREVRANGE', index, singleRank, last - 1)) do add(name) end
    end
    singleRank = last
  end
  -- Names that were packed later within the range of a block belong between its entries.
  local function addMerged(block, singles)
    local rows = redis.call('ZREVRANGE', index, singleRank, singleRank + singles - 1, 'WITHSCORES')
    local scores, at = scoresOf(block), 1
    for i, id in ipairs(idsOf(block)) do
      while rows[at] do
        local score = tonumber(rows[at + 1])
        if score < scores[i] or (score == scores[i] and rows[at] < id) then break end
        add(rows[at])
        at = at + 2
      end
      add(id)
    end
    for left = at, #rows, 2 do add(rows[left]) end
    singleRank = singleRank + singles
  end
  local block = blockAt(blocks, rank)
  while block and #names < wanted do
    local newest = newestOf(block)
    addSingles(redis.call('ZCOUNT', index, '(' .. newest, '+inf') - singleRank)
    local singles = redis.call('ZCOUNT', index, oldestOf(block), newest)
    if #names == wanted then return names end
    if singles > 0 then
      addMerged(block, singles)
    else
      for _, id in ipairs(idsOf(block)) do add(id) end
    end
    rank = rank + 1
    block = #names < wanted and blockAt(blocks, rank)
  end
  addSingles(wanted + skip)
  return names
end
