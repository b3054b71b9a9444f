--[[
Adds the search words of a packed deployment to the text index (store/changes/text-index.ts). A part of the index is a
bitmap: which ids are known; which of these have succeeded; then a row for each hash of four bytes of a text, with a bit
for each group of 32 ids.

KEYS[1]    textIndex        the part that contains the id
KEYS[2]    textParts
ARGV[1]    number of the part
ARGV[2]    place of the id in the part
ARGV[3]    1 when the deployment has succeeded: its id begins with `~`
ARGV[4]    its time (epoch ms), or nothing when it is not to be found
ARGV[5]    its rows, two bytes each; or `*` for all: its words are not stored
]]
local IN_PART, IN_GROUP, ROWS = 8192, 32, 16301
local key, place, rows = KEYS[1], tonumber(ARGV[2]), ARGV[5]
-- Grown bit by bit, it would take twice the memory.
if redis.call('EXISTS', key) == 0 then
  redis.call('SET', key, string.rep('\0', (2 * IN_PART + ROWS * IN_PART / IN_GROUP) / 8))
end
local group = 2 * IN_PART + math.floor(place / IN_GROUP)
local function add(row) redis.call('SETBIT', key, group + row * IN_PART / IN_GROUP, 1) end
if rows == '*' then
  for row = 0, ROWS - 1 do add(row) end
else
  for at = 1, #rows, 2 do add((struct.unpack('>H', rows, at))) end
end
if ARGV[3] == '1' then redis.call('SETBIT', key, IN_PART + place, 1) end
redis.call('SETBIT', key, place, 1)
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], 'GT', ARGV[4], ARGV[1]) end
