-- VSE: visual-semantic embedding.  Images and texts are embedded in a shared space of D dimensions;
-- with `classes`, classes are predicted from both.  The other models are subclasses that replace
-- `forward`.
--
-- Losses: nn.HingeRanking, nn.InfoNCE, nn.SigmoidLoss, nn.UniCL, a cosine loss with labels as in
-- cosine_embedding_loss.  Pairs that show the same image or item, or have the same text, are not
-- negatives of each other (same.lua).
local core = require "vesper.core"
local nn = require "vesper.nn"
local in_evaluation = require "vesper.nn.evaluation"
local contrast = require "vesper.models.contrast"
local encoders = require "vesper.models.encoders"
local readout = require "vesper.models.readout"
local use = require "vesper.models.use"
local check = require "vesper.util.check"
local each = require "vesper.util.each"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"

local VSE = nn.Module:extend("VSE")

local DEFAULTS = {width = 256, dropout = 0.2, margin = 0.2, warmup = 1, scale = 20,
  temperature = 0.07, norm = true}
local WEIGHTS = {classify = 1, rank = 1, contrast = 0, sigmoid = 0, cosine = 0, unicl = 0,
  text = 0}
local KNOWN = {classes = true, image = true, channels = true, image_pooling = true, text = true,
  hidden = true, weights = true, norm = "boolean"}

--- Options (with their defaults):
--   classes = C                       number of classes; without it there is no classifier
--   width = 256                       D
--   image = module                    or channels = {32, 64, 128, 256} and image_pooling = "mean"
--   text = {vectors =, rnn =, ...}    options of models.TextEncoder, or a module
--   hidden = D, dropout = 0.2         of the fusion MLP
--   norm = true                       layer norms of v and t before every classifier, which the
--                                     cosine losses leave at any length; false: as they are
--   weights = {classify = 1, rank = 1, contrast = 0, sigmoid = 0, cosine = 0, unicl = 0, text = 0};
--                                     without classes classify is 0.  cosine and unicl take pairs
--                                     with the same label as positives
--   margin = 0.2                      of the ranking and cosine losses
--   warmup = 1                        epochs that use all negatives; later ones use the hardest
--   temperature = 0.07                initial temperature of contrast and unicl
--   scale = 20                        factor of the cosines in the softmax of classify_image
function VSE:init(given) self:setup(given, {}) end

-- The weights of the loss terms; those that need a classifier are 0 without classes.
local function read_weights(o, more)
  local defaults = tables.merge(WEIGHTS, more)
  if not o.classes then defaults.classify = 0 end
  local weights = options.read("VSE weights", o.weights, defaults)
  for _, name in ipairs {"classify", "text"} do
    if weights[name] > 0 and not o.classes then
      check.fail("VSE weights", "%s is %g, expected 0: the model has no classes", name,
        weights[name])
    end
  end
  return weights
end

--- Creates the parts of this model and of every subclass.  `more`: further options with defaults;
-- more_weights: further loss weights with defaults.  Returns all options.
function VSE:setup(given, more, more_weights)
  local o = options.read(getmetatable(self).__name, given, tables.merge(DEFAULTS, more), KNOWN)
  self.width, self.classes, self.margin, self.scale = o.width, o.classes, o.margin, o.scale
  self.image = o.image or
    encoders.SmallCNN(o.width, {channels = o.channels, pooling = o.image_pooling})
  self.text = o.text and o.text.parameters and o.text or encoders.TextEncoder(o.width, o.text)
  if o.classes and o.norm then
    self.norm_v, self.norm_t = nn.LayerNorm(o.width), nn.LayerNorm(o.width)
  end
  if o.classes then self.fuse = self:mlp(2 * o.width, o.hidden or o.width, o.classes, o.dropout) end
  self.weights = read_weights(o, more_weights)
  if self.weights.text > 0 then self.text_head = nn.Linear(o.width, o.classes) end
  if self.weights.contrast > 0 then self.contrast = nn.InfoNCE(o.temperature) end
  if self.weights.unicl > 0 then self.unicl = nn.UniCL(o.temperature) end
  if self.weights.sigmoid > 0 then self.sigmoid = nn.SigmoidLoss() end
  self.ranking = nn.HingeRanking{margin = o.margin, warmup = o.warmup}
  if o.classes then self:register_buffer("prototypes", core.zeros(o.classes, o.width)) end
  return o
