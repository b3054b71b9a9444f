--[[
Removes records from a deployment. Those that were copied are only removed while the other deployment has them: another
process may have moved them back meanwhile, and would remove the other copy.

KEYS[1]    deployment       that has the records
KEYS[2]    deployment       that has the copies
ARGV[1]    'copied', or '' for records that need no copy
ARGV[2]    number of records above which a deployment drops some, so that a copy may be absent
ARGV[3...] the id of each record
Reply      how many were removed
]]
local from, to, needsCopy = KEYS[1], KEYS[2], ARGV[1] == 'copied'
if needsCopy and redis.call('HLEN', to) > tonumber(ARGV[2]) then needsCopy = false end
local removed = 0
for i = 3, #ARGV do
  local mayGo = not needsCopy or redis.call('HEXISTS', to, ARGV[i]) == 1
  if mayGo then removed = removed + redis.call('HDEL', from, ARGV[i]) end
end
return removed
