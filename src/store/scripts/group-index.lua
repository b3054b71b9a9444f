--[[
Moves adjacent packed deployments of an index into blocks, oldest first, a limited number per call. Deployments that
were packed later within the range of a block stay single, and so do those between two blocks that are too few for one.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
ARGV[1]    the score to start from, in the syntax of ZRANGEBYSCORE
ARGV[2]    maximum number of entries to examine
Reply      the score to start the next call from, or nothing at the end
]]
-- @include index-blocks
local index, blocks, limit = KEYS[1], KEYS[2], tonumber(ARGV[2])
local rows = redis.call('ZRANGEBYSCORE', index, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)

-- The first block that ends at a score or after it.
local newest, oldest = -1, -1
local function look(score)
  if score <= newest then return end
  local found = redis.call('ZRANGEBYSCORE', blocks, score, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  newest, oldest = math.huge, math.huge
  if found[1] then newest, oldest = tonumber(found[2]), oldestOf(found[1]) end
end

local run, before = {}, nil
local function group()
  local scores, ids = {}, {}
  for i = 1, IN_BLOCK do
    local one = run[IN_BLOCK + 1 - i]
    scores[i], ids[i] = one.score, one.id
  end
  redis.call('ZREM', index, unpack(ids))
  redis.call('ZADD', blocks, scores[1], packBlock(scores, ids))
end
for at = 1, #rows, 2 do
  local name, score = rows[at], tonumber(rows[at + 1])
  if score >= 0 and score < 0x1000000000000 and score % 1 == 0 and isPackedId(name) then
    look(score)
    if #run == IN_BLOCK then
      -- Two blocks never share a score, so the next one has already been read.
      if run[IN_BLOCK].score < score then
        group()
        run = {}
      else
        table.remove(run, 1)
      end
    end
    if before ~= newest then run, before = {}, newest end
    if score < oldest then run[#run + 1] = { id = name, score = score } end
  end
end
if #rows < 2 * limit then
  if #run == IN_BLOCK then group() end
  return ''
end
local first, last = rows[2], rows[#rows]
local start = run[1] and string.format('%.0f', run[1].score) or last
if start ~= first then return start end
return last ~= first and last or '(' .. last
