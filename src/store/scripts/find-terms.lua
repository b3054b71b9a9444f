--[[
Looks for words in the search terms of one page of an index.

KEYS[1]    facet            the index; changes is one
KEYS[2]    searchTerms
ARGV[1]    first rank, from the newest
ARGV[2]    last rank
ARGV[3...] the words that are wanted
Reply      the names that have them all, newest first, each after `+`, or after `?` when its terms are not known
]]
local names = redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[2])
local found = {}
for at, terms in ipairs(#names > 0 and redis.call('HMGET', KEYS[2], unpack(names)) or {}) do
  local hasAll = true
  for i = 3, #ARGV do hasAll = hasAll and (not terms or string.find(terms, ARGV[i], 1, true)) end
  if hasAll then found[#found + 1] = (terms and '+' or '?') .. names[at] end
end
return found
