-- What ranking and contrastive losses compare: the scores of a batch's images and texts, and which
-- pairs are not negatives of each other.
--
-- `over` is nil, or vesper.dist.pairs while vs.dist.DataParallel computes a loss: then the texts
-- and images of all ranks are compared with those of this rank.
local same_of = require "vesper.models.same"

local contrast = {over = nil}

--- Cosines of v and t [B,D]: [B,B], or the scores of all ranks (nn/losses.lua).
function contrast.scores(v, t)
  v, t = v:normalize(), t:normalize()
  if contrast.over then return contrast.over.scores(v, t) end
  return v:matmul(t:t())
end

--- bool [B,B], or [B,N] over all ranks: pairs that are not negatives (same.lua); nil: none are
-- known.
function contrast.same(batch)
  if contrast.over then return contrast.over.same(batch) end
  return same_of(batch)
end

--- bool [B,B], or [B,N] over all ranks: equal labels int64 [B].
function contrast.equal(label)
  if contrast.over then return contrast.over.equal(label) end
  return label:reshape(-1, 1):eq(label:reshape(1, -1))
end

return contrast
