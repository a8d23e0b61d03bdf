-- cat and stack.
local numbers = require "spec.support.numbers"

local list = {}
local function add(case) list[#list + 1] = case end

add {op = "cat", name = "rows", args = {dim = 1},
  inputs = function(vs)
    local tensors = {}
    for i, rows in ipairs {2, 1, 4} do tensors[i] = numbers.signed(vs, {rows, 3}, i) end
    return {tensors}
  end,
  forward = function(vs, outputs, inputs)
    local want = {}
    for _, t in ipairs(inputs[1]) do
      local values = numbers.flat(t)
      table.move(values, 1, #values, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {7, 3})
  end}
add {op = "cat", name = "in the middle", args = {dim = -2},
  inputs = function(vs)
    return {{numbers.signed(vs, {2, 1, 3}, 1), numbers.signed(vs, {2, 2, 3}, 2)}}
  end,
  forward = function(vs, outputs, inputs)
    local a, b, want = numbers.flat(inputs[1][1]), numbers.flat(inputs[1][2]), {}
    for o = 0, 1 do
      table.move(a, o * 3 + 1, o * 3 + 3, #want + 1, want)
      table.move(b, o * 6 + 1, o * 6 + 6, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {2, 3, 3})
  end}
add {op = "cat", name = "twenty tensors", args = {dim = 2},
  inputs = function(vs)
    local tensors = {}
    for i = 1, 20 do tensors[i] = numbers.signed(vs, {2, 1}, i) end
    return {tensors}
  end}
for dim, want in pairs {[1] = {1, 2, 3, 4, 5, 6}, [2] = {1, 4, 2, 5, 3, 6}} do
  add {op = "stack", name = "dimension " .. dim, args = {dim = dim},
    inputs = function(vs) return {{vs.tensor {1, 2, 3}, vs.tensor {4, 5, 6}}} end,
    forward = function(vs, outputs)
      numbers.same(vs, outputs[1], want, dim == 1 and {2, 3} or {3, 2})
    end}
end
add {op = "stack", name = "last", args = {dim = -1},
  inputs = function(vs) return {{numbers.signed(vs, {2, 3}, 1), numbers.signed(vs, {2, 3}, 2)}} end,
  forward = function(_, outputs) assert(#outputs[1].shape == 3 and outputs[1].shape[3] == 2) end}
-- Copied run by run: a part has 64 bytes or more at each outer position, of any dtype.
add {op = "cat", name = "long rows", args = {dim = 2},
  inputs = function(vs)
    return {{numbers.signed(vs, {3, 40}, 1), numbers.signed(vs, {3, 33}, 2)}}
  end,
  forward = function(vs, outputs, inputs)
    local a, b, want = numbers.flat(inputs[1][1]), numbers.flat(inputs[1][2]), {}
    for o = 0, 2 do
      table.move(a, o * 40 + 1, o * 40 + 40, #want + 1, want)
      table.move(b, o * 33 + 1, o * 33 + 33, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {3, 73})
  end}
add {op = "stack", name = "long rows", args = {dim = 2},
  inputs = function(vs)
    return {{numbers.signed(vs, {3, 40}, 1), numbers.signed(vs, {3, 40}, 2)}}
  end,
  forward = function(vs, outputs, inputs)
    local want = {}
    for o = 0, 2 do
      for _, t in ipairs(inputs[1]) do
        table.move(numbers.flat(t), o * 40 + 1, o * 40 + 40, #want + 1, want)
      end
    end
    numbers.same(vs, outputs[1], want, {3, 2, 40})
  end}

return list
