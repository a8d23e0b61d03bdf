-- Gradients through the places of boxes and landmarks (lua/vesper/models/encoders.lua), by central
-- differences: in this folder, whose specs also run in double precision.
local vs = require "vesper"

describe("gradients of places", function()
  local function check(name, fn)
    it(name, function()
      if vs.build.real ~= "double" then return pending "needs the double build" end
      fn(require "spec.support.gradcheck")
    end)
  end

  check("of boxes and regions", function(gradcheck)
    for _, pooling in ipairs {"mean", "gpo"} do
      vs.manual_seed(1)
      local encoder = vs.models.RegionEncoder(3, {region_width = 4, pooling = pooling, hidden = 5,
        positions = "boxes"})
      local counts = vs.tensor({3, 1}, {dtype = "int64"})
      local boxes = vs.rand(2, 3, 4)
      gradcheck(vs, function(regions, places)
        local v, U = encoder(regions, counts, places)
        return v, U
      end, {vs.randn(2, 3, 4), boxes})
    end
  end)

  check("of parameters of the positions, in CIM", function(gradcheck)
    vs.manual_seed(1)
    local encoder = vs.models.RegionEncoder(8, {region_width = 4, positions = "boxes"})
    local intra = vs.models.IntraAttention(8, {region_width = 4, heads = 2, dropout = 0})
    local counts, boxes = vs.tensor({3, 1}, {dtype = "int64"}), vs.rand(2, 3, 4)
    local regions = vs.randn(2, 3, 4)
    local linear = vs.nn.functional.linear
    gradcheck(vs, function(weight, bias)
      local size = boxes:slice(3, 3, 4) - boxes:slice(3, 1, 2)
      local places = vs.cat({boxes, size, size:prod(3):unsqueeze(3)}, 3)
      local U = regions + linear(places, weight, bias)
      return (intra(U, counts))
    end, {encoder.place.weight:detach():clone(), encoder.place.bias:detach():clone()})
    -- and these are what the encoder computes
    local _, U = encoder(regions, counts, boxes)
    local size = boxes:slice(3, 3, 4) - boxes:slice(3, 1, 2)
    local places = vs.cat({boxes, size, size:prod(3):unsqueeze(3)}, 3)
    local want = regions + linear(places, encoder.place.weight, encoder.place.bias)
    assert((U - want):abs():max():item() < 1e-12)
  end)

  check("of landmarks", function(gradcheck)
    vs.manual_seed(1)
    local encoder = vs.models.LandmarkEncoder(3, {points = 2, hidden = 5})
    local state = vs.tensor{{{0}, {1}}, {{2}, {0}}}
    gradcheck(vs, function(place)
      local v, U = encoder(vs.cat({place, state}, 3))
      return v, U
    end, {vs.rand(2, 2, 2)})
  end)
end)
