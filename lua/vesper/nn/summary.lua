-- nn.summary: the output shape of each submodule, in the order of the calls.
local core = require "vesper.core"
local in_evaluation = require "vesper.nn.evaluation"
local is_module = require("vesper.nn.module").is_module
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local function shapes_of(results)
  local list = {}
  for i = 1, results.n do
    if core.is_tensor(results[i]) then
      list[#list + 1] = text.shape(results[i])
    end
  end
  return #list > 0 and table.concat(list, " ") or "-"
end

local function own_numbers(module)
  local n, trained = 0, 0
  for _, pair in ipairs(module:named_parameters()) do
    n = n + pair[2]:numel()
    trained = trained + (pair[2].requires_grad and pair[2]:numel() or 0)
  end
  return n, trained
end

local function kind_of(module)
  return type(module) == "userdata" and module.name or getmetatable(module).__name
end

-- Registers hooks that append one row per call to `rows`; returns the handles of the hooks.
local function watch(module, rows)
  local handles, depth, open = {}, 0, {}
  local function before(name)
    return function(m)
      local row = {name = name, kind = kind_of(m), depth = depth, parameters = own_numbers(m)}
      rows[#rows + 1] = row
      depth = depth + 1
      open[depth] = row
    end
  end
  local function after(_, _, outputs)
    local row = open[depth]
    row.output = shapes_of(outputs)
    depth = depth - 1
  end
  for _, pair in ipairs(module:named_modules()) do
    handles[#handles + 1] = pair[2]:register_forward_pre_hook(before(pair[1]))
    handles[#handles + 1] = pair[2]:register_forward_hook(after)
  end
  return handles
end

local function text_of(rows)
  local lines, widths, cells = {}, {0, 0, 0, 0}, {{"module", "", "output", "parameters"}}
  for _, row in ipairs(rows) do
    local name = row.name == "" and "(all)" or row.name
    cells[#cells + 1] = {("  "):rep(row.depth) .. name, row.kind, row.output, row.parameters}
  end
  for _, cell in ipairs(cells) do
    for i = 1, 4 do widths[i] = math.max(widths[i], #tostring(cell[i])) end
  end
  local form = ("%%-%ds  %%-%ds  %%-%ds  %%%ds"):format(table.unpack(widths))
  for i, cell in ipairs(cells) do lines[i] = form:format(table.unpack(cell)) end
  lines[#lines + 1] = ("%d parameters, %d of them trained"):format(rows.parameters, rows.trained)
  return table.concat(lines, "\n")
end

--- Runs the module once, in evaluation mode and without gradients, and returns a list of {name=,
-- kind=, depth=, output=, parameters=}, one per call in order, which `print` shows as a table.
-- Restores the training flags.
return function(module, ...)
  if not is_module(module) then
    check.fail("summary", "module is %s, expected a module", text.kind(module))
  end
  local rows = {}
  local handles = watch(module, rows)
  local ok, message = pcall(in_evaluation, module, function(...) return module(...) end, ...)
  for _, handle in ipairs(handles) do handle:remove() end
  if not ok then error(message, 0) end
  rows.parameters, rows.trained = own_numbers(module)
  return setmetatable(rows, {__tostring = text_of})
end
