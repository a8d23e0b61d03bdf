-- Batch norms whose mean and variance are those of the batches of all ranks.
local core = require "vesper.core"
local collectives = require "vesper.dist.collectives"
local hooks = require "vesper.nn.hooks"

local norms = {}

-- The sum over all but dimension 2, of all ranks: [C]; of `more` as well.
local function total(x, dims, more)
  local sum = x:sum(dims)
  if not more then return collectives.all_reduce(sum) end
  local both = collectives.all_reduce(core.cat({sum, core.tensor({more})}, 1))
  return both:slice(1, 1, x.shape[2]), both[-1]:detach():item()
end

local function move(running, to, momentum)
  running:mul_(1 - momentum):add_(to:detach() * momentum)
end

-- The forward of a batch norm in training: x [B,C] or [B,C,...].
local function forward(layer, x, activation)
  if not layer.training then return layer:forward(x, activation) end
  local dims, shape, C = {}, {}, x.shape[2]
  for d = 1, x.ndim do
    shape[d] = d == 2 and C or 1
    if d ~= 2 then dims[#dims + 1] = d end
  end
  local function wide(v) return v:reshape(table.unpack(shape)) end
  if x.dtype == "bfloat16" then x = x:float() end
  local sum, n = total(x, dims, x:numel() / C)
  local mean = sum / n
  local d = x - wide(mean)
  local var = total(d * d, dims) / n
  if layer.running_mean then
    core.no_grad(function()
      move(layer.running_mean, mean, layer.momentum)
      move(layer.running_var, var * (n / (n - 1)), layer.momentum)
      layer.num_batches_tracked:add_(1)
    end)
  end
  local scale = (var + layer.eps):rsqrt()
  if layer.weight then scale = scale * layer.weight end
  local y = d * wide(scale)
  if layer.bias then y = y + wide(layer.bias) end
  if activation == "relu" then return y:relu() end
  return activation == "relu6" and y:clamp(0, 6) or y
end

--- Makes the batch norms of a model go over all ranks; returns them.
function norms.over_ranks(model)
  local list = {}
  for _, pair in ipairs(model:named_modules()) do
    local layer = pair[2]
    if type(layer) == "userdata" and layer.name:find "^BatchNorm" then
      hooks.replace_forward(layer, forward)
      list[#list + 1] = layer
    end
  end
  return list
end

function norms.as_before(list)
  for _, layer in ipairs(list) do hooks.replace_forward(layer, nil) end
end

return norms
