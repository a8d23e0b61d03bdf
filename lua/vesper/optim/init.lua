-- vs.optim: optimizers (implemented in C), their state as tables, learning-rate schedules, averages
-- of weights.
local core = require "vesper.core"
local state_of = require "vesper.nn.state"
local guard = require "vesper.util.guard"
local tables = require "vesper.util.tables"
local check = require "vesper.util.check"

local optim = core.optims
local methods, own = core.optim_methods, {} -- all, and those written here

optim.clip_grad_norm_ = core.clip_grad_norm_
optim.clip_grad_value_ = core.clip_grad_value_
optim.lr_scheduler = require "vesper.optim.schedule"
optim.EMA = guard.value("optim.EMA", require "vesper.optim.ema")

--- The optimizer's state as tables and tensors, in the order of groups and parameters:
-- {name=, groups = {{lr=, ...}}, state = {["1.3.exp_avg"] = tensor}, steps = {["1.3"] = n}}.
function own:state_dict()
  local dict = {name = self.name, groups = {}, state = {}, steps = {}}
  for g, group in ipairs(self.param_groups) do
    local settings = {}
    for _, def in ipairs(core.list_optims()) do
      if def.name == self.name then
        for _, arg in ipairs(def.args) do settings[arg.name] = group[arg.name] end
      end
    end
    dict.groups[g] = settings
    for i in ipairs(group.params) do
      local state, steps = self:state(g, i)
      local at = g .. "." .. i
      dict.steps[at] = steps
      for name, tensor in pairs(state) do dict.state[at .. "." .. name] = tensor end
    end
  end
  return tables.printed(dict, "optimizer state", function(d)
    return ("state of %s, %d groups:\n%s"):format(d.name, #d.groups, state_of.text(d.state))
  end)
end

-- Settings may depend on each other (nesterov needs a momentum): rejected ones are tried again as
-- long as others were accepted.
local function set_all(group, settings)
  local refused, message, accepted = {}, nil, false
  for key, value in pairs(settings) do
    local ok, why = pcall(function() group[key] = value end)
    if ok then accepted = true else refused[key], message = value, why end
  end
  if next(refused) == nil then return end
  if not accepted then error(message, 0) end
  return set_all(group, refused)
end

--- Restores a state_dict.  Groups and parameters must agree in number and shape.
function own:load_state_dict(dict)
  if dict.name ~= self.name then
    check.fail("Optimizer:load_state_dict", "the state is of %s, expected %s",
      tostring(dict.name), self.name)
  end
  check.fields("Optimizer:load_state_dict", "dict", dict,
    {groups = "list", state = "table", steps = "table"})
  local groups = self.param_groups
  if #dict.groups ~= #groups then
    core._raise(("load_state_dict: the state has %d groups, expected %d"):format(
      #dict.groups, #groups))
  end
  for g, group in ipairs(groups) do
    set_all(group, dict.groups[g])
    for i in ipairs(group.params) do
      local at, state = g .. "." .. i, {}
      if not dict.steps[at] then
        core._raise(("load_state_dict: the state has no entry for parameter %d of group %d")
          :format(i, g))
      end
      for key, tensor in pairs(dict.state) do
        local name = key:match("^" .. at:gsub("%.", "%%.") .. "%.([%a_]+)$")
        if name then state[name] = tensor end
      end
      self:set_state(g, i, state, dict.steps[at])
    end
  end
end

for name, method in pairs(guard.methods("Optimizer", own)) do methods[name] = method end
guard.class("Scheduler", optim.lr_scheduler.Scheduler)

return optim
