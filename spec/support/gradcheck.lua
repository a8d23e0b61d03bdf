-- Gradients against central differences, in the build that computes in double precision.
--
--   gradcheck(vs, fn, inputs, opts) -> largest error; raises with the place when it is too large
--
-- fn(inputs...) returns one or more tensors; inputs are tensors, lists of tensors, or anything else
-- (passed as it is).  What is derived is the sum over all outputs of <output, cotangent>, with
-- fixed random cotangents.  It runs twice, inputs contiguous and as views with swapped strides:
-- outputs and gradients of both must agree with each other and with the differences.
-- Error: max|a-n| / max(1, max|a|, max|n|).
--   opts.grad       which inputs to derive by, by position (default: every tensor of the real type)
--   opts.keep       which inputs stay contiguous (true by position): those that fn writes
--   opts.seed       vs.manual_seed before each evaluation: for functions that draw random numbers
--   opts.tolerance  1e-7      opts.step  1e-5
local numbers = require "spec.support.numbers"

local function is_tensor(v) return type(v) == "userdata" and v.shape ~= nil end
local function is_real(t) return t.dtype == "float32" or t.dtype == "float64" end

-- The same values, not contiguous.
local function swapped(vs, t)
  local ndim = #t.shape
  if ndim == 0 then return t end
  if ndim > 1 then return t:transpose(1, -1):contiguous():transpose(1, -1) end
  local column = t:reshape({t.shape[1], 1})
  return vs.cat({column, column}, 2):select(2, 1)
end

