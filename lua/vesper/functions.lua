-- Functions with PyTorch's names that are composed of a few ops; their gradients are those of the
-- ops.  Each is a function of vs and a method of tensors.
local core = require "vesper.core"
local check = require "vesper.util.check"
local guard = require "vesper.util.guard"
local text = require "vesper.util.text"

local fn = {}
local inf = math.huge

local shape_of = text.shape

-- ---- element-wise -------------------------------------------------------------------------------

function fn.isnan(x)
  check.tensor("isnan", "x", x)
  return x:ne(x)
end

function fn.isinf(x)
  check.tensor("isinf", "x", x)
  return x:eq(inf):logical_or(x:eq(-inf))
end

function fn.isfinite(x)
  check.tensor("isfinite", "x", x)
  return x:lt(inf):logical_and(x:gt(-inf))
end

function fn.nan_to_num(x, nan, posinf, neginf)
  check.tensor("nan_to_num", "x", x)
  local most = 3.4028234663852886e38
  local y = core.where(x:ne(x), nan or 0, x)
  y = core.where(x:eq(inf), posinf or most, y)
  return core.where(x:eq(-inf), neginf or -most, y)
end

function fn.frac(x)
  check.tensor("frac", "x", x)
  return x - x:trunc()
end

function fn.clamp_min(x, min)
  check.tensor("clamp_min", "x", x)
  return x:clamp {min = min}
end

function fn.clamp_max(x, max)
  check.tensor("clamp_max", "x", x)
  return x:clamp {max = max}
end

-- Exact at both ends: from weight 0.5 on the way is counted back from y.
function fn.lerp(x, y, weight)
  check.tensor("lerp", "x", x)
  local way = y - x
  if type(weight) == "number" then
    return weight < 0.5 and x + way * weight or y - way * (1 - weight)
  end
  return core.where(core.lt(weight, 0.5), x + way * weight, y - way * (1 - weight))
end

function fn.addcmul(x, a, b, value)
  check.tensor("addcmul", "x", x)
  return x + core.mul(a, b) * (value or 1)
end

function fn.addcdiv(x, a, b, value)
  check.tensor("addcdiv", "x", x)
  return x + core.div(a, b) * (value or 1)
end

-- ---- reductions ---------------------------------------------------------------------------------

function fn.aminmax(x, dim, keepdim)
  check.tensor("aminmax", "x", x)
  return x:amin(dim, keepdim), x:amax(dim, keepdim)
end

function fn.count_nonzero(x, dim)
  check.tensor("count_nonzero", "x", x)
  return x:ne(0):sum(dim)
end

function fn.std_mean(x, dim, unbiased, keepdim)
  check.tensor("std_mean", "x", x)
  return x:std(dim, unbiased, keepdim), x:mean(dim, keepdim)
end

function fn.var_mean(x, dim, unbiased, keepdim)
  check.tensor("var_mean", "x", x)
  return x:var(dim, unbiased, keepdim), x:mean(dim, keepdim)
end

-- The k-th smallest value along dim, and its index.
local function kth(what, x, k, dim, keepdim)
  if x.ndim == 0 then return fn.kthvalue(x:reshape({1}), k, 1, false) end
  local size = x:size(dim)
  check.whole(what, "k", k, 1, size)
  local values, places = x:sort(dim)
  values, places = values:select(dim, k), places:select(dim, k)
  if not keepdim then return values, places end
  local shape = x.shape
  shape[dim < 0 and dim + x.ndim + 1 or dim] = 1
  return values:reshape(shape), places:reshape(shape)
end

function fn.kthvalue(x, k, dim, keepdim)
  check.tensor("kthvalue", "x", x)
  return kth("kthvalue", x, k, dim or -1, keepdim)
end

