-- KEYS[1]  the record
-- ARGV[1]  what ARGV[2] is: 'absent' (nothing: there must be no record), 'record' (the expected record)
--          or 'sha1' (its SHA-1 as hex text)
-- ARGV[3]  the new record, and
-- ARGV[4]  its life in seconds, or nothing to keep the life that is left
-- ARGV[5]  to delete: the channel on which that is told; then ARGV[3] and ARGV[4] are empty
-- Answers 1 when it is done, 2 when it is done and could not be told, else what is stored now, or nil.
local current = redis.call('GET', KEYS[1])
local same
if ARGV[1] == 'absent' then
  same = not current
elseif ARGV[1] == 'record' then
  same = current == ARGV[2]
else
  same = current and redis.sha1hex(current) == ARGV[2]
end
if not same then
  return current
end
if ARGV[5] then
  redis.call('DEL', KEYS[1])
  local told = redis.pcall('PUBLISH', ARGV[5], '')
  if type(told) == 'table' then
    return 2
  end
elseif ARGV[4] then
  redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
end
return 1
