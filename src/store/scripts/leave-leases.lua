--[[
Releases leases.

KEYS[1...] lease            each
ARGV[1]    token
]]
-- @include release-leases
releaseLeases(1, ARGV[1])
