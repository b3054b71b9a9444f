--[[
Reads the timeline entries of one page of an index, newest first.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
KEYS[3]    timeline
ARGV[1]    first rank, from the newest
ARGV[2]    last rank
Reply      the lengths of the timeline entries in bytes (four bytes each, 0 for none), then all entries as one text:
           thousands of texts cost their reader several times as much
]]
-- @include index-blocks
-- @include index-page
local names = pageOf(KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]))
local entries = #names > 0 and redis.call('HMGET', KEYS[3], unpack(names)) or {}
local lengths = {}
for at = 1, #entries do
  entries[at] = entries[at] or ''
  lengths[at] = struct.pack('>I4', #entries[at])
end
return { table.concat(lengths), table.concat(entries) }
