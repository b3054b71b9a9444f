--[[
One step of a search through the change log, newest first: scans the deployments that have any of the wanted values of
one facet, and returns those that also have a wanted value of each other facet and all search words. A deployment has
the same score in all its indexes. The next step continues at the score of the last deployment and skips those that this
step has seen with that score, so that deployments recorded meanwhile do not shift the position.

KEYS[1]    searchTerms
KEYS[2...] facet            the indexes to scan, then those of the other facets, each followed by its packedIndex;
           changes is one
ARGV[1]    highest score
ARGV[2]    number of deployments with that score that were already seen
ARGV[3]    lowest score
ARGV[4]    maximum number of deployments to scan
ARGV[5]    1 when the scores of those that match are wanted
ARGV[6]    number of facets
ARGV[7...] the number of indexes of each facet, then the search words, each prefixed with `~`, or with `=` when no digit
           may follow
Reply      the number scanned; the score of the last, or nothing at the end; the number seen with that score; the names
           that match, each prefixed with `+`, or with `?` when its search terms are not stored; their scores or nothing
]]
-- @include index-blocks
-- @include narrow
local highest, lowest, limit, facets = ARGV[1], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6])
local asked = { unpack(ARGV, 7) }
local groups = groupsOf({ unpack(KEYS, 2) }, asked, facets)
local drivers = groups[1]
local skip = tonumber(ARGV[2])

local highestMs = highest == '+inf' and math.huge or tonumber(highest)
local lowestMs = lowest == '-inf' and -math.huge or tonumber(lowest)
-- A list reads an index, or its blocks, a part at a time: `names` and their `times`, of which `at` is the next.
local function fillFromIndex(list)
  local rows = redis.call('ZREVRANGEBYSCORE', list.key, highest, lowest, 'WITHSCORES', 'LIMIT', list.passed, list.size)
  local names, times = {}, {}
  for at = 1, #rows, 2 do names[#names + 1], times[#times + 1] = rows[at], tonumber(rows[at + 1]) end
  list.passed, list.hasMore, list.names, list.times = list.passed + #names, #names == list.size, names, times
  list.size = math.min(limit, 2 * list.size)
end
-- Those of a block that are in the range.
local function inRange(ids, scores)
  local names, times = {}, {}
  for at, score in ipairs(scores) do
    if score <= highestMs and score >= lowestMs then names[#names + 1], times[#times + 1] = ids[at], score end
  end
  return names, times
end
local function fillFromBlock(list)
  repeat
    local block = blockAt(list.key, list.passed)
    list.names, list.passed, list.hasMore = {}, list.passed + 1, false
    if not block then return end
    list.names, list.times = idsOf(block), scoresOf(block)
    local newest, oldest = list.times[1], list.times[IN_BLOCK]
    if newest > highestMs or oldest < lowestMs then list.names, list.times = inRange(list.names, list.times) end
    list.hasMore = oldest >= lowestMs
  until #list.names > 0 or not list.hasMore
end
-- Advances to the next entry of an index; false at its end.
local function advance(list)
  list.at = list.at + 1
  if not list.names[list.at] and list.hasMore then
    list.fill(list)
    list.at = 1
  end
  return list.names[list.at]
end
local function isBefore(one, other)
  local time, rivals = one.times[one.at], other.times[other.at]
  return time > rivals or (time == rivals and one.names[one.at] > other.names[other.at])
end

-- A binary heap of the indexes; the one with the newest next entry is first.
local heap = {}
local function sift(at)
  while heap[2 * at] do
    local child = 2 * at
    if heap[child + 1] and isBefore(heap[child + 1], heap[child]) then child = child + 1 end
    if not isBefore(heap[child], heap[at]) then return end
    heap[at], heap[child] = heap[child], heap[at]
    at = child
  end
end
local function addList(list)
  list.names, list.at, list.hasMore = {}, 0, true
  if advance(list) then heap[#heap + 1] = list end
end
-- In a single sorted set, Redis can skip the entries already seen; in several, they must be skipped in the union.
local isOne = #drivers == 1 and not drivers[1].blocks
local passed, left = isOne and skip or 0, isOne and 0 or skip
local chunk = math.max(8, math.ceil(limit / #drivers))
for _, index in ipairs(drivers) do
  addList({ key = index.key, fill = fillFromIndex, passed = passed, size = chunk })
  local blocks = index.blocks
  -- The oldest block that begins after the range may extend into it.
  local later = blocks and highest ~= '+inf' and redis.call('ZCOUNT', blocks, '(' .. highest, '+inf') or 0
  if blocks then addList({ key = blocks, fill = fillFromBlock, passed = math.max(0, later - 1) }) end
end
for at = math.floor(#heap / 2), 1, -1 do sift(at) end

local names, times, seen, isUnion = {}, {}, {}, #drivers > 1
local function take(name, time)
  if isUnion then
    if seen[name] then return end
    seen[name] = true
  end
  if left > 0 then
    left = left - 1
  else
    names[#names + 1], times[#times + 1] = name, time
  end
end
-- Of one list as many as come before all others.
while #names < limit and heap[1] do
  local list, rival, hasMore = heap[1], heap[2], true
  if heap[3] and isBefore(heap[3], rival) then rival = heap[3] end
  repeat
    take(list.names[list.at], list.times[list.at])
    hasMore = advance(list)
  until not hasMore or #names == limit or (rival and not isBefore(list, rival))
  if not hasMore then
    heap[1] = heap[#heap]
    heap[#heap] = nil
  end
  if heap[2] then sift(1) end
end
local last, ofLast = times[#times] or highestMs, 0
while #times > ofLast and times[#times - ofLast] == last do ofLast = ofLast + 1 end
if last == highestMs then ofLast = ofLast + skip end
local looked, isLast = #names, #names < limit

for facet = 2, facets do names, times = inGroup(names, times, groups[facet]) end

local words, found, foundAt = wordsOf(asked, facets + 1), {}, {}
local allTerms = #names > 0 and #words > 0 and redis.call('HMGET', KEYS[1], unpack(names))
for at, name in ipairs(names) do
  local terms = not allTerms or allTerms[at]
  if not allTerms or not terms or holdsAll(terms, words) then
    found[#found + 1] = (terms and '+' or '?') .. name
    if ARGV[5] == '1' then foundAt[#found] = string.format('%.17g', times[at]) end
  end
end
return { looked, isLast and '' or string.format('%.17g', last), ofLast, found, foundAt }
