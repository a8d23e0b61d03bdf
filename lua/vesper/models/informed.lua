-- The text-informed image embedding: v' = LayerNorm(v + MLP([v; summary of the text])).
-- Classification uses v'; retrieval uses v, since the text of a gallery image is unknown.
local core = require "vesper.core"
local nn = require "vesper.nn"

local Informed = nn.Module:extend("Informed")

function Informed:init(width, dropout)
  self.mlp = nn.Sequential{nn.Linear(2 * width, width), nn.ReLU(), nn.Dropout(dropout or 0.1),
    nn.Linear(width, width)}
  self.norm = nn.LayerNorm(width)
end

--- v, summary [B,D] -> [B,D]
function Informed:forward(v, summary)
  return self.norm(v + self.mlp(core.cat({v, summary}, 2)))
end

return Informed
