-- Boxes and landmarks move with the images that a loader shifts and mirrors.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"

local H, W = 10, 8
local BOXES = {{0.25, 0.125, 0.5, 0.75}, {0, 0, 1, 1}, {0.75, 0.5, 0.875, 1}}
-- x, y, visibility: 0 visible, 1 hidden, 2 outside, 3 absent
local POINTS = {{0.25, 0.5, 0}, {0.75, 0.5, 1}, {0, 0, 3}, {0.5, 0.125, 0}, {0.03, 0.97, 0}}

local function near(want, got)
  assert.equal(#want, #got)
  for i, value in ipairs(want) do
    assert(math.abs(value - got[i]) < 1e-6, ("%s: %g, expected %g"):format(i, got[i], value))
  end
end

-- An image whose pixel (y, x) has the value of its place.
local function picture()
  return vs.arange(1, H * W):reshape({1, H, W}):expand(3, H, W):byte()
end

-- How an image made by picture was moved: dy, dx and whether it was mirrored.
local function movement(image)
  local function at(y, x) return image[1][y][x]:item() - 1 end
  local middle, beside = at(H // 2, W // 2), at(H // 2, W // 2 + 1)
  local mirror = beside < middle
  local dx = middle % W + 1 - (mirror and W + 1 - W // 2 or W // 2)
  return middle // W + 1 - H // 2, dx, mirror
end

local function moved_x(x, dx, mirror) return mirror and 1 - x + dx / W or x - dx / W end
local function cut(v) return math.max(0, math.min(1, v)) end

local function moved_box(box, dy, dx, mirror)
  local a, b = moved_x(box[1], dx, mirror), moved_x(box[3], dx, mirror)
  return {cut(math.min(a, b)), cut(box[2] - dy / H), cut(math.max(a, b)), cut(box[4] - dy / H)}
end

local function moved_point(point, dy, dx, mirror)
  if point[3] == 3 then return point end
  local x, y = moved_x(point[1], dx, mirror), point[2] - dy / H
  local outside = x < 0 or x > 1 or y < 0 or y > 1
  return {cut(x), cut(y), outside and 2 or point[3]}
end

describe("boxes and landmarks", function()
  local path, set
  setup(function()
    path = temp.folder() .. "/places.h5"
    local w = assert(data.Writer(path, {regions = 4, landmark_pairs = {{1, 2}, {5, 3}}}))
    for i = 1, 40 do
      local boxes = {table.unpack(BOXES, 1, i % 3 + 1)}
      assert(w:add("train", {image = picture(), boxes = vs.tensor(boxes), label = i,
        landmark = vs.tensor(POINTS)}))
    end
    assert(w:close())
    set = assert(data.open(path))
  end)
  teardown(temp.remove)

  it("are mirrored with the image, left and right exchanged", function()
    local b = data.Loader(set, {batch_size = 2, flip = 1, seed = 1}):batches()()
    near({0.5, 0.125, 0.75, 0.75}, b.boxes[1][1]:tolist())
    near({0, 0, 1, 1}, b.boxes[1][2]:tolist())
    assert.same({2, 3}, b.region_count:tolist())
    near({0.125, 0.5, 0.25, 1}, b.boxes[2][3]:tolist())
    for i = 1, 2 do -- rows beyond the count stay padding
      for row = i + 2, 4 do assert.same({0, 0, 0, 0}, b.boxes[i][row]:tolist()) end
    end
    local points = b.landmark[1]:tolist()
    near({0.25, 0.5, 1}, points[1])
    near({0.75, 0.5, 0}, points[2])
    near({0.97, 0.97, 0}, points[3])
    near({0.5, 0.125, 0}, points[4])
    near({0, 0, 3}, points[5])
  end)

  it("follow every shift, and are cut at the border", function()
    local outside, mirrored = 0, 0
    for _, workers in ipairs {0, 1, 3} do
      local loader = data.Loader(set, {batch_size = 7, shuffle = true, crop = 3, flip = 0.5,
        seed = 4, workers = workers})
      for b in loader do
        for i = 1, #b.index do
          local dy, dx, mirror = movement(b.image[i])
          assert(math.abs(dy) <= 3 and math.abs(dx) <= 3)
          mirrored = mirrored + (mirror and 1 or 0)
          for k = 1, b.region_count[i]:item() do
            local box = b.boxes[i][k]:tolist()
            near(moved_box(BOXES[k], dy, dx, mirror), box)
            assert(box[1] <= box[3] and box[2] <= box[4])
          end
          local order = mirror and {2, 1, 5, 4, 3} or {1, 2, 3, 4, 5}
          for k = 1, 5 do
            local point = b.landmark[i][k]:tolist()
            near(moved_point(POINTS[order[k]], dy, dx, mirror), point)
            outside = outside + (point[3] == 2 and 1 or 0)
          end
        end
      end
    end
    assert(outside > 30 and mirrored > 30 and mirrored < 90, outside .. " " .. mirrored)
  end)

  it("stay where they are without shift and mirror", function()
    for b in data.Loader(set, {jitter = 0.3, erase = 1, batch_size = 40, seed = 1}) do
      near(POINTS[5], b.landmark[7][5]:tolist())
      near(BOXES[1], b.boxes[7][1]:tolist())
    end
  end)

  it("move where they are read, with the image or not at all", function()
    local b = data.Loader(set, {fields = {"image", "boxes"}, flip = 1, batch_size = 2}):batches()()
    near({0.5, 0.125, 0.75, 0.75}, b.boxes[1][1]:tolist())
    assert.same({0, 0, 0, 0}, b.boxes[1][4]:tolist())
  end)

  it("of tensors and Lua functions move too", function()
    local images = picture():unsqueeze(1)
    local tensors = data.TensorDataset {image = images, boxes = vs.tensor(BOXES):unsqueeze(1),
      landmark = vs.tensor(POINTS):unsqueeze(1)}
    local lua = data.LuaDataset {size = 1, landmark_pairs = {{1, 2}}, get = function()
      return {image = images[1], boxes = vs.tensor(BOXES), landmark = vs.tensor(POINTS)}
    end}
    for i, source in ipairs {tensors, lua} do
      for b in data.Loader(source, {flip = 1}) do
        near({0.125, 0.5, 0.25, 1}, b.boxes[1][3]:tolist())
        near(i == 1 and {0.75, 0.5, 0} or {0.25, 0.5, 1}, b.landmark[1][1]:tolist())
      end
    end
    near(POINTS[1], tensors:batch({1}).landmark[1][1]:tolist())
    local wrong = data.TensorDataset {image = images, boxes = vs.tensor(BOXES)[1]:unsqueeze(1)}
    fails("only " .. vs.zeros(1).dtype .. " [B,N,4] moves with crop and flip", function()
      for _ in data.Loader(wrong, {flip = 1}) do end -- luacheck: ignore
    end)
    for b in data.Loader(wrong, {jitter = 0.5}) do near(BOXES[1], b.boxes[1]:tolist()) end
  end)

  it("are exchanged by the pairs of the file", function()
    assert.same({{1, 2}, {5, 3}}, set:landmark_pairs())
    assert.equal("0,1 4,2", set:attrs().landmark_pairs)
    assert.same({}, data.TensorDataset({x = vs.zeros(1)}):landmark_pairs())
    local out = temp.folder() .. "/plain.h5"
    dataset.write(out, 1)
    assert.same({}, assert(data.open(out)):landmark_pairs())
    assert.is_nil(assert(data.open(out)):attrs().landmark_pairs)
    local function refused(pairs_of, message)
      fails(message, data.Writer, out, {landmark_pairs = pairs_of})
    end
    refused("x", "Writer: landmark_pairs is a string, expected a list of pairs")
    refused({{1, 2}, {1}}, "Writer: entry 2 of landmark_pairs must be {left, right}")
    refused({{0, 1}}, "entry 1 of landmark_pairs must be {left, right}, integers from 1 to 99999")
    refused({{1, 1.5}}, "entry 1 of landmark_pairs")
    refused({{1, 2}, {3, 1}}, "Writer: landmark_pairs has point 1 twice")
    refused({{2, 2}}, "Writer: landmark_pairs has point 2 twice")
    local w = assert(data.Writer(out, {landmark_pairs = {{1, 3}}}))
    fails("image 1 of train: landmark has 2 points, landmark_pairs names point 3", w.add, w,
      "train", {image = dataset.picture(1), landmark = vs.zeros(2, 3)})
  end)

  it("refuses a file whose pairs are no pairs", function()
    for _, text in ipairs {"0,1 4,1", "0,1 4;2", "0,0 4,2", "a,1 4,2", "0,1 9,2", "       "} do
      local fixture = temp.write(temp.folder() .. "/pairs.h5",
        temp.read "spec/fixtures/io/pairs.h5") -- the old format of HDF5 has no checksums
      assert.same({{1, 2}, {5, 3}}, assert(data.open(fixture)):landmark_pairs())
      local broken, why = data.open(temp.patched(fixture, "0,1 4,2", text))
      assert.is_nil(broken)
      assert.matches(text == "0,1 9,2" and "train/landmark.*has 5 points.*names point 9"
        or "attribute landmark_pairs: expected pairs of positions", why)
    end
  end)
end)
