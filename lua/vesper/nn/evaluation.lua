-- Evaluation mode for one function call.
local core = require "vesper.core"

--- Calls fn(...) with the model in evaluation mode and without gradients; returns its results.
-- Restores the training flag of every submodule, after an error too.
return function(model, fn, ...)
  local training = {}
  for _, pair in ipairs(model:named_modules()) do training[pair[2]] = pair[2].training end
  model:eval()
  local results = table.pack(pcall(core.no_grad, fn, ...))
  for module, on in pairs(training) do module.training = on end
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end
