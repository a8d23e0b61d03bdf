-- Losses over scores [B,B] of images and texts, pairs on the diagonal: nn.InfoNCE and
-- nn.HingeRanking.  Losses without a state are layers of C (csrc/nn/loss.c).
local core = require "vesper.core"
local module = require "vesper.nn.module"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

-- ---- InfoNCE ------------------------------------------------------------------------------------

local InfoNCE = module.Module:extend "InfoNCE"

local MOST = math.log(100)

--- The symmetric cross-entropy of CLIP (Radford et al., 2021) over scores [B,B], the row of an
-- image and the column of a text being a pair on the diagonal.  `logit_scale` is the logarithm of
-- 1/temperature; it is learned and kept at or below log(100).  {learn = false}: it stays.
function InfoNCE:init(temperature, given)
  temperature = temperature or 0.07
  check.kind("InfoNCE", "temperature", temperature, "positive")
  local o = options.read("InfoNCE", given, {learn = true}, {learn = "boolean"})
  local start = core.tensor(-math.log(temperature))
  if o.learn then
    self.logit_scale = module.Parameter(start)
  else
    self:register_buffer("logit_scale", start)
  end
end

function InfoNCE:temperature() return math.exp(-self.logit_scale:item()) end

function InfoNCE:forward(scores)
  local shape = core.is_tensor(scores) and scores.shape
  if not shape or #shape ~= 2 or shape[1] ~= shape[2] then
    check.fail("InfoNCE", "scores is %s, expected [B,B]", text.kind(scores))
  end
  if self.logit_scale:item() > MOST then
    core.no_grad(function() self.logit_scale:fill_(MOST) end)
  end
  local logits, pairs_ = scores * self.logit_scale:exp(), core.arange(shape[1])
  return (core.cross_entropy(logits, pairs_)
    + core.cross_entropy(logits:transpose(1, 2), pairs_)) / 2
end

-- ---- hinge --------------------------------------------------------------------------------------
--
-- After Faghri et al. (VSE++, BMVC 2018) each pair is compared with its hardest negative.  This can
-- fail at the beginning: with all embeddings in one point the loss is 2 * margin, and from there no
-- direction is better.  Counting every negative at first avoids it (Chen et al., VSE-infinity, CVPR
-- 2021).  The module warns when the loss stays at that plateau.

local STEPS = 100   -- this many losses in a row near the plateau are a collapse
local NEAR = 0.002  -- near: within this share of the plateau

local HingeRanking = module.Module:extend "HingeRanking"

--- Options: margin = 0.2; negatives = "hardest" or "sum"; warmup = 1: up to this epoch the sum is
-- taken in place of the hardest.
function HingeRanking:init(given)
  local o = options.read("HingeRanking", given,
    {margin = 0.2, negatives = "hardest", warmup = 1},
    {margin = "number", negatives = {"hardest", "sum"}, warmup = "number"})
  self.margin, self.negatives, self.warmup = o.margin, o.negatives, o.warmup
  self.stuck = 0 -- losses in a row at the plateau; -1: the warning was given
end

-- The mean over pairs is 2 * margin where all scores are equal: margin by row and by column.
local function watch(self, loss)
  local plateau = 2 * self.margin
  if self.stuck < 0 or plateau <= 0 then return end
  self.stuck = math.abs(loss - plateau) < NEAR * plateau and self.stuck + 1 or 0
  if self.stuck == STEPS then
    self.stuck = -1
    io.stderr:write(("HingeRanking: the loss has been %.3f = 2 * margin for %d steps: the "
      .. "embeddings have collapsed into one point. Start again with a longer warmup (now %g), "
      .. "which counts every negative, or a lower learning rate.\n"):format(
      plateau, STEPS, self.warmup))
  end
end

--- scores [B,B] with the pairs on the diagonal, and the epoch, from 1 (or the step, when warmup
-- counts steps) -> the mean over pairs.  same: a bool mask [B,B] of pairs that are no negatives.
function HingeRanking:forward(scores, epoch, same)
  local negatives = self.negatives
  if negatives == "hardest" and self.warmup > 0 then
    if type(epoch) ~= "number" then
      check.fail("HingeRanking", "warmup = %g needs the epoch: loss(scores, epoch); without a "
        .. "warm-up set warmup = 0", self.warmup)
    end
    if epoch <= self.warmup then negatives = "sum" end
  end
  local loss = core.hinge_ranking(scores,
    {margin = self.margin, negatives = negatives, same = same})
  if negatives == "hardest" and self.training then watch(self, loss:item()) end
  return loss
end

return {InfoNCE = InfoNCE, HingeRanking = HingeRanking}