end

function VSE:mlp(from, hidden, to, dropout)
  return nn.Sequential{nn.Linear(from, hidden), nn.ReLU(), nn.Dropout(dropout),
    nn.Linear(hidden, to)}
end

--- What classifiers read in place of v, t [B,D]: their layer norms, unless norm = false.
function VSE:normed(v, t)
  if not self.norm_v then return v, t end
  return self.norm_v(v), self.norm_t(t)
end

--- images uint8 [B,3,H,W], or a batch -> v [B,D], U [B,R,C], grid or counts of the regions.
function VSE:encode_image(images) return encoders.encode(self.image, images) end

--- tokens int64 [B,T], lengths int64 [B] -> t [B,D], word embeddings [B,T,E], states [B,T,S].
function VSE:encode_text(tokens, lengths) return self.text(tokens, lengths) end

--- batch with image (or regions), tokens, lengths -> {v = [B,D], t = [B,D], logits = [B,C] or nil}
function VSE:forward(batch)
  local v = self:encode_image(batch)
  local t = self:encode_text(batch.tokens, batch.lengths)
  return {v = v, t = t, logits = self.fuse and self.fuse(core.cat({self:normed(v, t)}, 2))}
end

-- ---- training -----------------------------------------------------------------------------------

--- Groups of the parameters that are not frozen, for an optimizer: a part named in factors, such as
-- {image = 0.3}, gets the rate lr times its factor, all others lr.
VSE.param_groups = encoders.param_groups

--- Cosine loss with labels for v, t [B,D]: the mean of 1 - cosine over pairs with the same label,
-- plus the mean of max(cosine - margin, 0) over pairs with different labels.
function VSE.cosine_objective(v, t, label, margin)
  local s = v:normalize():matmul(t:normalize():t())
  local same = label:reshape(-1, 1):eq(label:reshape(1, -1))
  local pull = (1 - s):masked_fill(same:logical_not(), 0):sum() / same:sum():item()
  local others = same:numel() - same:sum():item()
  if others == 0 then return pull end
  return pull + (s - margin):relu():masked_fill(same, 0):sum() / others
end