-- The lower of two middle values.
function fn.median(x, dim, keepdim)
  check.tensor("median", "x", x)
  local all = dim == nil
  if all then x, dim = x:flatten(), 1 end
  if x:size(dim) == 0 then
    check.fail("median", "x is %s, expected at least 1 value", shape_of(x))
  end
  return kth("median", x, (x:size(dim) + 1) // 2, dim, keepdim and not all)
end

function fn.unique(x)
  check.tensor("unique", "x", x)
  local n = x:numel()
  if n == 0 then
    local none = core.zeros(0, {dtype = "int64"})
    return x:flatten(), core.zeros(x.shape, {dtype = "int64"}), none
  end
  local sorted, order = x:detach():flatten():sort()
  local first = core.ones(1, {dtype = "bool"})
  if n > 1 then first = core.cat {first, sorted:slice(1, 2):ne(sorted:slice(1, 1, -2))} end
  local values, group = sorted:masked_select(first), first:cumsum(1)
  local inverse = group:scatter(1, order, group):reshape(x.shape)
  local counts = core.zeros(values:numel(), {dtype = "int64"})
    :scatter_add(1, group, core.ones(n, {dtype = "int64"}))
  return values, inverse, counts
end

function fn.argwhere(x)
  check.tensor("argwhere", "x", x)
  return x:nonzero()
end

-- ---- comparisons of whole tensors ---------------------------------------------------------------

local function same_shape(a, b)
  if a.ndim ~= b.ndim then return false end
  for d, n in ipairs(a.shape) do if b.shape[d] ~= n then return false end end
  return true
end

function fn.equal(x, y)
  check.tensor("equal", "x", x)
  check.tensor("equal", "y", y)
  return same_shape(x, y) and (x:eq(y):all())
end

function fn.allclose(x, y, rtol, atol, equal_nan)
  check.tensor("allclose", "x", x)
  check.tensor("allclose", "y", y)
  return core.no_grad(function()
    x, y = x:float(), y:float()
    local near = (x - y):abs():le(y:abs() * (rtol or 1e-5) + (atol or 1e-8))
    local close = near:logical_and(y:isfinite()):logical_or(x:eq(y))
    if equal_nan then close = close:logical_or(x:ne(x):logical_and(y:ne(y))) end
    return (close:all())
  end)
end

-- ---- products and distances ---------------------------------------------------------------------

-- Matrix products named by the dimensions of their operands.
local function product(name, left, right)
  fn[name] = function(x, y)
    check.tensor(name, "x", x, left)
    check.tensor(name, "y", y, right)
    return x:matmul(y)
  end
end
product("mm", 2, 2)
product("bmm", 3, 3)
product("mv", 2, 1)

function fn.dot(x, y)
  check.tensor("dot", "x", x, 1)
  check.tensor("dot", "y", y, 1)
  if x.shape[1] ~= y.shape[1] then
    check.fail("dot", "x is %s and y is %s, expected equal sizes", shape_of(x), shape_of(y))
  end
  return (x * y):sum()
end

function fn.outer(x, y)
  check.tensor("outer", "x", x, 1)
  check.tensor("outer", "y", y, 1)
  return x:unsqueeze(2) * y:unsqueeze(1)
end

-- beta * input + alpha * (x @ y)
local function added(name, ndim)
  fn[name] = function(input, x, y, beta, alpha)
    check.tensor(name, "input", input)
    check.tensor(name, "x", x, ndim)
    check.tensor(name, "y", y, ndim)
    return input * (beta or 1) + x:matmul(y) * (alpha or 1)
  end
end
added("addmm", 2)
added("baddbmm", 3)

function fn.cdist(x, y, p)
  check.tensor("cdist", "x", x)
  check.tensor("cdist", "y", y)
  if x.ndim < 2 or y.ndim < 2 or x.shape[x.ndim] ~= y.shape[y.ndim] then
    check.fail("cdist", "x is %s and y is %s, expected [...,P,D] and [...,R,D]", shape_of(x),
      shape_of(y))
  end
  return (x:unsqueeze(-2) - y:unsqueeze(-3)):norm(p or 2, -1)
end

function fn.cosine_similarity(x, y, dim, eps)
  check.tensor("cosine_similarity", "x", x)
  check.tensor("cosine_similarity", "y", y)
  dim, eps = dim or 2, eps or 1e-8
  local shape = (x:detach() * y:detach()).shape
  x, y = x:expand(shape), y:expand(shape)
  return (x:normalize(2, dim, eps) * y:normalize(2, dim, eps)):sum(dim)
end

-- ---- shapes -------------------------------------------------------------------------------------

function fn.view(x, ...)
  check.tensor("view", "x", x)
  return x:reshape(...)
end

function fn.view_as(x, other)
  check.tensor("view_as", "other", other)
  return x:reshape(other.shape)
end

fn.reshape_as = function(x, other)
  check.tensor("reshape_as", "other", other)
  return x:reshape(other.shape)
end

function fn.expand_as(x, other)
  check.tensor("expand_as", "other", other)
  return x:expand(other.shape)
end

-- One grid for each vector of the list, all of the same shape; "xy" swaps the first two dimensions.
core.meshgrid = guard.value("vs.meshgrid", function(list, indexing)
  if type(list) ~= "table" or next(list) == nil then
    check.fail("meshgrid", "vectors is %s, expected a list of vectors",
      type(list) == "table" and "empty" or text.kind(list))
  end
  if indexing ~= nil then check.kind("meshgrid", "indexing", indexing, {"ij", "xy"}) end
  check.list("meshgrid", "vectors", list)
  local shape, grids = {}, {}
  for i, x in ipairs(list) do
    check.tensor("meshgrid", "vector " .. i, x, 1)
    shape[i] = x.shape[1]
  end
  for i, x in ipairs(list) do
    local along = {}
    for d = 1, #list do along[d] = d == i and shape[i] or 1 end
    grids[i] = x:reshape(along):expand(shape)
    if indexing == "xy" and #list > 1 then grids[i] = grids[i]:transpose(1, 2) end
  end
  return table.unpack(grids)
end)

for name, f in pairs(guard.methods("Tensor", fn)) do
  core[name], core.tensor_methods[name] = f, f
end

return core
