-- Warnings: the only place that writes them.  A warning goes to standard error as
-- "vesper warning: train.lua:12: message", with the line of the user's script.
--
-- As in Python, a text is printed once for each line of the script, so that a loop does not repeat
-- it; another text, or the same text at another line, is printed.  set_warnings forgets what was
-- printed.
local core = require "vesper.core"

local shown, printed = true, {}

local channel = {}

-- Whether a warning names the line of the user's script; the commands of the shell have none.
channel.placed = true

-- A pattern of places that are not printed, or nil: those of inputs at the prompt.
channel.unnamed = nil

-- Called before the next warning: removes a progress bar from the line of the terminal, or nil.
channel.before = nil

--- Prints a warning, unless warnings are off or it was printed for this line of the script.
function channel.warn(message)
  if not shown then return end
  local place = channel.placed and core._place() or ""
  if printed[place .. message] then return end
  printed[place .. message] = true
  if channel.unnamed and place:find(channel.unnamed) then place = "" end
  if channel.before then channel.before() end
  channel.before = nil
  io.stderr:write("vesper warning: ", place, message, "\n")
end

--- Turns warnings on or off; returns whether they were on.
function channel.set_warnings(on)
  local before = shown
  shown, printed = on, {}
  return before
end

return channel