--- The loss terms whose weight is not 0, as a list of {name, tensor}.  Subclasses append their own.
function VSE:terms(batch, out, epoch)
  local w, terms = self.weights, {}
  local function add(name, fn, ...)
    if w[name] > 0 then terms[#terms + 1] = {name, fn(...)} end
  end
  for _, name in ipairs {"classify", "cosine", "unicl", "text"} do
    if w[name] > 0 and not batch.label then
      check.fail("loss", "weights.%s is %g, but the batch has no label; a model without classes "
        .. "needs none", name, w[name])
    end
  end
  local scores, same
  for _, name in ipairs {"v", "t"} do check.tensor("VSE:terms", "out." .. name, out[name], 2) end
  if w.rank > 0 or w.contrast > 0 or w.sigmoid > 0 or w.unicl > 0 then
    scores, same = contrast.scores(out.v, out.t), contrast.same(batch)
  end
  add("classify", nn.functional.cross_entropy, out.logits, batch.label)
  add("rank", self.ranking, scores, epoch, same)
  add("contrast", self.contrast, scores, same)
  add("sigmoid", self.sigmoid, scores, same)
  if w.unicl > 0 then
    local label = contrast.equal(batch.label)
    add("unicl", self.unicl, scores, same and label:logical_or(same) or label)
  end
  add("cosine", VSE.cosine_objective, out.v, out.t, batch.label, self.margin)
  if w.text > 0 then
    add("text", nn.functional.cross_entropy, self:text_logits(out.t), batch.label)
  end
  return terms
end

--- The weighted sum of the loss terms, a table of the terms as numbers, and the outputs.
-- epoch, from 1, selects all negatives or the hardest.
function VSE:loss(batch, epoch)
  local out, parts, total = self(batch), {}, nil
  for _, term in ipairs(self:terms(batch, out, epoch or 1)) do
    local name, value = term[1], term[2]
    parts[name] = value:item()
    local weighted = value * (self.weights[name] or 1)
    total = total and total + weighted or weighted
  end
  if not total then core._raise "VSE: every entry of weights is 0, expected at least one > 0" end
  return total, parts, out
end

-- ---- use ----------------------------------------------------------------------------------------

--- The logits [B,C] of text embeddings [B,D].
function VSE:text_logits(t)
  return self.text_head(self.norm_t and self.norm_t(t) or t)
end

--- Class probabilities [B,C] from the text alone, by a head on the text embedding; needs
-- weights.text > 0.
function VSE:classify_text(tokens, lengths)
  if not self.text_head then
    core._raise "classify_text: weights.text is 0, expected a number > 0 in the model's options"
  end
  return self:text_logits((self:encode_text(tokens, lengths))):softmax(2)
end

--- Sets the class prototypes to the mean text embedding of each class over a loader's batches, and
-- makes them the readout.  The prototype of a class without texts is zero.  The classes are again
-- those of the model's options after set_classes.
function VSE:fit_prototypes(loader)
  if not self.classes then check.fail("fit_prototypes", "the model has no classes") end
  in_evaluation(self, function()
    local sums = core.zeros(self.classes, self.width)
    for batch in each(loader) do readout.add_texts(sums, self:embed_text(batch), batch.label) end
    self:clear_readout()
    self.prototypes = sums:normalize()
  end)
end

--- Fits readouts of classes from the image embedding alone, and keeps one: readout.lua, `fit`.
function VSE:fit_readout(loader, given) return readout.fit(self, loader, given) end

--- Forgets the readout, which belongs to weights that are about to change.
function VSE:clear_readout()
  if not self.classes then return end
  readout.set(self, nil)
  self:register_buffer("prototypes", core.zeros(self.classes, self.width))
end

--- The readout in use: "linear", "prototype" or nil.
function VSE:readout_kind() return readout.kind(self) end

--- The state of another model of this class; a readout is taken over as well, or removed where the
-- state has none.
function VSE:load_state_dict(dict, given)
  local weight, bias = self.readout_weight, self.readout_bias
  if type(dict) == "table" and self.classes then readout.follow(self, dict) end
  local ok, result = pcall(nn.Module.load_state_dict, self, dict, given)
  if ok then return result end
  readout.set(self, weight, bias)
  error(result, 0)
end

--- The text embeddings of a batch for retrieval, [B,D].
function VSE:embed_text(batch) return (self:encode_text(batch.tokens, batch.lengths)) end

--- Cosines [B,C] of embeddings [B,D] to the class prototypes; -1 for classes without texts, so that
-- they are never predicted.
function VSE:class_cosines(e)
  if not self.prototypes then check.fail("class_cosines", "the model has no classes") end
  local absent = self.prototypes:abs():sum(2):eq(0):unsqueeze(1)
  return e:normalize():matmul(self.prototypes:t()):masked_fill(absent, -1)
end

--- Class probabilities [B,C] of images (or of a batch) from the shared embedding alone, by the
-- readout of fit_readout or the names of set_classes.
function VSE:classify_image(images)
  local v = self:encode_image(images)
  return readout.logits(self, v, "classify_image"):softmax(2)
end

--- The options of one in a model folder of version 1.
VSE.version_1 = {norm = false}

use.of_pairs(VSE)

return VSE
