-- index, index_put and index_put_: index tensors that broadcast, repeats, dtypes.  PyTorch's values
-- are in spec/op/golden_spec.lua.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case)
  case.constant = {"index"}
  list[#list + 1] = case
end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

add {op = "index", name = "pairs",
  inputs = function(vs)
    return {signed(vs, {4, 3}, 1), {ids(vs, {4, 1, 4, 4}), ids(vs, {2, 3, 2, 1})}}
  end,
  forward = function(vs, outputs, inputs)
    local x = numbers.flat(inputs[1])
    numbers.same(vs, outputs[1], {x[11], x[3], x[11], x[10]}, {4})
  end}
add {op = "index", name = "broadcast, rows behind",
  inputs = function(vs)
    return {signed(vs, {3, 2, 4}, 2), {ids(vs, {{3}, {1}}), ids(vs, {2, 1, 2})}}
  end,
  forward = function(vs, outputs, inputs)
    local x, want = numbers.flat(inputs[1]), {}
    for _, row in ipairs {6, 5, 6, 2, 1, 2} do
      table.move(x, row * 4 - 3, row * 4, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {2, 3, 4})
  end}
add {op = "index", name = "one number each",
  inputs = function(vs) return {signed(vs, {3, 2}, 3), {ids(vs, 2), ids(vs, 1)}} end,
  forward = function(vs, outputs, inputs)
    numbers.same(vs, outputs[1], {numbers.flat(inputs[1])[3]}, {})
  end}

for _, accumulate in ipairs {false, true} do
  local how = accumulate and ", added" or ""
  add {op = "index_put", name = "the last of several" .. how, args = {accumulate = accumulate},
    inputs = function(vs)
      return {signed(vs, {3, 2}, 1), {ids(vs, {3, 1, 3}), ids(vs, {1, 2, 1})}, signed(vs, {3}, 2)}
    end,
    forward = function(vs, outputs, inputs)
      local x, s = numbers.flat(inputs[1]), numbers.flat(inputs[3])
      if accumulate then
        x[2], x[5] = x[2] + s[2], x[5] + s[1] + s[3]
      else
        x[2], x[5] = s[2], s[3]
      end
      numbers.same(vs, outputs[1], x, {3, 2})
    end}
  add {op = "index_put", name = "rows that broadcast" .. how, args = {accumulate = accumulate},
    inputs = function(vs)
      return {signed(vs, {4, 2, 3}, 1), {ids(vs, {{1, 4}, {2, 1}})}, signed(vs, {2, 1, 3}, 2)}
    end,
    forward = function(vs, outputs, inputs)
      local x, s = numbers.flat(inputs[1]), numbers.flat(inputs[3])
      for i, row in ipairs {1, 4, 2, 1} do
        for j = 0, 5 do
          local at, v = (row - 1) * 6 + j + 1, s[(i - 1) % 2 * 3 + j % 3 + 1]
          x[at] = accumulate and x[at] + v or v
        end
      end
      numbers.same(vs, outputs[1], x, {4, 2, 3})
    end}
  add {op = "index_put", name = "a tensor of one number" .. how, args = {accumulate = accumulate},
    inputs = function(vs) return {signed(vs, {3, 2}, 1), {ids(vs, {3, 1})}, vs.tensor(0.7)} end}
  add {op = "index_put_", name = "a number" .. how, args = {accumulate = accumulate}, grad = {},
    inputs = function(vs)
      return {signed(vs, {2, 3}, 1), {ids(vs, {2, 2}), ids(vs, {3, 1})}, 1}
    end,
    forward = function(vs, outputs, inputs)
      assert(outputs[1]:id() == inputs[1]:id())
      local x = numbers.flat(signed(vs, {2, 3}, 1))
      for _, at in ipairs {4, 6} do x[at] = accumulate and x[at] + 1 or 1 end
      numbers.same(vs, outputs[1], x, {2, 3})
    end}
end
add {op = "index_put", name = "counts", args = {accumulate = true}, grad = {},
  inputs = function(vs)
    return {ids(vs, {(1 << 53) + 1, 0, 0}), {ids(vs, {1, 3, 3})}, 1}
  end,
  forward = function(_, outputs)
    assert(outputs[1]:tolist()[1] == (1 << 53) + 2 and outputs[1]:tolist()[3] == 2)
  end}
add {op = "index_put", name = "bytes", grad = {},
  inputs = function(vs) return {vs.zeros(3, {dtype = "uint8"}), {ids(vs, {2})}, 7} end,
  forward = function(vs, outputs)
    assert(outputs[1].dtype == "uint8")
    numbers.same(vs, outputs[1], {0, 7, 0}, {3})
  end}
add {op = "index_put_", name = "its own memory", grad = {},
  inputs = function(vs) return {signed(vs, {3}, 1), {ids(vs, {3, 2, 1})}} end,
  call = function(vs, x, index) return vs.index_put_(x, index, x) end,
  forward = function(vs, outputs)
    local x = numbers.flat(signed(vs, {3}, 1))
    numbers.same(vs, outputs[1], {x[3], x[2], x[1]}, {3})
  end}

return list
