-- Tensors with fixed pseudo-random values for the cases in spec/op/cases: the same in every
-- process, build and order of tests, since a generator is made anew for each tensor.
local numbers = {}

-- A generator of numbers in [0,1): the minimal standard one (Park and Miller), enough for tests.
function numbers.generator(seed)
  local state = (seed or 1) * 7919 % 2147483647
  return function()
    state = state * 48271 % 2147483647
    return state / 2147483647
  end
end

function numbers.count(shape)
  local n = 1
  for _, size in ipairs(shape) do n = n * size end
  return n
end

local function shaped(vs, values, shape, dtype)
  return vs.tensor(values, dtype and {dtype = dtype} or nil):reshape(shape)
end

-- Uniform in [low, high).
function numbers.uniform(vs, shape, low, high, seed)
  local draw, values = numbers.generator(seed), {}
  for i = 1, numbers.count(shape) do values[i] = low + (high - low) * draw() end
  return shaped(vs, values, shape)
end

-- Of either sign, with a magnitude of at least 0.1: away from a kink at 0.
function numbers.signed(vs, shape, seed)
  local draw, values = numbers.generator(seed), {}
  for i = 1, numbers.count(shape) do
    local magnitude = 0.1 + 1.4 * draw()
    values[i] = draw() < 0.5 and -magnitude or magnitude
  end
  return shaped(vs, values, shape)
end

-- Shuffled values at least 0.05 apart, of either sign: away from ties.
function numbers.distinct(vs, shape, seed)
  local draw, values, n = numbers.generator(seed), {}, numbers.count(shape)
  for i = 1, n do values[i] = (i - n / 2) * 0.05 + 0.02 end
  for i = n, 2, -1 do
    local j = 1 + math.floor(draw() * i)
    values[i], values[j] = values[j], values[i]
  end
  return shaped(vs, values, shape)
end

-- int64 in 1..most.
function numbers.index(vs, shape, most, seed)
  local draw, values = numbers.generator(seed), {}
  for i = 1, numbers.count(shape) do values[i] = 1 + math.floor(draw() * most) end
  return shaped(vs, values, shape, "int64")
end

-- bool, about half of them true.
function numbers.mask(vs, shape, seed)
  local draw, values = numbers.generator(seed), {}
  for i = 1, numbers.count(shape) do values[i] = draw() < 0.5 and 1 or 0 end
  return shaped(vs, values, shape, "bool")
end

-- The values of a tensor in row-major order, as a flat list.
function numbers.flat(t)
  local list = t:detach():contiguous():reshape({-1}):tolist()
  for i, v in ipairs(list) do
    if v == true then list[i] = 1 elseif v == false then list[i] = 0 end
  end
  return list
end

-- The shape of a tensor as a plain list; of anything else: {}.
function numbers.shape(v)
  local shape = {}
  if type(v) == "userdata" then
    for i = 1, #v.shape do shape[i] = v.shape[i] end
  end
  return shape
end

-- Insists that out has these values, in row-major order, and this shape (left out: any).  NaN
-- equals NaN; `limit` is relative to the larger of 1 and the value.
function numbers.same(vs, out, want, shape, limit)
  limit = limit or vs.build.real == "double" and 1e-12 or 2e-6
  local is = table.concat(numbers.shape(out), ",")
  local should = shape and table.concat(shape, ",") or is
  assert(is == should, ("shape is [%s], expected [%s]"):format(is, should))
  local got = numbers.flat(out)
  assert(#got == #want, ("%d values, expected %d"):format(#got, #want))
  for i, w in ipairs(want) do
    local g = got[i]
    local near = g == w or (g ~= g and w ~= w)
    near = near or math.abs(g - w) <= limit * math.max(1, math.abs(w))
    if not near then error(("element %d is %.12g, expected %.12g"):format(i, g, w), 0) end
  end
end

-- pairs in a fixed order: the keys are strings.
function numbers.sorted(t)
  local keys, i = {}, 0
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return function()
    i = i + 1
    return keys[i], t[keys[i]]
  end
end

--- What is wrong with tensor `got`, or nil: no element is further from that of `want` than limit
-- times the largest finite value, or `least` where all are smaller; NaN and infinity are the same.
function numbers.difference(got, want, limit, least, other)
  local a, b, top = numbers.flat(got), numbers.flat(want), least
  if #a ~= #b then return ("%d elements, %s %d"):format(#a, other, #b) end
  for _, v in ipairs(b) do if v - v == 0 then top = math.max(top, math.abs(v)) end end
  for i = 1, #b do
    local near = a[i] == b[i] or (a[i] ~= a[i] and b[i] ~= b[i])
    near = near or math.abs(a[i] - b[i]) <= limit * top
    if not near then return ("element %d is %.9g, %s %.9g"):format(i, a[i], other, b[i]) end
  end
end

return numbers
