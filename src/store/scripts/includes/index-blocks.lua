-- An index: a sorted set of names, and another one of blocks. Each block has fifty entries of packed deployments, the
-- newest first, in ten bytes each, and the score of the first one: a sixth of what fifty members take. No two blocks
-- overlap or share a score.
local IN_BLOCK, ENTRY_BYTES = 50, 10
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

-- The id of a packed deployment: what succeeded, and a number in base 36.
local function nameOf(number)
  local rest, digits = math.floor(number / 2), ''
  repeat
    local digit = rest % 36
    digits = string.sub(DIGITS, digit + 1, digit + 1) .. digits
    rest = math.floor(rest / 36)
  until rest == 0
  return (number % 2 == 1 and '~' or '^') .. digits
end
-- Nothing for any other name.
local function numberOf(name)
  local kind, digits = string.match(name, '^([~^])([0-9a-z]+)$')
  local number = digits and #digits <= 6 and tonumber(digits, 36)
  if not number or number >= 0x80000000 then return nil end
  return 2 * number + (kind == '~' and 1 or 0)
end
local function packEntry(score, number) return struct.pack('>I6I4', score, number) end
-- Score and number of the i-th entry, from 1.
local function entryOf(block, i) return struct.unpack('>I6I4', block, (i - 1) * ENTRY_BYTES + 1) end
local function oldestOf(block) return (entryOf(block, IN_BLOCK)) end
local function blockAt(blocks, rank) return redis.call('ZREVRANGE', blocks, rank, rank)[1] end
-- The block in whose span a score lies.
local function blockAround(blocks, score)
  local block = redis.call('ZRANGEBYSCORE', blocks, score, '+inf', 'LIMIT', 0, 1)[1]
  return block and oldestOf(block) <= tonumber(score) and block or nil
end
local function holdsEntry(block, entry)
  local from = string.find(block, entry, 1, true)
  while from and (from - 1) % ENTRY_BYTES > 0 do from = string.find(block, entry, from + 1, true) end
  return from
end
