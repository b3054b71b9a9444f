-- Logs an attempt, and adds it to the feed.
local function logAttempt(attempts, feed)
  local json, kept, ttl, feedKept, sink, deployment = unpack(ARGV, 1, 6)
  redis.call('LPUSH', attempts, json)
  redis.call('LTRIM', attempts, 0, kept - 1)
  redis.call('EXPIRE', attempts, ttl)
  redis.call('XADD', feed, 'MAXLEN', '~', feedKept, '*', 'sink', sink, 'deployment', deployment, 'attempt', json)
end
