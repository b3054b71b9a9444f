--[[
One step of a text search through the packed deployments of one part of the text index, the highest ids first: checks
those of the groups that may hold all words, and those that are not in the index.

KEYS[1]    searchTerms
KEYS[2]    timeline
KEYS[3]    textIndex        the part
KEYS[4...] facet            the indexes of each facet, each followed by its packedIndex; changes is one
ARGV[1]    number of the first id of the part
ARGV[2]    the highest place in the part to check
ARGV[3]    the lowest
ARGV[4]    maximum number of deployments to check
ARGV[5]    highest score
ARGV[6]    lowest score
ARGV[7]    the rows of all words (add-text.lua), two bytes each
ARGV[8]    number of facets
ARGV[9...] the number of indexes of each facet, then the search words, each prefixed with `~`, or with `=` when no digit
           may follow
Reply      the next place to check, or -1; then each id that matches, prefixed with `+`, or with `?` when its search
           terms are not stored, followed by its time (epoch ms)
]]
-- @include index-blocks
-- @include narrow
local IN_PART, IN_GROUP, WORDS_OF_ROW = 8192, 32, 8
local ROW_BYTES, ROWS_AT = IN_PART / IN_GROUP / 8, 2 * IN_PART / 8
local first, place, lowestPlace, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local highest, lowest = ARGV[5], ARGV[6]
local rows, facets = ARGV[7], tonumber(ARGV[8])
local asked = { unpack(ARGV, 9) }
local groups = groupsOf({ unpack(KEYS, 4) }, asked, facets)
local words = wordsOf(asked, facets + 1)

local function bytesAt(from, count)
  local bytes = redis.call('GETRANGE', KEYS[3], from, from + count - 1)
  return bytes .. string.rep('\0', count - #bytes)
end
local ROW = '>' .. string.rep('I4', WORDS_OF_ROW)
local hits = {}
for word = 1, WORDS_OF_ROW do hits[word] = -1 end
for at = 1, #rows, 2 do
  local row, isEmpty = struct.unpack('>H', rows, at), true
  local bits = { struct.unpack(ROW, bytesAt(ROWS_AT + row * ROW_BYTES, ROW_BYTES)) }
  for word = 1, WORDS_OF_ROW do
    hits[word] = bit.band(hits[word], bits[word])
    isEmpty = isEmpty and hits[word] == 0
  end
  if isEmpty then break end
end
local known, succeeded = bytesAt(0, IN_PART / 8), bytesAt(IN_PART / 8, IN_PART / 8)
local function has(bits, at) return bit.band(bits, bit.lshift(1, IN_GROUP - 1 - at)) ~= 0 end

local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
local function base36(number)
  local text = ''
  repeat
    local digit = number % 36
    text = string.sub(DIGITS, digit + 1, digit + 1) .. text
    number = (number - digit) / 36
  until number == 0
  return text
end

local names, count = {}, 0
while place >= lowestPlace and count < limit do
  local group = math.floor(place / IN_GROUP)
  local isHit = has(hits[math.floor(group / IN_GROUP) + 1], group % IN_GROUP)
  local knownOnes = struct.unpack('>I4', known, group * 4 + 1)
  local from = math.max(lowestPlace, group * IN_GROUP)
  if isHit or knownOnes ~= 0xffffffff then
    local succeededOnes = struct.unpack('>I4', succeeded, group * 4 + 1)
    for at = place, from, -1 do
      local isKnown = has(knownOnes, at % IN_GROUP)
      if isHit or not isKnown then
        local text, hasSucceeded = base36(first + at), has(succeededOnes, at % IN_GROUP)
        if hasSucceeded or not isKnown then names[#names + 1] = '~' .. text end
        if not hasSucceeded then names[#names + 1] = '^' .. text end
        count = count + 1
      end
    end
  end
  place = from - 1
end

local open, terms = {}, #names > 0 and redis.call('HMGET', KEYS[1], unpack(names)) or {}
local isSure = {}
for at, name in ipairs(names) do
  isSure[name] = terms[at] and true
  if not terms[at] or holdsAll(terms[at], words) then open[#open + 1] = name end
end
local highestMs = highest == '+inf' and math.huge or tonumber(highest)
local lowestMs = lowest == '-inf' and -math.huge or tonumber(lowest)
local inSpan, times = {}, {}
for at, entry in ipairs(#open > 0 and redis.call('HMGET', KEYS[2], unpack(open)) or {}) do
  local score = entry and tonumber(string.match(entry, '^%-?%d+'))
  if score and score <= highestMs and score >= lowestMs then
    inSpan[#inSpan + 1], times[#times + 1] = open[at], score
  end
end
for _, group in ipairs(groups) do inSpan, times = inGroup(inSpan, times, group) end
local reply = { place >= lowestPlace and place or -1 }
for at, name in ipairs(inSpan) do
  reply[#reply + 1] = (isSure[name] and '+' or '?') .. name
  reply[#reply + 1] = string.format('%.17g', times[at])
end
return reply
