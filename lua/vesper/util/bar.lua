-- A progress bar on standard error, for work with a number of steps.  Where standard error is no
-- terminal, nothing is printed.
local core = require "vesper.core"

local bar = {}

local WIDTH = 24

--- Seconds as "3:07"; "--:--" for a number that is none.
function bar.clock(seconds)
  if seconds ~= seconds or seconds == math.huge then return "--:--" end
  seconds = math.floor(seconds + 0.5)
  return ("%d:%02d"):format(seconds // 60, seconds % 60)
end

--- "train  [====    ]  3/6  0:02 left" after so many seconds.
function bar.line(label, done, total, elapsed)
  local full = total > 0 and math.min(WIDTH, WIDTH * done // total) or 0
  return ("%s  [%s%s]  %d/%d  %s left"):format(label, ("="):rep(full), (" "):rep(WIDTH - full),
    done, total, bar.clock(elapsed / done * (total - done)))
end

--- Replaces the line of the terminal; "" clears it.
function bar.draw(line) io.stderr:write("\r\27[K", line) end

--- Clears the line where bars are drawn.
function bar.clear() if core.is_terminal(2) then bar.draw "" end end

--- A function(done, total) that draws the bar a few times a second, and clears it when done is
-- total.  label: also by each call, function(done, total, label).
function bar.new(label)
  if not core.is_terminal(2) then return function() end end
  local start, drawn, now_of = core.now(), 0, label
  return function(done, total, other)
    if other and other ~= now_of then now_of, start = other, core.now() end
    if done >= total then return bar.draw "" end
    if done > 0 and core.now() - drawn > 0.2 then
      drawn = core.now()
      bar.draw(bar.line(now_of, done, total, drawn - start))
    end
  end
end

return bar
