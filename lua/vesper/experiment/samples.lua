-- What a run keeps of each test sample, so that intervals can be computed without the model:
-- whether its class is right, and its ranks in retrieval.  It is part of result.json: a string of
-- "0" and "1" or a list of integers, a few bytes per sample.
local core = require "vesper.core"
local metrics = require "vesper.metrics"

local samples = {}

-- "0110" of a bool tensor.
local function bits(right)
  local list = right:long():tolist()
  return table.concat(list)
end

-- The ranks that give the recalls of the result, or nil: scores that are not cosines of v and t.
local function ranks_of(result)
  local r = result.retrieval
  if not r then return nil end
  local ranks = result.ranks or metrics.retrieval_ranks(result.v, result.t,
    {image_of = result.image_of})
  for _, side in ipairs {"i2t", "t2i"} do
    local hits = ranks[side]:le(10):sum():item()
    if math.abs(100 * hits / #ranks[side] - r[side].r10) > 1e-6 then return nil end
  end
  return ranks
end

--- {right = string, image_right = string, i2t = list, t2i = list, image_of = list} of a result of
-- train.evaluate; absent where the result has none.  result.ranks: as metrics.retrieval_ranks
-- returns them, if the result is not of plain cosines; result.image_right: bool [images], whether
-- the class is right by the image alone.
function samples.of(result)
  local ranks = ranks_of(result)
  return {
    right = result.predicted and bits(result.predicted:eq(result.label)),
    image_right = result.image_right and bits(result.image_right),
    i2t = ranks and ranks.i2t:tolist(), t2i = ranks and ranks.t2i:tolist(),
    image_of = result.image_of and result.image_of:tolist(),
  }
end

--- Percent of the samples that are of the largest class; nil without labels.
function samples.majority(result)
  if not result.label then return nil end
  local size, most = {}, 0
  for _, label in ipairs(result.label:tolist()) do
    size[label] = (size[label] or 0) + 1
    most = math.max(most, size[label])
  end
  return 100 * most / #result.label
end

-- ---- sums per image -----------------------------------------------------------------------------

local RECALLS = {1, 5, 10}

-- The columns of samples.per_image.
samples.columns = {"samples", "captions", "right", "image_right", "i2t1", "i2t5", "i2t10", "t2i1",
  "t2i5", "t2i10"}

-- Adds, for each entry of a string of bits or of a list, worth(entry) to the image it is of.
local function add(column, entries, image_of, worth)
  for i = 1, #entries do
    local image = image_of and image_of[i] or i
    column[image] = (column[image] or 0) + worth(i)
  end
end

local function bit_of(text) return function(i) return text:byte(i) - 48 end end
local function one() return 1 end

--- The numbers of each image, {name = {number, ...}} with the names of samples.columns, whose sums
-- over images give the figures; and the number of images.  nil for a run that kept none.
function samples.per_image(kept)
  if not kept then return nil end
  local images = kept.i2t and #kept.i2t or kept.image_right and #kept.image_right
    or kept.right and #kept.right
  if not images then return nil end
  local columns, of = {}, kept.image_of
  local function column(name)
    columns[name] = {}
    for i = 1, images do columns[name][i] = 0 end
    return columns[name]
  end
  if kept.right and #kept.right == (of and #of or images) then
    add(column "samples", kept.right, of, one)
    add(column "right", kept.right, of, bit_of(kept.right))
  end
  if kept.image_right then
    add(column "image_right", kept.image_right, nil, bit_of(kept.image_right))
  end
  if kept.i2t then
    add(column "captions", kept.t2i, of, one)
    for _, k in ipairs(RECALLS) do
      local function within(ranks) return function(i) return ranks[i] <= k and 1 or 0 end end
      add(column("i2t" .. k), kept.i2t, nil, within(kept.i2t))
      add(column("t2i" .. k), kept.t2i, of, within(kept.t2i))
    end
  end
  return columns, images
end

--- The mean over runs of their numbers per image as a tensor [images,#samples.columns], with 0 for
-- columns that no run has, and {name = true} for those that all have; nil where a run kept none, or
-- where the runs were not tested on the same number of images and captions.
function samples.mean_per_image(results)
  local total, has, size, n = nil, nil, nil, #results
  for _, result in ipairs(results) do
    local columns, images = samples.per_image(result.samples)
    if not columns then return nil end
    local rows, own = {}, {}
    for i = 1, images do
      rows[i] = {}
      for c, name in ipairs(samples.columns) do
        rows[i][c] = columns[name] and columns[name][i] or 0
      end
    end
    for name in pairs(columns) do own[name] = (not has or has[name]) and true or nil end
    local x = core.tensor(rows)
    local same = not size or #x == #size
      and x:slice(2, 1, 2):eq(size:slice(2, 1, 2)):all()
    if not same then return nil end
    total, has, size = total and total + x or x, own, size or x
  end
  return total / n, has
end

return samples
