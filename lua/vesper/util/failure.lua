-- Errors of programs: what is said of them, and which are Ctrl-C.
local core = require "vesper.core"

local failure = {}

--- The message of an error without the line of the program's own file. It is called where the
-- program's functions are running, because that line is the one of the caller.
function failure.message(err)
  local place = core._place()
  err = tostring(err)
  return err:sub(1, #place) == place and err:sub(#place + 1) or err
end

--- The text of an error value of the user's code, as `lua` gives it.
function failure.text(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  local meta = debug.getmetatable(value)
  if type(meta) == "table" and meta.__tostring then return tostring(value) end
  return ("(error object is a %s value)"):format(type(value))
end

--- Whether a message is that of Ctrl-C.
function failure.is_interrupt(message)
  return type(message) == "string" and message:find "interrupted$" ~= nil
end

--- The same of an error value of the user's code, which may raise such a message itself.
function failure.is_pressed(value)
  return failure.is_interrupt(value) and core._pressed_interrupt()
end

local function checked(ok, ...)
  if ok then return true, ... end
  if failure.is_interrupt(...) then error("interrupted", 0) end
  return false, failure.message(...)
end

--- As pcall, but Ctrl-C stays an error; the message is that of failure.message.
function failure.attempt(fn, ...) return checked(pcall(fn, ...)) end

return failure
