--[[
Runs commands as one step, unless one of the keys of which they were made was written to meanwhile: a deployment is
packed, unpacked or forgotten, a webhook packed or unpacked. What frees memory comes first: a Redis that is full takes what follows, then.

KEYS[1...] deployment       or packed, and all that goes with it: firstOccurrence, alias, ledger, attempts, lease,
           remoteOwner, echoOfId; then what only the commands touch: facet, changes, dropped, lineage, timeline,
           predecessors, searchTerms, packedNames, changesVersion, packedIndex. Or a webhook, its packedWebhook and
           inboxSizes
ARGV[1]    of how many of KEYS it is looked whether they are as they were
ARGV[2...] of each the SHA-1 of its DUMP, or nothing where there was no such key; then of each command: how many
           arguments follow its key, its name, the place of its key in KEYS, the arguments. UNGROUP takes an index,
           the place of its packedIndex, a score and a name that is to stand in the index itself
Reply      1, or 0 when something was written to meanwhile
]]
-- @include index-blocks
-- @include ungroup
local function ungroupName(index, blocks, score, name)
  local block = not redis.call('ZSCORE', index, name) and blockAround(blocks, score)
  if block and holdsId(block, name) then ungroup(index, blocks, block) end
end
local watched = tonumber(ARGV[1])
for i = 1, watched do
  local dump = redis.call('DUMP', KEYS[i])
  if (dump and redis.sha1hex(dump) or '') ~= ARGV[i + 1] then return 0 end
end
local at = watched + 2
while at <= #ARGV do
  local last = at + 2 + tonumber(ARGV[at])
  local key = KEYS[tonumber(ARGV[at + 2])]
  if ARGV[at + 1] == 'UNGROUP' then
    ungroupName(key, KEYS[tonumber(ARGV[at + 3])], ARGV[at + 4], ARGV[at + 5])
  else
    redis.call(ARGV[at + 1], key, unpack(ARGV, at + 3, last))
  end
  at = last + 1
end
return 1
