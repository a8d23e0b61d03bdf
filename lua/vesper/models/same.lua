-- Which pairs of a batch are not negatives of each other.
local core = require "vesper.core"

-- bool [B,B] from int64 [B]: equal entries.
local function equal(x) return x:unsqueeze(2):eq(x:unsqueeze(1)) end

--- bool [B,B], true where samples i and j show the same image (image_index int64 [B]) or the same
-- item (item int64 [B]), or have the same text (rows of tokens int64 [B,T]).  It is computed once
-- and kept in batch.same.  nil where the batch has none of these fields.
return function(batch)
  if batch.same ~= nil then return batch.same end
  local same
  local function add(mask) same = same and same:logical_or(mask) or mask end
  core.no_grad(function()
    if batch.image_index then add(equal(batch.image_index)) end
    if batch.item then add(equal(batch.item)) end
    if batch.tokens then
      local rows = batch.tokens
      add(rows:unsqueeze(2):eq(rows:unsqueeze(1)):all(3))
    end
  end)
  batch.same = same
  return same
end
