--[[
Reads the names of one page of an index, newest first.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
ARGV[1]    highest score
ARGV[2]    lowest score
ARGV[3]    number of entries of the range to skip
ARGV[4]    number of entries to read
Reply      the number of entries in the range, then the names
]]
-- @include index-blocks
-- @include index-page
local newer, total = ranksOf(KEYS[1], KEYS[2], ARGV[2], ARGV[1])
local from, to = newer + ARGV[3], newer + math.min(ARGV[3] + ARGV[4], total) - 1
local reply = from > to and {} or pageOf(KEYS[1], KEYS[2], from, to)
table.insert(reply, 1, total)
return reply
