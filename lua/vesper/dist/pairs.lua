-- Pairs of images and texts over the batches of all ranks, for ranking and contrastive losses.
--
-- Each rank computes its own rows: its images with all texts, and its texts with all images.  The
-- mean of the losses over the ranks is the loss of the joined batch, and the gradient of gathered
-- embeddings goes back to the ranks that they are from.
local core = require "vesper.core"
local collectives = require "vesper.dist.collectives"
local job = require "vesper.dist.job"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local all = {}

-- x [B,...] of all ranks; B must be the same everywhere.
local function gather(what, x)
  local y = collectives.all_gather(x)
  if y.shape[1] ~= job.size * x.shape[1] then
    check.fail(what, "this rank has %d samples and all ranks %d, expected the same number on each",
      x.shape[1], y.shape[1])
  end
  return y
end

--- v and t [B,D] of images and texts -> {rows = v t', columns = t v', both [B,N], first}: N samples
-- of all ranks; sample i of this rank is number first + i of them.
function all.scores(v, t)
  local what = "dist.scores"
  check.tensor(what, "v", v, 2)
  check.tensor(what, "t", t, 2)
  if not check.has_shape(t, v.shape[1], v.shape[2]) then
    check.fail(what, "v is %s and t is %s, expected the same shape", text.kind(v), text.kind(t))
  end
  local D = v.shape[2]
  local both = gather(what, core.cat({v, t}, 2))
  local vs_of_all, ts_of_all = both:slice(2, 1, D), both:slice(2, D + 1, 2 * D)
  return {rows = v:matmul(ts_of_all:t()), columns = t:matmul(vs_of_all:t()),
    first = job.rank * v.shape[1]}
end

--- label int64 [B] -> bool [B,N]: equal ones among all.
function all.equal(label)
  return label:unsqueeze(2):eq(gather("dist.same", label):unsqueeze(1))
end

-- tokens [B,T] with as many columns as those of the longest rank; 1 is padding.
local function padded(tokens)
  local T = tokens.shape[2]
  local most = collectives.all_reduce(core.tensor({T}, {dtype = "int64"}), "max"):item()
  if most == T then return tokens end
  return core.cat({tokens, core.ones(tokens.shape[1], most - T):to(tokens.dtype)}, 2)
end

--- As models/same.lua, over the batches of all ranks: bool [B,N], or nil.
function all.same(batch)
  if batch.same_of_all ~= nil then return batch.same_of_all end
  local same
  local function add(mask) same = same and same:logical_or(mask) or mask end
  core.no_grad(function()
    if batch.image_index then add(all.equal(batch.image_index)) end
    if batch.item then add(all.equal(batch.item)) end
    if batch.tokens then
      local tokens = padded(batch.tokens)
      add(tokens:unsqueeze(2):eq(gather("dist.same", tokens):unsqueeze(1)):all(3))
    end
  end)
  if not same and batch.same ~= nil then
    check.fail("dist.same", "the batch has same, expected image_index, item or tokens, which "
      .. "can be compared with those of other ranks")
  end
  batch.same_of_all = same
  return same
end

return all
