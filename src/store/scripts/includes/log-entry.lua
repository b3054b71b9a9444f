-- Increases the version of the change log, and keeps the timeline entry before and after this change ('' for none)
-- under the new version, for readers that have all entries of an earlier one. pcall: a Redis without free memory may
-- reject both; what changed nothing has an entry as well, so that a missing one shows that a version is unknown.
local function logEntry(version, log, before, after)
  local number = redis.pcall('INCR', version)
  if type(number) ~= 'number' then return end
  local fields = before == after and { 'same', '' } or { 'before', before, 'after', after }
  redis.pcall('XADD', log, 'MAXLEN', '~', 1000, string.format('%d-0', number), unpack(fields))
  redis.pcall('EXPIRE', log, 86400)
end
