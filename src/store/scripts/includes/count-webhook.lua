-- Counts a webhook in the hour in which it came, once it is known what became of it.
local function countWebhook(hours, entryJson, verdict)
  if not entryJson or verdict == 'accepted' then return end
  -- An earlier bridge wrote halves of characters, at which this fails: such a webhook is counted nowhere.
  local isRead, entry = pcall(cjson.decode, entryJson)
  if not isRead then return end
  local kind = 'taken'
  if verdict == 'ignored' then kind = 'ignored' elseif verdict == 'rejected' then kind = 'refused' end
  redis.call('HINCRBY', hours, string.sub(entry.receivedAt, 1, 13) .. ' ' .. kind .. ' ' .. entry.source, 1)
end
