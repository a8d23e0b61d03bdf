-- What a session at the prompt keeps: the names, the sources of the inputs for messages, and the
-- values of `<close>` variables. Runs an input and says what comes of it.
--
-- The environment is a table of its own in front of Lua's globals, so that a session may set
-- `table` or `type` without breaking the library. Results are not kept: what no name refers to is
-- freed before the next input.
local vs = require "vesper"
local core = require "vesper.core"
local chunk = require "vesper.cli.prompt.chunk"
local failure = require "vesper.util.failure"
local show = require "vesper.cli.prompt.show"
local warnings = require "vesper.util.warn"

local Session = {}
Session.__index = Session

local SOURCES = 1000 -- inputs whose text is kept
local PLACE = "^%(input (%d+)%):(%d+): "

-- ---- names --------------------------------------------------------------------------------------

local ON_DEMAND = {models = true, metrics = true, show = true}

-- models, metrics and show are loaded when they are used.
local function lookup(environment, name)
  if type(name) == "string" and ON_DEMAND[name] then
    local value = name == "show" and require "vesper.cli.prompt.draw" or vs[name]
    rawset(environment, name, value)
    return value
  end
  return _G[name]
end

local function new_environment()
  local environment = {vs = vs, nn = vs.nn, optim = vs.optim, data = vs.data, text = vs.text}
  environment._G = environment
  return setmetatable(environment, {__index = lookup})
end

--- Names that a session sets when they are used.
Session.ON_DEMAND = ON_DEMAND

--- A new session. write(text) gets the results, complain(text) the messages. Its field `echo` is
-- what is printed before "interrupted": a terminal has just shown ^C. `stopped`: whether Ctrl-C
-- stopped the last input that failed.
function Session.new(write, complain)
  warnings.unnamed = PLACE
  return setmetatable({environment = new_environment(), write = write, complain = complain,
    inputs = 0, sources = {}, open = {}, failed = false,
    stopped = false, echo = ""}, Session)
end

-- ---- messages -----------------------------------------------------------------------------------

-- A line of an input, without the blanks around it. The end of an expression may count as the line
-- behind the last one (see chunk.lua).
function Session:line(input, number)
  local n, last = 0, "?"
  for line in ((self.sources[input] or "?") .. "\n"):gmatch "(.-)\n" do
    n, last = n + 1, line:match "^%s*(.-)%s*$"
    if n == number then break end
  end
  return last
end

-- The lines of inputs that were running, the innermost first: {{input, line}, ...}.
local function running()
  local list = {}
  for level = 3, 200 do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    local input = info.short_src:match "^%(input (%d+)%)$"
    if input then list[#list + 1] = {tonumber(input), info.currentline} end
  end
  return list
end

-- The text of an error value without the places in inputs. A coroutine puts a second one before it.
local function text_of(value)
  local words = failure.text(value)
  if type(value) ~= "string" then return words end
  while words:find(PLACE) do words = words:gsub(PLACE, "") end
  return words
end

-- Says what went wrong, with the line of the input where it did, and the line that led there.
function Session:say(value, places)
  local words = text_of(value)
  local stopped = failure.is_pressed(value)
  local lines = {stopped and self.echo .. "interrupted" or "error: " .. words}
  local first, last = places[1], places[#places]
  if first then lines[2] = "  at: " .. self:line(first[1], first[2]) end
  if first and first[1] ~= self.inputs then
    if last[1] ~= self.inputs then last = {self.inputs, 1} end
    lines[3] = "  from: " .. self:line(last[1], last[2])
  end
  self.failed, self.stopped = true, stopped
  self.complain(table.concat(lines, "\n") .. "\n")
end

function Session:say_syntax(message)
  local input, line = message:match(PLACE)
  self:say(message, input and {{tonumber(input), tonumber(line)}} or {})
end

-- ---- <close> ------------------------------------------------------------------------------------

-- Calls fn and says what it raises; whether it returned.
function Session:protected(fn, ...)
  local places = {}
  local ok, why = xpcall(fn, function(value)
    places = running()
    return value
  end, ...)
  if not ok then self:say(why, #places > 0 and places or {{self.inputs, 1}}) end
  return ok
end

local function closer_of(value)
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and meta.__close or nil
end

local function check_closable(name, value)
  if not closer_of(value) then
    error(("variable '%s' got a non-closable value"):format(name), 0)
  end
end

-- Registers what the variables hold that were declared with <close>.
function Session:register(names)
  for _, name in ipairs(names) do
    local value = rawget(self.environment, name)
    local known = false
    for _, entry in ipairs(self.open) do
      known = known or entry.name == name and rawequal(entry.value, value)
    end
    if value and not known and self:protected(check_closable, name, value) then
      self.open[#self.open + 1] = {name = name, value = value}
    end
  end
end

-- Closes the values, last ones first, that their variables do not hold any more, or all of them.
function Session:close_values(all)
  for i = #self.open, 1, -1 do
    local entry = self.open[i]
    if all or not rawequal(rawget(self.environment, entry.name), entry.value) then
      table.remove(self.open, i)
      self:protected(closer_of(entry.value), entry.value, nil)
    end
  end
end

-- ---- running ------------------------------------------------------------------------------------

local function run_and_show(write, fn) show.values(write, fn()) end

-- Garbage of the last input, and a Ctrl-C that came when there was nothing to stop any more.
local function tidy()
  collectgarbage()
  core._take_interrupt()
end

--- Runs an input. Returns "more" when it is not finished.
function Session:run(text)
  local number = self.inputs + 1
  local fn, closing = chunk.load(text, ("=(input %d)"):format(number), self.environment)
  if not fn and closing == "more" then return "more" end
  self.inputs, self.sources[number], self.sources[number - SOURCES] = number, text, nil
  if not fn then
    self:say_syntax(closing)
    return
  end
  self:protected(run_and_show, self.write, fn)
  fn = nil -- luacheck: ignore
  self:register(closing)
  self:close_values(false)
  tidy()
end

--- Says why a text that is not finished is none.
function Session:refuse(text)
  self.inputs = self.inputs + 1
  self.sources[self.inputs] = text
  local _, why = load(text, ("=(input %d)"):format(self.inputs), "t")
  self:say_syntax(why or "not finished")
end

--- Closes what <close> variables hold.
function Session:finish() self:close_values(true) end

return Session
