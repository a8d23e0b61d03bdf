-- VSE: visual-semantic embedding.  An image and its text meet in one space of D dimensions; classes
-- are predicted from both.
--
-- Losses: nn.HingeRanking; cosine objective with labels as in cosine_embedding_loss.
local core = require "vesper.core"
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"

local VSE = nn.Module:extend("VSE")

--- Options (with their defaults):
--   classes = C                       how many labels
--   width = 256                       D
--   image = module                    or channels = {32, 64, 128, 256} and image_pooling = "mean"
--   text = {vectors =, rnn =, ...}    options of models.TextEncoder, or a module
--   hidden = D, dropout = 0.2         of the fusion MLP
--   weights = {classify = 1, rank = 1, cosine = 0, text = 0}
--   margin = 0.2                      of the ranking loss
--   warmup = 1                        epochs that count every negative; later ones the hardest
--   scale = 20                        of the cosines that classify_image turns into probabilities
function VSE:init(options)
  local o = encoders.options(options,
    {width = 256, dropout = 0.2, margin = 0.2, warmup = 1, scale = 20},
    {classes = true, image = true, channels = true, image_pooling = true, text = true,
     hidden = true, weights = true}, "VSE")
  local hidden = o.hidden or o.width
  self.image = o.image or
    encoders.SmallCNN(o.width, {channels = o.channels, pooling = o.image_pooling})
  self.text = o.text and o.text.parameters and o.text or encoders.TextEncoder(o.width, o.text)
  self.fuse = nn.Sequential{nn.Linear(2 * o.width, hidden), nn.ReLU(), nn.Dropout(o.dropout),
    nn.Linear(hidden, o.classes)}
  local weights = {classify = 1, rank = 1, cosine = 0, text = 0}
  self.weights = encoders.options(o.weights, weights, {}, "VSE weights")
  if self.weights.text > 0 then self.text_head = nn.Linear(o.width, o.classes) end
  self.ranking = nn.HingeRanking{margin = o.margin, warmup = o.warmup}
  self.margin, self.scale = o.margin, o.scale
  self:register_buffer("prototypes", core.zeros(o.classes, o.width))
end

function VSE:encode_image(images) return self.image(images) end

function VSE:encode_text(tokens, lengths) return self.text(tokens, lengths) end

--- batch with image, tokens, lengths -> {v = [B,D], t = [B,D], logits = [B,C]}
function VSE:forward(batch)
  local v = self.image(batch.image)
  local t = self.text(batch.tokens, batch.lengths)
  return {v = v, t = t, logits = self.fuse(core.cat({v, t}, 2))}
end

-- ---- training -----------------------------------------------------------------------------------

--- Label-aware cosine objective on v, t [B,D]: pairs of one label are pulled together, pairs of
-- different labels pushed below `margin`.  Both kinds count alike, however many there are.
function VSE.cosine_objective(v, t, label, margin)
  local s = v:normalize():matmul(t:normalize():t())
  local same = label:reshape(-1, 1):eq(label:reshape(1, -1))
  local pull = (1 - s):masked_fill(same:logical_not(), 0):sum() / same:sum():item()
  local others = same:numel() - same:sum():item()
  if others == 0 then return pull end
  return pull + (s - margin):relu():masked_fill(same, 0):sum() / others
end

--- The weighted sum of the losses, a table of its parts as numbers, and the outputs.
-- epoch counts from 1 and decides between all negatives and the hardest.
function VSE:loss(batch, epoch)
  local out, w, parts = self(batch), self.weights, {}
  local total
  local function add(name, term)
    parts[name] = term:item()
    total = total and total + term * w[name] or term * w[name]
  end
  if w.classify > 0 then add("classify", nn.functional.cross_entropy(out.logits, batch.label)) end
  if w.rank > 0 then
    local scores = out.v:normalize():matmul(out.t:normalize():t())
    add("rank", self.ranking(scores, epoch or 1))
  end
  if w.cosine > 0 then
    add("cosine", VSE.cosine_objective(out.v, out.t, batch.label, self.margin))
  end
  if w.text > 0 then
    add("text", nn.functional.cross_entropy(self.text_head(out.t), batch.label))
  end
  if not total then error("VSE: every loss has weight 0", 2) end
  return total, parts, out
end

-- ---- use ----------------------------------------------------------------------------------------

--- Class probabilities from the text alone [B,C], by the recurrent net's own head
-- (weights.text > 0).
function VSE:classify_text(tokens, lengths)
  if not self.text_head then
    error("classify_text: this VSE was made without it (weights = {text = 0.1})", 2)
  end
  return (self.text_head((self.text(tokens, lengths)))):softmax(2)
end

--- Sets the class prototypes to the mean text embedding of each class over a loader's batches.
-- Classes without any text keep a zero prototype.
function VSE:fit_prototypes(loader)
  local was_training = self.training
  self:eval()
  core.no_grad(function()
    local sums = core.zeros_like(self.prototypes)
    local classes = core.arange(1, sums.shape[1]):reshape(-1, 1)
    for batch in loader do
      local t = self.text(batch.tokens, batch.lengths):normalize()
      local member = classes:eq(batch.label:reshape(1, -1)):float() -- [C,B]
      sums:add_(member:matmul(t))
    end
    self.prototypes:copy_(sums:normalize())
  end)
  self:train(was_training)
end

--- Class probabilities of images from the shared embedding alone [B,C]: a softmax over scaled
-- cosines to the class prototypes.
function VSE:classify_image(images)
  local v = self.image(images)
  return (v:normalize():matmul(self.prototypes:t()) * self.scale):softmax(2)
end

return VSE
