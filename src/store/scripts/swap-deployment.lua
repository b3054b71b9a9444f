--[[
Runs commands as one transaction, unless one of the keys that the caller has read was changed in the meantime. Used to
pack, unpack or delete a deployment, and to pack or unpack webhooks. Commands that free memory come first, so that a
Redis without free memory accepts the others.

KEYS[1...] deployment       or packed, and all its other keys: firstOccurrence, alias, ledger, attempts, lease,
           remoteOwner, echoOfId; then keys that only the commands use: facet, changes, dropped, lineage, timeline,
           predecessors, searchTerms, packedNames, changesVersion, entryChanges, packedIndex. Or webhook, packedWebhook,
           webhookBlock, webhookBlocks and inboxSizes
ARGV[1]    how many of KEYS to check for changes
ARGV[2...] for each of these the SHA-1 of its DUMP, or nothing when the key did not exist; then for each command: the
           number of arguments after its key, its name, the position of its key in KEYS, the arguments. UNGROUP takes
           an index, the position of its packedIndex, a score, and a name to move from a block into the index itself;
           LOG_ENTRY changesVersion, the position of entryChanges, and the timeline entry before and after
Reply      1, or 0 when something was changed
]]
-- @include index-blocks
-- @include ungroup
-- @include log-entry
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
  elseif ARGV[at + 1] == 'LOG_ENTRY' then
    logEntry(key, KEYS[tonumber(ARGV[at + 3])], ARGV[at + 4], ARGV[at + 5])
  else
    redis.call(ARGV[at + 1], key, unpack(ARGV, at + 3, last))
  end
  at = last + 1
end
return 1