-- Every tensor of the inputs: {t=, wants=, at=position, inner=position in its list or nil}.
local function leaves_of(inputs, n, grad)
  local leaves = {}
  local function add(t, at, inner)
    local wants = is_real(t)
    if grad then wants = wants and grad[at] or false end
    leaves[#leaves + 1] = {t = t, wants = wants, at = at, inner = inner}
  end
  for i = 1, n do
    local v = inputs[i]
    if is_tensor(v) then add(v, i)
    elseif type(v) == "table" and is_tensor(v[1]) then
      for j, t in ipairs(v) do add(t, i, j) end
    end
  end
  return leaves
end

-- inputs with the tensors replaced.
local function rebuild(inputs, n, leaves, tensors)
  local list = {}
  for i = 1, n do
    local v = inputs[i]
    list[i] = type(v) == "table" and is_tensor(v[1]) and {} or v
  end
  for k, leaf in ipairs(leaves) do
    if leaf.inner then list[leaf.at][leaf.inner] = tensors[k] else list[leaf.at] = tensors[k] end
  end
  return list
end

local function place_of(leaf)
  return leaf.inner and ("input %d, tensor %d"):format(leaf.at, leaf.inner) or "input " .. leaf.at
end

-- <outputs, cotangents> as a tensor.
local function weigh(vs, outputs)
  local total
  for i, out in ipairs(outputs) do
    if is_tensor(out) and (is_real(out) or out.dtype == "bfloat16") then
      local part = (out * numbers.uniform(vs, numbers.shape(out), -1, 1, 100 + i)):sum()
      total = total and total + part or part
    end
  end
  return assert(total, "no output of the real type")
end

local function relative_error(a, n)
  local worst, scale, at = 0, 1, 1
  for i = 1, #a do
    local difference = math.abs(a[i] - n[i])
    if difference > worst or difference ~= difference then worst, at = difference, i end
    if difference ~= difference then return math.huge, i end
    scale = math.max(scale, math.abs(a[i]), math.abs(n[i]))
  end
  return worst / scale, at
end

local function insist(error_, limit, what, at, a, n)
  if error_ <= limit then return end
  error(("%s: element %d is %.12g, expected %.12g (error %.3g, allowed %.3g)"):format(
    what, at, a[at], n[at], error_, limit), 0)
end

-- Runs fn on fresh leaves in that layout.  Returns output values and gradients, as flat lists.
local function analytic(vs, fn, inputs, n, leaves, seed, layout)
  local tensors = {}
  vs.no_grad(function()
    for k, leaf in ipairs(leaves) do
      local t = leaf.t:detach():clone()
      tensors[k] = layout and not leaf.keep and layout(vs, t) or t
    end
  end)
  for k, leaf in ipairs(leaves) do
    if leaf.wants then tensors[k] = tensors[k]:detach():requires_grad_() end
  end
  if seed then vs.manual_seed(seed) end
  local outputs = {fn(table.unpack(rebuild(inputs, n, leaves, tensors), 1, n))}
  local values, gradients = {}, {}
  for i, out in ipairs(outputs) do values[i] = is_tensor(out) and numbers.flat(out) or {} end
  weigh(vs, outputs):backward()
  for k, leaf in ipairs(leaves) do
    if leaf.wants then
      local grad = tensors[k].grad
      if not grad then error(place_of(leaf) .. ": no gradient arrived", 0) end
      local got = table.concat(numbers.shape(grad), ",")
      local want = table.concat(numbers.shape(leaf.t), ",")
      if got ~= want then
        error(("%s: gradient is [%s], expected [%s]"):format(place_of(leaf), got, want), 0)
      end
      gradients[k] = numbers.flat(grad)
    end
  end
  return values, gradients
end

-- Central differences by every element of leaf k.
local function numeric(vs, fn, inputs, n, leaves, k, seed, step)
  local tensors, derivative = {}, {}
  local base, shape = numbers.flat(leaves[k].t), numbers.shape(leaves[k].t)
  local function value(i, v)
    local kept = base[i]
    base[i] = v
    for j, leaf in ipairs(leaves) do tensors[j] = leaf.t:detach():clone() end
    tensors[k] = vs.tensor(base):reshape(shape)
    base[i] = kept
    if seed then vs.manual_seed(seed) end
    return weigh(vs, {fn(table.unpack(rebuild(inputs, n, leaves, tensors), 1, n))}):item()
  end
  vs.no_grad(function()
    for i = 1, #base do
      local x = base[i]
      local up, down = x + step, x - step
      derivative[i] = (value(i, up) - value(i, down)) / (up - down)
    end
  end)
  return derivative
end

local function gradcheck(vs, fn, inputs, opts)
  opts = opts or {}
  assert(vs.build.real == "double", "gradcheck needs the double build")
  local limit, step, n = opts.tolerance or 1e-7, opts.step or 1e-5, #inputs
  local leaves = leaves_of(inputs, n, opts.grad)
  for _, leaf in ipairs(leaves) do leaf.keep = opts.keep and opts.keep[leaf.at] end
  local values, gradients = analytic(vs, fn, inputs, n, leaves, opts.seed)
  local values2, gradients2 = analytic(vs, fn, inputs, n, leaves, opts.seed, swapped)
  local worst = 0
  for i, list in ipairs(values) do
    local e, at = relative_error(values2[i], list)
    insist(e, 1e-10, ("output %d, inputs not contiguous"):format(i), at, values2[i], list)
  end
  for k, leaf in ipairs(leaves) do
    if leaf.wants then
      local slope = numeric(vs, fn, inputs, n, leaves, k, opts.seed, step)
      for pass, list in ipairs {gradients[k], gradients2[k]} do
        local e, at = relative_error(list, slope)
        local layout = pass == 1 and "contiguous" or "not contiguous"
        insist(e, limit, ("gradient of %s, %s"):format(place_of(leaf), layout), at, list, slope)
        worst = math.max(worst, e)
      end
    end
  end
  return worst
end

return setmetatable({swapped = swapped, is_tensor = is_tensor, is_real = is_real, weigh = weigh,
  leaves_of = leaves_of, rebuild = rebuild, relative_error = relative_error},
  {__call = function(_, ...) return gradcheck(...) end})
