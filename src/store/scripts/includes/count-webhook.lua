-- Counts a webhook in the hour of its receipt, once it has a conclusion.
local function countWebhook(hours, entryJson, verdict)
  if not entryJson or verdict == 'accepted' then return end
  -- An earlier version wrote truncated characters, which make decoding fail: such a webhook is not counted.
  local isRead, entry = pcall(cjson.decode, entryJson)
  if not isRead then return end
  local kind = 'taken'
  if verdict == 'ignored' then kind = 'ignored' elseif verdict == 'rejected' then kind = 'refused' end
  redis.call('HINCRBY', hours, string.sub(entry.receivedAt, 1, 13) .. ' ' .. kind .. ' ' .. entry.source, 1)
end
