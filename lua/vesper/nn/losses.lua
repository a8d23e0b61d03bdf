-- Losses of scores [B,B] of images (rows) and texts (columns) with the pairs on the diagonal:
-- nn.InfoNCE and nn.HingeRanking.  Losses without state are layers in C (csrc/nn/loss.c).
local core = require "vesper.core"
local module = require "vesper.nn.module"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

-- ---- InfoNCE ------------------------------------------------------------------------------------

local InfoNCE = module.Module:extend "InfoNCE"

local MOST = math.log(100)

--- The symmetric cross-entropy of CLIP (Radford et al., 2021) of scores [B,B].  `logit_scale` is
-- log(1 / temperature); it is learned and clamped to at most log(100).  {learn = false} fixes it.
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
-- Each pair is compared with its hardest negative (Faghri et al., VSE++, BMVC 2018).  Early in
-- training the embeddings can then collapse into one point, where the loss is 2 * margin and its
-- gradient gives no useful direction.  Using all negatives in the first epochs avoids this (Chen et
-- al., VSE-infinity, CVPR 2021).  The module warns if the loss stays at this plateau.

local STEPS = 100   -- the number of consecutive losses at the plateau that counts as a collapse
local NEAR = 0.002  -- the relative distance to the plateau that counts as "at the plateau"

local HingeRanking = module.Module:extend "HingeRanking"

--- Options: margin = 0.2; negatives = "hardest" or "sum"; warmup = 1: up to this epoch the sum over
-- all negatives is used instead of the hardest one.
function HingeRanking:init(given)
  local o = options.read("HingeRanking", given,
    {margin = 0.2, negatives = "hardest", warmup = 1},
    {margin = "number", negatives = {"hardest", "sum"}, warmup = "number"})
  self.margin, self.negatives, self.warmup = o.margin, o.negatives, o.warmup
  self.stuck = 0 -- number of consecutive losses at the plateau; -1: the warning was printed
end

-- If all scores are equal, the mean over pairs is 2 * margin: margin by row plus margin by column.
local function watch(self, loss)
  local plateau = 2 * self.margin
  if self.stuck < 0 or plateau <= 0 then return end
  self.stuck = math.abs(loss - plateau) < NEAR * plateau and self.stuck + 1 or 0
  if self.stuck == STEPS then
    self.stuck = -1
    io.stderr:write(("HingeRanking: the loss has been %.3f = 2 * margin for %d steps: the "
      .. "embeddings have collapsed into one point. Start again with a longer warmup (now %g), "
      .. "which uses all negatives, or a lower learning rate.\n"):format(
      plateau, STEPS, self.warmup))
  end
end

--- scores [B,B] with the pairs on the diagonal, and the epoch, from 1 (or the step, if warmup
-- counts steps) -> the mean over pairs.  same: bool [B,B], true for pairs that are not negatives.
function HingeRanking:forward(scores, epoch, same)
  local negatives = self.negatives
  if negatives == "hardest" and self.warmup > 0 then
    if type(epoch) ~= "number" then
      check.fail("HingeRanking", "epoch is %s, expected a number, since warmup is %g; for a loss "
        .. "without warm-up set warmup = 0", text.value(epoch), self.warmup)
    end
    if epoch <= self.warmup then negatives = "sum" end
  end
  local loss = core.hinge_ranking(scores,
    {margin = self.margin, negatives = negatives, same = same})
  if negatives == "hardest" and self.training then watch(self, loss:item()) end
  return loss
end

return {InfoNCE = InfoNCE, HingeRanking = HingeRanking}
