-- Boxes and landmarks as inputs: RegionEncoder's positions and LandmarkEncoder.
local vs = require "vesper"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"
local toy = require "spec.support.toy"
local with = require "spec.support.with"

local models = vs.models
local NAMES = {"Baseline", "VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection", "DPM"}

-- Boxes x1 < x2, y1 < y2 for the regions of a batch.
local function boxes_for(batch, seed)
  vs.manual_seed(seed or 8)
  local n, R = batch.regions.shape[1], batch.regions.shape[2]
  local corner = vs.rand(n, R, 2) * 0.5
  return vs.cat({corner, corner + 0.1 + vs.rand(n, R, 2) * 0.4}, 3)
end

local function placed(counts)
  local batch = toy.with_regions(toy.pictures(6), counts)
  return with(batch, {boxes = boxes_for(batch)})
end

-- toy.padded, with boxes for the two regions that it adds.
local function padded(batch)
  local more = toy.padded(batch)
  more.boxes = vs.cat({more.boxes, vs.full({#more.label, 2, 4}, 9)}, 2)
  return more
end

describe("positions of regions from boxes", function()
  teardown(temp.remove)

  it("are a linear map of box, size and area, added to the regions", function()
    local encoder = models.RegionEncoder(4, {region_width = 2, positions = "boxes"})
    local weight = {{1, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 10, 100}}
    encoder.place:load_state_dict{weight = vs.tensor(weight), bias = vs.tensor{0, 0.5}}
    local boxes = vs.tensor{{{0.25, 0.5, 0.75, 0.75}, {0, 0, 1, 1}}}
    local v, U, counts = encoder(vs.zeros(1, 2, 2), nil, boxes)
    local list = U[1]:tolist()
    for i, want in ipairs{{0.25, 0.5 + 2.5 + 12.5 + 0.5}, {0, 1 + 10 + 100 + 0.5}} do
      for c = 1, 2 do assert(math.abs(list[i][c] - want[c]) < 1e-5) end
    end
    toy.same(v, encoder.out(U:mean(2)))
    assert.is_nil(counts)
    assert.is_nil(models.RegionEncoder(4, {region_width = 2}).place)
  end)

  for _, name in ipairs(NAMES) do
    it("reach " .. name .. ", which learns them and does not see padded ones", function()
      for _, pooling in ipairs {"mean", "max", "gpo"} do
        local encoder = toy.region_encoder{pooling = pooling, positions = "boxes"}
        local model, batch = toy.new(name, {image = encoder}), placed()
        toy.check_step(model, batch)
        assert(encoder.place.weight.grad:abs():max():item() > 1e-6)
        local out = toy.outputs(model, batch)
        toy.same_outputs(out, toy.outputs(model, padded(batch)))
        local moved = toy.outputs(model, with(batch, {boxes = boxes_for(batch, 9)}))
        assert((out.v - moved.v):abs():max():item() > 1e-4)
      end
    end)
  end

  it("are nothing where there are no regions", function()
    local model = toy.new("CIM", {image = toy.region_encoder{positions = "boxes"}})
    local batch = placed {0, 2, 0, 5}
    local out = toy.outputs(model, batch)
    local other = batch.boxes:clone()
    other[1]:fill_(3)
    toy.same_outputs(out, toy.outputs(model, with(batch, {boxes = other})))
    for _, key in ipairs {"v", "t", "logits"} do assert(toy.finite(out[key]), key) end
  end)

  it("can be the only difference between images", function()
    -- the class is which of two boxes is the left one; the features say nothing else
    vs.manual_seed(2)
    local n, label, boxes = 24, {}, {}
    for i = 1, n do
      label[i] = i % 2 + 1
      local x = {0.1 + 0.01 * i, 0.6}
      if label[i] == 2 then x = {x[2], x[1]} end
      boxes[i] = {{x[1], 0.2, x[1] + 0.2, 0.5}, {x[2], 0.2, x[2] + 0.2, 0.5}}
    end
    local batch = {regions = vs.tensor{{{1, 0}, {0, 1}}}:expand{n, 2, 2}:contiguous(),
      region_count = vs.full({n}, 2):long(), boxes = vs.tensor(boxes),
      label = vs.tensor(label, {dtype = "int64"})}
    local function accuracy(positions)
      vs.manual_seed(1)
      local model = models.Baseline{classes = 2, width = 16, dropout = 0,
        image = models.RegionEncoder(16, {region_width = 2, hidden = 16, pooling = "max",
          positions = positions})}
      toy.train(model, batch, 150)
      return vs.metrics.accuracy(toy.outputs(model, batch).logits, batch.label)
    end
    assert.equal(50, accuracy())
    assert.equal(100, accuracy "boxes")
  end)

  it("are stored with the model", function()
    local model = toy.new("CIM", {image = toy.region_encoder{positions = "boxes"}})
    local folder = temp.folder() .. "/model"
    assert(models.save(model, folder))
    local again, batch = assert(models.load(folder)), placed()
    toy.same_outputs(toy.outputs(model, batch), toy.outputs(again, batch))
  end)

  it("need boxes", function()
    local encoder = toy.region_encoder{positions = "boxes"}
    local batch = toy.with_regions(toy.pictures(6))
    fails("RegionEncoder: boxes is nil, expected [6,5,4]: positions is 'boxes'",
      encoder.encode_batch, encoder, batch)
    fails("RegionEncoder: boxes is float32 [6,5,3], expected [6,5,4]", encoder.encode_batch,
      encoder, with(batch, {boxes = vs.rand(6, 5, 3)}))
    fails("RegionEncoder: positions is 'grid', expected boxes", models.RegionEncoder, 8,
      {positions = "grid"})
  end)
end)

describe("LandmarkEncoder", function()
  local function landmarks(n)
    vs.manual_seed(6)
    local state = vs.randint(0, 3, n, 4, 1):float()
    return vs.cat({vs.rand(n, 4, 2), state}, 3)
  end

  it("gives places, and does not see those of absent points", function()
    local encoder = models.LandmarkEncoder(5, {points = 4, hidden = 7})
    local one = vs.tensor{{{0, 1, 0}, {0.5, 0.75, 1}, {0.2, 0.3, 2}, {0.9, 0.9, 3}}}
    local v, U = encoder(one)
    assert.same({{{-1, 1, 1, 1}, {0, 0.5, 0, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}}}, U:tolist())
    assert.same({1, 5}, v.shape)
    one[1][3][1]:fill_(0.8)
    one[1][4][2]:fill_(0.1)
    assert.same(v:tolist(), (encoder(one)):tolist())
    one[1][1][1]:fill_(0.3)
    assert.are_not.same(v:tolist(), (encoder(one)):tolist())
  end)

  it("is an input beside a CNN, and learns", function()
    for _, name in ipairs(NAMES) do
      vs.manual_seed(1)
      local points = models.LandmarkEncoder(toy.WIDTH, {points = 4})
      local model = toy.new(name, {channels = nil, image = models.JoinedEncoder{
        models.SmallCNN(toy.WIDTH, {channels = {4}}), points}})
      local batch = with(toy.pictures(6), {landmark = landmarks(6)})
      toy.check_step(model, batch)
      assert(points.mlp[1].weight.grad:abs():max():item() > 1e-7, name)
      toy.same_outputs(toy.outputs(model, batch), toy.outputs(model, toy.padded(batch)))
    end
  end)

  it("checks what it gets", function()
    fails("LandmarkEncoder: points is missing, expected an integer", models.LandmarkEncoder, 8)
    local encoder = models.LandmarkEncoder(5, {points = 4})
    fails("LandmarkEncoder: landmark is float32 [2,3,3], expected [B,4,3]", encoder,
      vs.rand(2, 3, 3))
    fails("LandmarkEncoder: the batch has no landmark", encoder.encode_batch, encoder,
      toy.pictures(2))
  end)
end)
