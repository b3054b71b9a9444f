--[[
Extends leases.

KEYS[1...] lease            each
ARGV[1]    token
ARGV[2]    new duration from now, ms
Reply      the number of leases still held with this token
]]
local ours = 0
for _, lease in ipairs(KEYS) do
  if redis.call('GET', lease) == ARGV[1] then ours = ours + redis.call('PEXPIRE', lease, ARGV[2]) end
end
return ours
