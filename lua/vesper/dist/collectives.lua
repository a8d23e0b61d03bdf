-- Collectives: what all ranks call together.  Each returns a new tensor, on one rank too.
--
-- Before data is sent, the ranks compare what they are about to do (job.meet), so that different
-- calls and shapes are errors and no rank waits for ever.
local core = require "vesper.core"
local autograd = require "vesper.autograd"
local job = require "vesper.dist.job"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local dist = {}

local OPS = {"sum", "mean", "min", "max"}

-- What is sent of x: contiguous, outside the graph.
local function sent(x) return x:detach():contiguous() end

local function check_op(what, x, op)
  check.tensor(what, "x", x)
  check.kind(what, "op", op, OPS)
  if op == "mean" and not x.dtype:find "float" then
    check.fail(what, "x is %s, expected floating point for a mean", text.kind(x))
  elseif op == "sum" and x.dtype == "bool" then
    check.fail(what, "x is %s, expected numbers for a sum", text.kind(x))
  elseif (op == "min" or op == "max") and x.requires_grad and core.is_grad_enabled() then
    check.fail(what, "%s has no gradient: use x:detach()", op)
  end
end

-- The reduction of a tensor that nobody else sees, in its memory.
local function reduce_in_place(y, op, what)
  job.wait(job.lib.reduce(y, op == "mean" and "sum" or op), what)
  return op == "mean" and y:mul_(1 / job.size) or y
end

local function reduced(x, op)
  job.meet("dist.all_reduce", ("all_reduce %s of %s"):format(op, text.kind(x)))
  return reduce_in_place(sent(x):clone(), op, "dist.all_reduce")
end

local reduce_with_gradient = autograd.Function{
  name = "all_reduce",
  forward = function(ctx, x, op)
    ctx.op = op
    return reduced(x, op)
  end,
  backward = function(ctx, dy) return reduced(dy, ctx.op) end,
}

--- x of all ranks as one: their sum, mean, min or max.  Sum and mean have gradients.
function dist.all_reduce(x, op)
  op = op or "sum"
  check_op("dist.all_reduce", x, op)
  if not job.several() then return x:clone() end
  return reduce_with_gradient(x, op)
end

--- x of the rank `root` on all of them.
function dist.broadcast(x, root)
  root = root or 0
  check.tensor("dist.broadcast", "x", x)
  local several = job.several()
  check.whole("dist.broadcast", "root", root, 0, job.size - 1)
  local y = sent(x):clone()
  if not several then return y end
  job.meet("dist.broadcast", ("broadcast of %s from rank %d"):format(text.kind(x), root))
  job.wait(job.lib.broadcast(y, root), "dist.broadcast")
  return y
end

-- ---- parts --------------------------------------------------------------------------------------

-- The sizes of dimension 1 of all ranks.
local function rows_of_all(n, what)
  local counts = {}
  if job.lib.same(n, job.timeout, what) then
    for i = 1, job.size do counts[i] = n end
    return counts
  end
  local mine, ones = core.tensor({n}, {dtype = "int64"}), {}
  for i = 1, job.size do ones[i] = 1 end
  local all = core.zeros(job.size):long()
  job.wait(job.lib.gather(mine, all, ones), what)
  return all:tolist()
end

-- Counts of elements from counts of rows, and the sum of the latter.
local function elements(rows, width)
  local counts, total = {}, 0
  for i, n in ipairs(rows) do counts[i], total = n * width, total + n end
  return counts, total
end

local function shape_with(x, rows) return {rows, table.unpack(x.shape, 2)} end

local function width_of(x)
  local width = 1
  for d = 2, x.ndim do width = width * x.shape[d] end
  return width
end

-- An uninitialised tensor of x's dtype.
local function empty_like(x, shape)
  local y = core.zeros(table.unpack(shape))
  return y.dtype == x.dtype and y or y:to(x.dtype)
end

-- The rows of all ranks, and how many each has.
local function gathered(x)
  local what = "dist.all_gather"
  local row = x.ndim > 1 and table.concat(x.shape, ",", 2) or ""
  job.meet(what, ("all_gather of %s [n%s%s]"):format(x.dtype, row ~= "" and "," or "", row))
  local rows = rows_of_all(x.shape[1], what)
  local counts, total = elements(rows, width_of(x))
  local all = empty_like(x, shape_with(x, total))
  job.wait(job.lib.gather(sent(x), all, counts), what)
  return all, rows
end

-- This rank's rows of the reduction of x.
local function scattered(x, rows, op)
  local what = "dist.reduce_scatter"
  job.meet(what, ("reduce_scatter %s of %s"):format(op, text.kind(x)))
  local part = empty_like(x, shape_with(x, rows[job.rank + 1]))
  local counts = elements(rows, width_of(x))
  job.wait(job.lib.scatter(sent(x), part, counts, op == "mean" and "sum" or op), what)
  return op == "mean" and part:mul_(1 / job.size) or part
end

local gather_with_gradient = autograd.Function{
  name = "all_gather",
  forward = function(ctx, x)
    local all, rows = gathered(x)
    ctx.rows = rows
    return all
  end,
  backward = function(ctx, dy) return scattered(dy, ctx.rows, "sum") end,
}

--- The rows of x [n,...] of all ranks, in the order of ranks; n may differ.  The gradient of a row
-- is the sum of what it gets on all ranks.
function dist.all_gather(x)
  check.tensor("dist.all_gather", "x", x)
  if x.ndim == 0 then x = x:reshape(1) end
  if not job.several() then return x:clone() end
  return gather_with_gradient(x)
end

local scatter_with_gradient = autograd.Function{
  name = "reduce_scatter",
  forward = function(ctx, x, op)
    local rows = {}
    for i = 1, job.size do rows[i] = x.shape[1] // job.size end
    ctx.op = op
    return scattered(x, rows, op)
  end,
  backward = function(ctx, dy)
    local dx = gathered(dy)
    return ctx.op == "mean" and dx:mul_(1 / job.size) or dx
  end,
}

--- This rank's part of the sum, mean, min or max of x [N,...]: as many rows as every rank gets.
function dist.reduce_scatter(x, op)
  op = op or "sum"
  check_op("dist.reduce_scatter", x, op)
  local several = job.several()
  if x.ndim == 0 or x.shape[1] % job.size ~= 0 then
    check.fail("dist.reduce_scatter", "x is %s, expected a first dimension that %d ranks can "
      .. "divide", text.kind(x), job.size)
  end
  if not several then return x:clone() end
  return scatter_with_gradient(x, op)
end

--- Returns once all ranks have called it.
function dist.barrier()
  if job.several() then job.meet("dist.barrier", "barrier") end
end

return dist
