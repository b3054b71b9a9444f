-- An index consists of a sorted set of names and a sorted set of blocks. A block holds fifty packed deployments, newest
-- first: six bytes of time for each, then their ids, one per line. Its score is the time of the first. A block takes a
-- sixth of the memory of fifty members. Blocks never overlap or share a time.
local IN_BLOCK, TIME_BYTES = 50, 6
local TIMES = '>' .. string.rep('I' .. TIME_BYTES, IN_BLOCK)
local IDS_AT = IN_BLOCK * TIME_BYTES + 1

local function isPackedId(name) return string.find(name, '^[~^][0-9a-z]+$') end
local function packBlock(scores, ids)
  return struct.pack(TIMES, unpack(scores)) .. '\n' .. table.concat(ids, '\n') .. '\n'
end
local function scoresOf(block)
  local scores = { struct.unpack(TIMES, block) }
  scores[IN_BLOCK + 1] = nil
  return scores
end
local function idsOf(block)
  local ids = {}
  for id in string.gmatch(string.sub(block, IDS_AT), '[^\n]+') do ids[#ids + 1] = id end
  return ids
end
local function oldestOf(block) return (struct.unpack('>I' .. TIME_BYTES, block, (IN_BLOCK - 1) * TIME_BYTES + 1)) end
local function newestOf(block) return (struct.unpack('>I' .. TIME_BYTES, block)) end
local function blockAt(blocks, rank) return redis.call('ZREVRANGE', blocks, rank, rank)[1] end
-- The block whose range contains a score.
local function blockAround(blocks, score)
  local block = redis.call('ZRANGEBYSCORE', blocks, score, '+inf', 'LIMIT', 0, 1)[1]
  return block and oldestOf(block) <= tonumber(score) and block or nil
end
local function holdsId(block, id) return string.find(block, '\n' .. id .. '\n', IDS_AT, true) end
