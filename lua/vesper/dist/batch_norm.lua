-- Batch norms whose mean and variance are those of the batches of all ranks.
local core = require "vesper.core"
local autograd = require "vesper.autograd"
local collectives = require "vesper.dist.collectives"
local hooks = require "vesper.nn.hooks"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local norms = {}

local function move(running, to, momentum)
  running:mul_(1 - momentum):add_(to * momentum)
end

-- The dimensions of x but the second, and a function that gives [C] the dimensions of x.
local function shape_of(x)
  local dims, shape = {}, {}
  for d = 1, x.ndim do
    shape[d] = d == 2 and x.shape[2] or 1
    if d ~= 2 then dims[#dims + 1] = d end
  end
  return dims, function(v) return v:reshape(table.unpack(shape)) end
end

-- Mean and variance [C] of x on all ranks, and the number of values of a channel.
local function moments(x, dims)
  local C, own = x.shape[2], x:numel() / x.shape[2]
  local mean, var
  if own > 0 then
    mean, var = x:mean(dims), x:var(dims, {unbiased = false})
  else -- a rank without samples
    mean, var = core.zeros(C), core.zeros(C)
  end
  local sums = collectives.all_reduce(core.cat({mean * own, core.tensor({own})}, 1))
  local n = sums[-1]:item()
  if n < 2 then
    check.fail("batch_norm", "x is %s on all ranks: training needs more than one value a channel",
      text.kind(x))
  end
  local mean_of_all = sums:slice(1, 1, C) / n
  local off = mean - mean_of_all
  return mean_of_all, collectives.all_reduce((var + off * off) * own) / n, n
end

-- y = (x - mean) rstd w + b, bounded by the activation; z = (x - mean) rstd, sums over all ranks:
-- dx = w rstd (dy - sum dy / n - z sum (dy z) / n); dw and db are of this rank.
local normalise = autograd.Function{
  name = "batch_norm over ranks",
  forward = function(ctx, x, weight, bias, layer, activation)
    local mean, var, n = moments(x, (shape_of(x)))
    if layer.running_mean then
      move(layer.running_mean, mean, layer.momentum)
      move(layer.running_var, var * (n / (n - 1)), layer.momentum)
      layer.num_batches_tracked:add_(1)
    end
    local y = core.batch_norm(x, weight, bias, mean, var,
      {training = false, eps = layer.eps, activation = activation})
    ctx.x, ctx.mean, ctx.rstd, ctx.n, ctx.weight = x, mean, (var + layer.eps):rsqrt(), n, weight
    if activation ~= "none" then ctx.y, ctx.most = y, activation == "relu6" and 6 or math.huge end
    return y
  end,
  backward = function(ctx, dy)
    local x, y = ctx.x, ctx.y
    local dims, wide = shape_of(x)
    if y then dy = dy:masked_fill(y:le(0):logical_or(y:ge(ctx.most)), 0) end
    local z = (x - wide(ctx.mean)) * wide(ctx.rstd)
    local db, dw = dy:sum(dims), (dy * z):sum(dims)
    local sums = collectives.all_reduce(core.stack({db, dw}, 1)) / ctx.n
    local scale = ctx.weight and ctx.rstd * ctx.weight or ctx.rstd
    local dx = (dy - wide(sums[1]) - z * wide(sums[2])) * wide(scale)
    return dx, ctx.weight and dw, ctx.weight and db
  end,
}

-- The forward of a batch norm in training: x [B,C] or [B,C,...].
local function forward(layer, x, activation)
  if not layer.training then return layer:forward(x, activation) end
  return normalise(x:float(), layer.weight, layer.bias, layer, activation or "none")
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
