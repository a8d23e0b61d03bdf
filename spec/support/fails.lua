-- fails(pattern, fn, ...): fn has to raise, or return nil and, a message that holds the plain text.
-- Returns the message.
local function fails(text, fn, ...)
  local ok, value, message = pcall(fn, ...)
  if not ok then message = value end
  assert(not ok or (value == nil and message ~= nil), "no error; expected: " .. text)
  message = tostring(message)
  assert(message:find(text, 1, true), "expected: " .. text .. "\ngot: " .. message)
  return message
end

return fails
