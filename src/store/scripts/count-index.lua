--[[
Counts the entries of an index.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
ARGV[1]    highest score
ARGV[2]    lowest score
Reply      the number of entries newer than this range, and the number within it
]]
-- @include index-blocks
-- @include index-page
return { ranksOf(KEYS[1], KEYS[2], ARGV[2], ARGV[1]) }
