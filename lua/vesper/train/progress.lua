-- A progress bar for loops over loaders: rate, time left, loss.
--
--   for batch, bar in vs.progress(loader, "epoch 1") do ... bar.loss = loss:item() end
--
-- On a terminal the line is redrawn a few times a second; otherwise one line is printed at the end.
-- bar.loss is averaged over the loop; other fields of bar are shown unchanged.
local core = require "vesper.core"
local drawing = require "vesper.util.bar"
local text = require "vesper.util.text"
local warnings = require "vesper.util.warn"

local Bar = {}
Bar.__index = Bar

function Bar:line(finished)
  local state = self.state
  local elapsed = core.now() - state.start
  local rate = elapsed > 0 and state.samples / elapsed or 0
  local parts = {}
  if finished then
    parts[1] = ("%s  %d batches  %s"):format(state.label, state.done, drawing.clock(elapsed))
  else
    parts[1] = drawing.line(state.label, state.done, state.total, elapsed)
  end
  parts[#parts + 1] = text.format("%.0f/s", rate)
  if state.count > 0 then parts[#parts + 1] = text.format("loss %.3f", state.sum / state.count) end
  local names = {}
  for name in pairs(self) do
    if name ~= "state" and name ~= "loss" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = self[name]
    local shown = math.type(value) == "float" and text.format("%.4g", value) or tostring(value)
    parts[#parts + 1] = name .. " " .. shown
  end
  return table.concat(parts, "  ")
end

--- The mean of the losses so far, or nil.
function Bar:mean_loss()
  return self.state.count > 0 and self.state.sum / self.state.count or nil
end

local function batch_size(batch)
  if type(batch) ~= "table" then return 1 end
  local t = batch.index or batch.image or batch[1]
  return core.is_tensor(t) and t.ndim > 0 and #t or 1
end

--- An iterator over a loader that returns each batch and the bar.  quiet = true prints nothing;
-- at_end(line), if given, gets the last line instead of standard error.
return function(loader, label, options)
  local quiet, at_end = options and options.quiet, options and options.at_end
  local screen = not quiet and core.is_terminal(2)
  local bar = setmetatable({state = {
    label = label or "", start = core.now(), drawn = 0, done = 0, samples = 0, total = #loader,
    sum = 0, count = 0,
  }}, Bar)
  local state = bar.state
  local next_batch, pass, control, closing = loader:batches()
  local size = 0
  local function step(_, last)
    if last ~= nil then
      state.done, state.samples = state.done + 1, state.samples + size
      if bar.loss then
        state.sum, state.count = state.sum + bar.loss, state.count + 1
        bar.loss = nil
      end
      if screen and core.now() - state.drawn > 0.2 then
        state.drawn = core.now()
        warnings.before = drawing.clear
        drawing.draw(bar:line(false))
      end
    end
    local batch = next_batch(pass, last)
    if batch == nil then
      if screen then
        warnings.before = nil
        drawing.clear()
      end
      if at_end then
        at_end(bar:line(true))
      elseif not quiet then
        io.stderr:write(bar:line(true), "\n")
      end
      return nil
    end
    size = batch_size(batch)
    return batch, bar
  end
  return step, nil, control, closing
end
