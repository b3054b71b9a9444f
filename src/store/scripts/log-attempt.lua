--[[
Logs an attempt that did not end in a delivery.

KEYS[1]    attempts
KEYS[2]    feed
ARGV[1]    the attempt (JSON)
ARGV[2]    how many are kept
ARGV[3]    seconds that they are kept
ARGV[4]    entries that the feed keeps
ARGV[5]    the sink's name
ARGV[6]    the deployment's name
]]
-- @include log-attempt
logAttempt(KEYS[1], KEYS[2])
