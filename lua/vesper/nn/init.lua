-- vs.nn: layers, the base class of modules, containers, losses, attention, hooks, initialisation.
--
-- Layers are implemented in C (csrc/nn).  The files that are merged below return tables of public
-- classes and functions.
local core = require "vesper.core"
local module = require "vesper.nn.module"
local guard = require "vesper.util.guard"
local options = require "vesper.util.options"
local tables = require "vesper.util.tables"

local nn = tables.merge(core.layers, guard.part("nn", tables.merge(
  {Module = module.Module, Parameter = module.Parameter, summary = require "vesper.nn.summary"},
  require "vesper.nn.sequential", require "vesper.nn.losses", require "vesper.nn.attention",
  require "vesper.nn.transformer", (require "vesper.nn.pooling")))) -- require gives two values

nn.init = guard.part("nn.init", require "vesper.nn.initialise")

--- All ops of vs, as in PyTorch's torch.nn.functional.
nn.functional = setmetatable({}, {__index = core})

nn.utils = {clip_grad_norm_ = core.clip_grad_norm_, clip_grad_value_ = core.clip_grad_value_}

nn.Embedding = setmetatable(guard.part("nn.Embedding", {
  --- An Embedding with a copy of the table weight [V,D].  Options: freeze = true (default): not
  --- trained; padding_idx and sparse as in Embedding.
  from_pretrained = function(weight, given)
    local o = options.read("Embedding.from_pretrained", given, {freeze = true, sparse = false},
      {freeze = "boolean", sparse = "boolean", padding_idx = true})
    local layer = core.layers.Embedding(weight.shape[1], weight.shape[2],
      {padding_idx = o.padding_idx, sparse = o.sparse})
    core.no_grad(function() layer.weight:copy_(weight) end)
    if o.freeze then layer.weight:requires_grad_(false) end
    return layer
  end,
}), {__call = function(_, ...) return core.layers.Embedding(...) end})

nn.CosineSimilarity = module.Module:extend "CosineSimilarity"

--- cosine_similarity along dim.
function nn.CosineSimilarity:init(dim, eps)
  self.dim, self.eps = dim or 2, eps or 1e-8
end

function nn.CosineSimilarity:forward(x, y)
  return core.cosine_similarity(x, y, self.dim, self.eps)
end

guard.value("nn.CosineSimilarity", nn.CosineSimilarity)

return nn
