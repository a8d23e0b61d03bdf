-- Cases whose inputs and values are PyTorch's (spec/golden/ops.py): each is a case of the registry,
-- and spec/op/golden_spec.lua compares its gradients too.
local golden = require "spec.support.golden"

local torch = {}
local values = golden.load "ops"

--- Adds a case for each row {case of ops.py, arguments by name, kink = true where differences meet
-- near ties}; the op's name is what precedes the first dot.
function torch.add(list, rows)
  for _, row in ipairs(rows) do
    local name = row[1]
    list[#list + 1] = {op = name:match "^[^.]+", name = "PyTorch's " .. name, args = row[2],
      golden = name, grad = row.kink and {} or nil,
      inputs = function()
        local inputs = golden.inputs(values, name)
        for k, t in ipairs(inputs) do inputs[k] = t:detach() end
        return inputs
      end,
      forward = function(_, outputs)
        for k, got in ipairs(outputs) do
          golden.near("output " .. k, got, values[("%s/out%d"):format(name, k)])
        end
      end}
  end
end

return torch
