-- Views: shape and values, the gradient back through each, that memory is shared, and copies that
-- have their own.  The values of x are its places in row order, so what is expected can be counted.
local numbers = require "spec.support.numbers"

local list = {}

local function counting(vs, shape)
  local values = {}
  for i = 1, numbers.count(shape) do values[i] = i end
  return vs.tensor(values):reshape(shape)
end

-- way: {name, shape of x, args, shape of the result, places in x of its elements}
local function add(op, ways)
  for _, way in ipairs(ways) do
    local name, shape, args, result, places = table.unpack(way)
    list[#list + 1] = {op = op, name = name, args = args,
      inputs = function(vs) return {counting(vs, shape)} end,
      forward = function(vs, outputs) numbers.same(vs, outputs[1], places, result) end}
  end
end

local function upto(n)
  local t = {}
  for i = 1, n do t[i] = i end
  return t
end

add("reshape", {
  {"two to three", {5, 6}, {shape = {3, 5, 2}}, {3, 5, 2}, upto(30)},
  {"open size", {5, 6}, {shape = {-1, 3}}, {10, 3}, upto(30)},
  {"no dimensions", {1, 1}, {shape = {}}, {}, upto(1)},
})
add("flatten", {
  {"everything", {2, 3, 5}, {}, {30}, upto(30)},
  {"from the second", {2, 3, 5}, {first = 2}, {2, 15}, upto(30)},
  {"to the second", {2, 3, 5}, {last = 2}, {6, 5}, upto(30)},
})
add("squeeze", {
  {"all", {1, 3, 1, 2}, {}, {3, 2}, upto(6)},
  {"one", {1, 3, 1, 2}, {dim = 3}, {1, 3, 2}, upto(6)},
  {"nothing to take", {1, 3, 2}, {dim = 2}, {1, 3, 2}, upto(6)},
})
add("unsqueeze", {
  {"first", {3, 2}, {dim = 1}, {1, 3, 2}, upto(6)},
  {"middle", {3, 2}, {dim = 2}, {3, 1, 2}, upto(6)},
  {"last", {3, 2}, {dim = -1}, {3, 2, 1}, upto(6)},
})
add("transpose", {
  {"last two", {2, 3}, {}, {3, 2}, {1, 4, 2, 5, 3, 6}},
  {"outer two", {2, 2, 3}, {a = 1, b = 3}, {3, 2, 2}, {1, 7, 4, 10, 2, 8, 5, 11, 3, 9, 6, 12}},
  {"from the end", {2, 1, 3}, {a = -1, b = -3}, {3, 1, 2}, {1, 4, 2, 5, 3, 6}},
})
add("permute", {
  {"cycle", {2, 2, 3}, {dims = {3, 1, 2}}, {3, 2, 2}, {1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12}},
  {"from the end", {2, 3}, {dims = {-1, 1}}, {3, 2}, {1, 4, 2, 5, 3, 6}},
})
add("expand", {
  {"a column", {2, 1}, {shape = {2, 3}}, {2, 3}, {1, 1, 1, 2, 2, 2}},
  {"a new dimension", {3}, {shape = {2, -1}}, {2, 3}, {1, 2, 3, 1, 2, 3}},
})
add("select", {
  {"row", {2, 3}, {dim = 1, index = 2}, {3}, {4, 5, 6}},
  {"column from the end", {2, 3}, {dim = -1, index = -1}, {2}, {3, 6}},
})
add("slice", {
  {"rows", {5, 2}, {dim = 1, first = 2, last = 4}, {3, 2}, {3, 4, 5, 6, 7, 8}},
  {"every other column", {2, 5}, {dim = 2, first = 1, last = -1, step = 2}, {2, 3},
    {1, 3, 5, 6, 8, 10}},
  {"from the end", {5}, {dim = 1, first = -3, last = -2}, {2}, {3, 4}},
  {"nothing", {5}, {dim = 1, first = 3, last = 2}, {0}, {}},
})
add("diagonal", {
  {"wide", {2, 3}, {}, {2}, {1, 5}},
  {"tall", {3, 2}, {}, {2}, {1, 4}},
})
add("contiguous", {{"plain", {2, 3}, {}, {2, 3}, upto(6)}})
add("clone", {{"plain", {2, 3}, {}, {2, 3}, upto(6)}})
add("detach", {{"plain", {2, 3}, {}, {2, 3}, upto(6)}})
add("to", {
  {"float32", {2, 3}, {dtype = "float32"}, {2, 3}, upto(6)},
})

list[#list + 1] = {op = "to", name = "int64, towards zero", args = {dtype = "int64"}, grad = {},
  inputs = function(vs) return {vs.tensor {-1.7, 1.7, 0, 3e30}} end,
  forward = function(vs, outputs)
    assert(outputs[1].dtype == "int64")
    numbers.same(vs, outputs[1]:slice(1, 1, 3), {-1, 1, 0}, {3})
  end}

-- Views write through, copies do not.
local shares = {
  {"reshape", true, {shape = {6}}}, {"transpose", true}, {"select", true, {dim = 1, index = 1}},
  {"slice", true, {dim = 1, first = 1, last = 1}}, {"contiguous", true}, {"clone", false},
  {"detach", true},
}
for _, way in ipairs(shares) do
  local op, shared, args = table.unpack(way, 1, 3)
  list[#list + 1] = {op = op, name = shared and "writes through" or "has its own memory",
    grad = {}, args = args,
    inputs = function(vs) return {counting(vs, {2, 3})} end,
    call = function(vs, x)
      -- Made contiguous first: whether a view is possible depends on the strides.
      x = x:clone()
      local fn = vs[op] or x[op]
      local y = args and fn(x, args) or fn(x)
      y:fill_(-1)
      return x
    end,
    forward = function(_, outputs)
      assert((numbers.flat(outputs[1])[1] == -1) == shared)
    end}
end

return list
