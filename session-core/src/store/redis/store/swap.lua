-- KEYS[1]  the record
-- ARGV[1]  what ARGV[2] is: 'absent' (nothing: there must be no record), 'record' (the expected record)
--          or 'sha1' (its SHA-1 as hex text)
-- ARGV[3]  the new record, and
-- ARGV[4]  its life in seconds, or nothing to keep the life that is left; neither to delete
-- Answers 1 when it is done, else what is stored now, or nil.
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
if ARGV[4] then
  redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
elseif ARGV[3] then
  redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
else
  redis.call('DEL', KEYS[1])
end
return 1
