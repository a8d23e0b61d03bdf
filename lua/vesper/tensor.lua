-- Tensor functions composed of ops: split, chunk, unbind, movedim, swapaxes, einsum.  Their
-- gradients are those of the ops.
local core = require "vesper.core"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local methods = core.tensor_methods
local tensor = {}

-- The size of dimension dim (default 1), and dim as a positive number.
local function size_of(what, x, dim)
  check.tensor(what, "x", x)
  dim = dim == nil and 1 or dim
  local at = math.type(dim) == "integer" and dim < 0 and dim + x.ndim + 1 or dim
  if math.type(at) ~= "integer" or at < 1 or at > x.ndim then
    check.fail(what, "dim %s is out of range for x with %d dimensions", text.value(dim), x.ndim)
  end
  return x.shape[at], at
end

-- Consecutive views of these sizes along dim.
local function cut(x, sizes, dim)
  local parts, first = {}, 1
  for i, size in ipairs(sizes) do
    parts[i] = x:slice(dim, first, first + size - 1)
    first = first + size
  end
  return table.unpack(parts)
end

-- Views of `size` positions along dim, the last possibly smaller; or of the sizes in a list.
function tensor.split(x, size, dim)
  local total, at = size_of("split", x, dim)
  local sizes, sum = {}, 0
  if type(size) == "table" then
    check.list("split", "the list of sizes", size)
    for i, n in ipairs(size) do
      check.whole("split", "size " .. i, n, 0)
      sizes[i], sum = n, sum + n
    end
    if sum ~= total then
      check.fail("split", "the sum of the sizes is %d, expected %d, the size of dimension %d", sum,
        total, at)
    end
  else
    check.whole("split", "size", size, 1)
    for first = 1, math.max(total, 1), size do
      sizes[#sizes + 1] = math.min(size, total - first + 1)
    end
  end
  return cut(x, sizes, at)
end

-- At most n views of equal size along dim, the last possibly smaller.
function tensor.chunk(x, n, dim)
  local total = size_of("chunk", x, dim)
  check.whole("chunk", "n", n, 1)
  return tensor.split(x, math.max((total + n - 1) // n, 1), dim)
end

-- One view per position along dim, without that dimension.
function tensor.unbind(x, dim)
  local total, at = size_of("unbind", x, dim)
  local parts = {}
  for i = 1, total do parts[i] = x:select(at, i) end
  return table.unpack(parts)
end

-- Moves dimension `from` to position `to`; the others keep their order.
function tensor.movedim(x, from, to)
  local _, source = size_of("movedim", x, from)
  local _, target = size_of("movedim", x, to)
  local order = {}
  for d = 1, x.ndim do order[d] = d end
  table.insert(order, target, table.remove(order, source))
  return x:permute(order)
end

function tensor.swapaxes(x, a, b)
  local _, first = size_of("swapaxes", x, a)
  local _, second = size_of("swapaxes", x, b)
  return x:transpose(first, second)
end

-- ---- einsum ----

local function fail(...) check.fail("einsum", ...) end

-- "bij,bjk->bik" as {"bij", "bjk"}, "bik".
local function parse(equation)
  check.kind("einsum", "equation", equation, "string")
  local left, right = equation:gsub("%s", ""):match "^([%a,]*)%->(%a*)$"
  if not left then fail("equation is '%s', expected the form 'ij,jk->ik'", equation) end
  local terms = {}
  for term in (left .. ","):gmatch "([^,]*)," do terms[#terms + 1] = term end
  return terms, right
end

local function has(letters, letter) return letters:find(letter, 1, true) ~= nil end

-- The letters for which keep(letter) is true.
local function filter(letters, keep)
  return (letters:gsub("%a", function(letter) return keep(letter) and letter or "" end))
end

-- The size of each letter; raises if operands and equation do not fit.
local function sizes_of(terms, out, list)
  local sizes = {}
  if type(list) ~= "table" then fail("operands are %s, expected a list", text.kind(list)) end
  check.list("einsum", "the list of operands", list)
  if #list ~= #terms then
    fail("operands are %d tensors, expected %d, one per term", #list, #terms)
  end
  for i, term in ipairs(terms) do
    local x = list[i]
    if not core.is_tensor(x) then fail("operand %d is %s, expected a tensor", i, text.kind(x)) end
    if x.ndim ~= #term then
      fail("operand %d is %s, expected %d dimensions for '%s'", i, text.shape(x), #term, term)
    end
    for d = 1, #term do
      local letter, size = term:sub(d, d), x.shape[d]
      if has(term:sub(d + 1), letter) then fail("'%s' contains %s twice", term, letter) end
      if (sizes[letter] or size) ~= size then
        fail("size of %s is %d in operand %d, but %d in an earlier operand", letter, size, i,
          sizes[letter])
      end
      sizes[letter] = size
    end
  end
  for letter in out:gmatch "%a" do
    if not sizes[letter] then fail("result '%s' contains %s, which no operand has", out, letter) end
    if select(2, out:gsub(letter, "")) > 1 then
      fail("result '%s' contains %s twice", out, letter)
    end
  end
  return sizes
end

-- x with its dimensions permuted from the order `from` to `to`.
local function reorder(x, from, to)
  if from == to then return x end
  local dims = {}
  for letter in to:gmatch "%a" do dims[#dims + 1] = from:find(letter, 1, true) end
  return x:permute(dims)
end

-- Sums x over the letters that are not kept.
local function sum_out(x, term, keep)
  local dims = {}
  for d = 1, #term do if not keep(term:sub(d, d)) then dims[#dims + 1] = d end end
  if #dims == 0 then return x, term end
  return x:sum(dims), filter(term, keep)
end

local function count(letters, sizes)
  local n = 1
  for letter in letters:gmatch "%a" do n = n * sizes[letter] end
  return n
end

-- One product.  Letters of both operands are batch dimensions if they are needed later; otherwise
-- they are summed over.
local function product(x, xs, y, ys, needed, sizes)
  x, xs = sum_out(x, xs, function(l) return has(ys, l) or has(needed, l) end)
  y, ys = sum_out(y, ys, function(l) return has(xs, l) or has(needed, l) end)
  local batch = filter(xs, function(l) return has(ys, l) and has(needed, l) end)
  local inner = filter(xs, function(l) return has(ys, l) and not has(needed, l) end)
  local rows = filter(xs, function(l) return not has(ys, l) end)
  local columns = filter(ys, function(l) return not has(xs, l) end)
  local b, m = count(batch, sizes), count(rows, sizes)
  local k, n = count(inner, sizes), count(columns, sizes)
  local left = reorder(x, xs, batch .. rows .. inner):reshape({b, m, k})
  local right = reorder(y, ys, batch .. inner .. columns):reshape({b, k, n})
  local result, shape = batch .. rows .. columns, {}
  if #result > 8 then
    fail("the product of '%s' and '%s' has %d dimensions, expected at most 8", xs, ys, #result)
  end
  for i = 1, #result do shape[i] = sizes[result:sub(i, i)] end
  return left:matmul(right):reshape(shape), result
end

-- einsum("bij,bjk->bik", {x, y}): evaluates products from left to right.
function core.einsum(equation, list)
  local terms, out = parse(equation)
  local sizes = sizes_of(terms, out, list)
  local x, letters = list[1], terms[1]
  for i = 2, #terms do
    local needed = out .. table.concat(terms, "", i + 1)
    x, letters = product(x, letters, list[i], terms[i], needed, sizes)
  end
  x, letters = sum_out(x, letters, function(l) return has(out, l) end)
  return reorder(x, letters, out)
end

for name, fn in pairs(tensor) do
  core[name], methods[name] = fn, fn
end

return core
