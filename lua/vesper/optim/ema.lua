-- vs.optim.EMA: an exponential moving average of a module's weights, for evaluation.
--
--   ema = optim.EMA(net, {decay = 0.999})
--   for batch in loader do ... opt:step() ema:update() end
--   result = ema:apply(train.evaluate, net, val)
--
-- The averages are separate tensors.  `swap` exchanges the contents, so that the optimizer's
-- parameters remain the same tensors.
local core = require "vesper.core"
local state = require "vesper.nn.state"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"
local text = require "vesper.util.text"

local EMA = {}
EMA.__index = EMA
EMA.__name = "EMA"

local function fail(...) check.fail("EMA", ...) end

local function new(module, given)
  if type(module) ~= "table" and type(module) ~= "userdata" or not module.named_parameters then
    fail("module is %s, expected a module", text.kind(module))
  end
  local o = options.read("EMA", given, {decay = 0.999, warmup = false, buffers = false},
    {decay = "share", warmup = "boolean", buffers = "boolean"})
  local self = setmetatable({module = module, decay = o.decay, warmup = o.warmup,
    buffers = o.buffers, updates = 0, average = {}, swapped = false}, EMA)
  for name, tensor in pairs(self:_tensors()) do self.average[name] = tensor:detach():clone() end
  return self
end

-- The tensors to average, by name: the parameters, and with `buffers` the floating-point buffers.
function EMA:_tensors()
  local list = {}
  for _, pair in ipairs(self.module:named_parameters()) do list[pair[1]] = pair[2] end
  for _, pair in ipairs(self.buffers and self.module:named_buffers() or {}) do
    if pair[2].dtype:find "^float" then list[pair[1]] = pair[2] end
  end
  return list
end

function EMA:_only_apart(what)
  if self.swapped then fail("%s: the averages are in the module; call swap() first", what) end
end

--- average = decay * average + (1 - decay) * weight; call it after every optimizer step.
function EMA:update()
  self:_only_apart "update"
  local decay = self.decay
  if self.warmup then decay = math.min(decay, (1 + self.updates) / (10 + self.updates)) end
  core.no_grad(function()
    for name, tensor in pairs(self:_tensors()) do
      local average = self.average[name] or fail("update: no average of the new tensor %s", name)
      if decay < 0.5 then -- the larger share is what is added to: exact at the end
        average:sub_(tensor):mul_(decay):add_(tensor)
      else
        average:add_(tensor:sub(average):mul_(1 - decay))
      end
    end
  end)
  self.updates = self.updates + 1
end

--- Exchanges the module's weights and the averages; a second call exchanges them back.
function EMA:swap()
  core.no_grad(function()
    local tensors, copies = self:_tensors(), {}
    for name, tensor in pairs(tensors) do copies[name] = tensor:clone() end
    for name, tensor in pairs(tensors) do
      tensor:copy_(self.average[name])
      self.average[name]:copy_(copies[name])
    end
  end)
  self.swapped = not self.swapped
end

--- Calls fn(...) with the averages in the module and returns its results.  Restores the weights,
-- after an error too.
function EMA:apply(fn, ...)
  self:_only_apart "apply"
  self:swap()
  local guard <close> = setmetatable({}, {__close = function() self:swap() end}) -- luacheck: ignore
  return fn(...)
end

--- {decay, warmup, buffers, updates, state = {name = tensor}}; shares memory with the averages.
function EMA:state_dict()
  self:_only_apart "state_dict"
  return {decay = self.decay, warmup = self.warmup, buffers = self.buffers,
    updates = self.updates, state = tables.merge(self.average)}
end

--- Restores a state_dict.  Names and shapes must be the module's.
function EMA:load_state_dict(dict)
  self:_only_apart "load_state_dict"
  if type(dict) ~= "table" or type(dict.state) ~= "table" or type(dict.decay) ~= "number"
      or type(dict.warmup) ~= "boolean" or math.type(dict.updates) ~= "integer" then
    fail("load_state_dict: the state is %s, expected a table of state_dict",
      type(dict) == "table" and "incomplete" or text.kind(dict))
  end
  local lines = state.lines(state.compare(self.average, dict.state))
  if #lines > 0 then
    fail("load_state_dict: the averages do not fit this module\n%s", table.concat(lines, "\n"))
  end
  for name, average in pairs(self.average) do average:copy_(dict.state[name]) end
  self.decay, self.warmup, self.updates = dict.decay, dict.warmup, dict.updates
end

function EMA:__tostring()
  return text.format("EMA: decay %g, %d updates%s", self.decay, self.updates,
    self.swapped and ", averages in the module" or "")
end

return setmetatable(EMA, {__call = function(_, ...) return new(...) end})
