--[[
Writes down what stands in all of several indexes, of the newest of the one that has the fewest in the span: ZINTERSTORE
alone would go through all of a million, and hold up every webhook for as long. A deployment has the same score in all
its indexes. What was found stays as long as nothing changes; it may go beyond the span.

KEYS[1]    intersection     where it is written
KEYS[2]    intersectionVersion
KEYS[3]    changesVersion
KEYS[4...] facet            the indexes
ARGV[1]    lowest score
ARGV[2]    highest score
ARGV[3]    how many are looked at
ARGV[4]    seconds that it is kept
Reply      how many of the span stand in the smallest index
]]
local target, indexes, smallest, fewest = KEYS[1], { unpack(KEYS, 4) }, nil, math.huge
for i, index in ipairs(indexes) do
  local count = redis.call('ZCOUNT', index, ARGV[1], ARGV[2])
  if count < fewest then smallest, fewest = i, count end
end
local version = redis.call('GET', KEYS[3]) or ''
if redis.call('GET', KEYS[2]) ~= version then
  if redis.call('ZCARD', indexes[smallest]) > tonumber(ARGV[3]) then
    redis.call('ZRANGESTORE', target, indexes[smallest], ARGV[2], ARGV[1], 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[3])
    indexes[smallest] = target
  end
  indexes[#indexes + 1], indexes[#indexes + 2] = 'AGGREGATE', 'MAX'
  redis.call('ZINTERSTORE', target, #KEYS - 3, unpack(indexes))
  redis.call('SET', KEYS[2], version)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return fewest
