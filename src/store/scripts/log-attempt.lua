--[[
Logs an attempt that did not result in a delivery.

KEYS[1]    attempts
KEYS[2]    feed
ARGV[1]    the attempt (JSON)
ARGV[2]    maximum number of attempts
ARGV[3]    time to live of the attempts, seconds
ARGV[4]    maximum number of entries of the feed
ARGV[5]    the sink's name
ARGV[6]    the deployment's name
]]
-- @include log-attempt
logAttempt(KEYS[1], KEYS[2])
