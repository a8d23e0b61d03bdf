-- Tensor functions composed of ops: split, chunk, unbind, movedim, swapaxes, einsum.  Their
-- gradients are those of the ops.
local core = require "vesper.core"
local check = require "vesper.util.check"
local guard = require "vesper.util.guard"
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

local DOTS = "%.%.%." -- an ellipsis

-- "bij,bjk->bik" as {"bij", "bjk"}, "bik"; nil in place of the result where there is no arrow.
local function parse(equation)
  check.kind("einsum", "equation", equation, "string")
  local plain = equation:gsub("%s", "")
  local left, right = plain:match "^(.-)%->(.*)$"
  local terms = {}
  for term in ((left or plain) .. ","):gmatch "([^,]*)," do terms[#terms + 1] = term end
  for i = 1, #terms + 1 do
    local letters = (terms[i] or right or ""):gsub(DOTS, "", 1)
    if letters:find "%A" then
      fail("equation is '%s', expected the form 'ij,jk->ik'; '...' stands for further dimensions",
        equation)
    end
  end
  return terms, right
end

local function has(letters, letter) return letters:find(letter, 1, true) ~= nil end

-- The letters for which keep(letter) is true.
local function filter(letters, keep)
  return (letters:gsub("%a", function(letter) return keep(letter) and letter or "" end))
end

-- Raises unless there is a tensor for each term, with as many dimensions as the term has letters.
local function check_operands(terms, list)
  if type(list) ~= "table" then fail("operands are %s, expected a list", text.kind(list)) end
  check.list("einsum", "the list of operands", list)
  if #list ~= #terms then
    fail("operands are %d tensors, expected %d, one per term", #list, #terms)
  end
  for i, term in ipairs(terms) do
    local x = list[i]
    if not core.is_tensor(x) then fail("operand %d is %s, expected a tensor", i, text.kind(x)) end
    local letters, dots = term:gsub(DOTS, "")
    if x.ndim < #letters or x.ndim > #letters and dots == 0 then
      fail("operand %d is %s, expected %s%d dimensions for '%s'", i, text.shape(x),
        dots > 0 and "at least " or "", #letters, term)
    end
  end
end

-- The letters that occur once, A-Z before a-z: the result of an equation without an arrow.
local function once(terms)
  local all, found = table.concat(terms):gsub(DOTS, ""), {}
  for letter in all:gmatch "%a" do
    if select(2, all:gsub(letter, "")) == 1 then found[#found + 1] = letter:byte() end
  end
  table.sort(found)
  return #found > 0 and string.char(table.unpack(found)) or ""
end

-- Letters that the equation does not have, for the dimensions of an ellipsis.
local function unused(terms, out)
  local used, free = table.concat(terms) .. out, ""
  for code = ("A"):byte(), ("z"):byte() do
    local letter = string.char(code)
    if letter:find "%a" and not has(used, letter) then free = free .. letter end
  end
  return free
end

-- Puts letters in place of each ellipsis, the same from the last dimension on.  An operand that has
-- 1 where another has more lacks the letter: it is the same at each position.
local function spell_out(terms, out, list)
  local most, sizes, counts = 0, {}, {}
  for i, term in ipairs(terms) do
    local letters, dots = term:gsub(DOTS, "")
    counts[i] = dots > 0 and list[i].ndim - #letters or 0
    most = math.max(most, counts[i])
    local at = dots > 0 and term:find(DOTS) or 1
    for d = 1, counts[i] do
      local size, k = list[i].shape[at + d - 1], counts[i] - d -- k: from the last
      if sizes[k] and sizes[k] ~= 1 and size ~= 1 and size ~= sizes[k] then
        fail("'...' has size %d in operand %d, but %d in an earlier operand", size, i, sizes[k])
      end
      if not sizes[k] or sizes[k] == 1 then sizes[k] = size end
    end
  end
  local names = unused(terms, out):sub(1, most)
  local spelt, operands = {}, {}
  for i, term in ipairs(terms) do
    local x, letters, at = list[i], "", term:find(DOTS)
    for d = 1, counts[i] do
      local k = counts[i] - d
      local size = x.shape[at + #letters]
      if size == 1 and sizes[k] ~= 1 then
        x = x:select(at + #letters, 1)
      else
        letters = letters .. names:sub(most - k, most - k)
      end
    end
    spelt[i], operands[i] = term:gsub(DOTS, letters), x
  end
  return spelt, out:gsub(DOTS, names), operands
end

-- x with each letter once: equal letters are a diagonal.
local function diagonals(x, term, i)
  for d = 1, #term do
    local letter = term:sub(d, d)
    local again = term:find(letter, d + 1, true)
    if again then
      if x.shape[d] ~= x.shape[again] then
        fail("size of %s is %d and %d in operand %d", letter, x.shape[d], x.shape[again], i)
      end
      local places = core.arange(1, x.shape[d])
      local order, rest = {d, again}, ""
      for k = 1, #term do
        if k ~= d and k ~= again then
          order[#order + 1], rest = k, rest .. term:sub(k, k)
        end
      end
      return diagonals(x:permute(order):index {places, places}, letter .. rest, i)
    end
  end
  return x, term
end

-- The size of each letter; raises if operands and equation do not fit.
local function sizes_of(terms, out, list)
  local sizes = {}
  for i, term in ipairs(terms) do
    for d = 1, #term do
      local letter, size = term:sub(d, d), list[i].shape[d]
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
  check_operands(terms, list)
  local operands
  terms, out, operands = spell_out(terms, out or "..." .. once(terms), list)
  for i, term in ipairs(terms) do operands[i], terms[i] = diagonals(operands[i], term, i) end
  local sizes = sizes_of(terms, out, operands)
  local x, letters = operands[1], terms[1]
  for i = 2, #terms do
    local needed = out .. table.concat(terms, "", i + 1)
    x, letters = product(x, letters, operands[i], terms[i], needed, sizes)
  end
  x, letters = sum_out(x, letters, function(l) return has(out, l) end)
  return reorder(x, letters, out)
end

for name, fn in pairs(guard.methods("Tensor", tensor)) do
  core[name], methods[name] = fn, fn
end
core.einsum = guard.value("vs.einsum", core.einsum)

return core
