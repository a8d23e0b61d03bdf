-- by_formula(fn): a check of values for a case of spec/op/cases, the shape first.
local numbers = require "spec.support.numbers"

-- fn(a, b, c) at every place of the common shape of tensors and numbers, row by row.
local function broadcast(fn, ...)
  local sources, ndim = {}, 0
  for i, v in ipairs {...} do
    local shape = numbers.shape(v)
    sources[i] = {shape = shape, values = type(v) == "userdata" and numbers.flat(v) or {v}}
    ndim = math.max(ndim, #shape)
  end
  local common = {}
  for d = 1, ndim do
    common[d] = 1
    for _, s in ipairs(sources) do
      common[d] = math.max(common[d], s.shape[d - ndim + #s.shape] or 1)
    end
  end
  local result = {}
  for k = 0, numbers.count(common) - 1 do
    local at, args = {}, {}
    local rest = k
    for d = ndim, 1, -1 do at[d], rest = rest % common[d], rest // common[d] end
    for i, s in ipairs(sources) do
      local position = 0
      for d, size in ipairs(s.shape) do
        position = position * size + (size == 1 and 0 or at[d + ndim - #s.shape])
      end
      args[i] = s.values[position + 1]
    end
    result[k + 1] = fn(table.unpack(args))
  end
  return result, common
end

return function(fn)
  return function(vs, outputs, inputs)
    local want, shape = broadcast(fn, table.unpack(inputs))
    numbers.same(vs, outputs[1], want, shape)
  end
end
