-- Random changes of images in the loader: what each does; workers and batches do not matter.
local vs = require "vesper"
local data = vs.data
local fails = require "spec.support.fails"

-- n images [3,h,w] of different random bytes.
local function pictures(n, h, w)
  vs.manual_seed(5)
  return data.TensorDataset {image = vs.randint(0, 255, n, 3, h, w):byte()}
end

-- One epoch as a list of images in the order of the set.
local function epoch(loader)
  local images = {}
  for batch in loader do
    for i, at in ipairs(batch.index:tolist()) do images[at] = batch.image[i]:clone() end
  end
  return images
end

local function equal(a, b) return a:eq(b):all() end

describe("augmentation", function()
  it("mirrors", function()
    local set = pictures(6, 4, 5)
    local plain = epoch(data.Loader(set, {batch_size = 4}))
    local mirrored = epoch(data.Loader(set, {batch_size = 4, flip = 1, seed = 1}))
    local backwards = vs.tensor({5, 4, 3, 2, 1}, {dtype = "int64"})
    for i = 1, 6 do
      assert.is_true(equal(mirrored[i], plain[i]:index_select(3, backwards)))
    end
    local half, count = epoch(data.Loader(pictures(400, 2, 3), {flip = 0.5, seed = 2})), 0
    local straight = epoch(data.Loader(pictures(400, 2, 3)))
    for i = 1, 400 do count = count + (equal(half[i], straight[i]) and 0 or 1) end
    assert(count > 160 and count < 240, count)
  end)

  it("shifts, and repeats the border", function()
    local plain = epoch(data.Loader(pictures(30, 6, 7)))
    local shifted = epoch(data.Loader(pictures(30, 6, 7), {crop = 2, seed = 3}))
    local moves = {}
    for i = 1, 30 do
      local found
      for dy = -2, 2 do
        for dx = -2, 2 do
          local rows, columns = {}, {}
          for y = 1, 6 do rows[y] = math.max(1, math.min(6, y + dy)) end
          for x = 1, 7 do columns[x] = math.max(1, math.min(7, x + dx)) end
          local want = plain[i]:index_select(2, vs.tensor(rows, {dtype = "int64"}))
            :index_select(3, vs.tensor(columns, {dtype = "int64"}))
          if equal(want, shifted[i]) then found = dy .. "," .. dx end
        end
      end
      assert(found, "image " .. i .. " is no shift of what it was")
      moves[found] = true
    end
    local kinds = 0
    for _ in pairs(moves) do kinds = kinds + 1 end
    assert(kinds > 10, kinds)
  end)

  it("jitters brightness, contrast and saturation within the factors", function()
    local grey = data.TensorDataset {image = vs.full({40, 3, 4, 4}, 100, {dtype = "uint8"})}
    local lowest, highest = 255, 0
    for _, image in ipairs(epoch(data.Loader(grey, {jitter = 0.3, seed = 4}))) do
      local low, high = image:min():item(), image:max():item()
      assert.equal(low, high) -- a flat picture has neither contrast nor saturation
      lowest, highest = math.min(lowest, low), math.max(highest, high)
    end
    assert(lowest >= 70 and lowest < 85 and highest <= 130 and highest > 115,
      lowest .. " " .. highest)
    local plain = epoch(data.Loader(pictures(3, 8, 8)))
    local changed = epoch(data.Loader(pictures(3, 8, 8), {jitter = 0.5, seed = 4}))
    for i = 1, 3 do assert.is_false(equal(plain[i], changed[i])) end
  end)

  it("erases a rectangle of 2 to 33 percent", function()
    local white = data.TensorDataset {image = vs.full({50, 3, 30, 20}, 255, {dtype = "uint8"})}
    local images = epoch(data.Loader(white, {erase = 1, seed = 5}))
    assert.equal(50, #images)
    for _, image in ipairs(images) do
      local gone = image:eq(0)
      local share = gone:sum():item() / 3 / 600
      assert(share >= 0.01 and share <= 0.36, share)
      local rows, columns = gone[1]:any(2):sum():item(), gone[1]:any(1):sum():item()
      assert.equal(gone[1]:sum():item(), rows * columns)
    end
  end)

  it("depends on seed, epoch and sample, not on workers, batches or order", function()
    local function run(options)
      options.crop, options.flip, options.jitter, options.erase = 3, 0.5, 0.4, 0.5
      local loader = data.Loader(pictures(20, 9, 8), options)
      return {epoch(loader), epoch(loader)}
    end
    local want = run {batch_size = 4, seed = 9}
    for _, options in ipairs {
      {batch_size = 4, seed = 9, workers = 2}, {batch_size = 7, seed = 9, workers = 1},
      {batch_size = 4, seed = 9, shuffle = true},
    } do
      local got = run(options)
      for e = 1, 2 do
        for i = 1, 20 do assert.is_true(equal(want[e][i], got[e][i])) end
      end
    end
    local other, same = run {batch_size = 4, seed = 10}, 0
    for i = 1, 20 do
      same = same + (equal(want[1][i], want[2][i]) and 1 or 0)
        + (equal(want[1][i], other[1][i]) and 1 or 0)
    end
    assert(same < 4, same)
  end)

  it("leaves the data set as it was", function()
    local images = vs.full({2, 3, 4, 4}, 9, {dtype = "uint8"})
    epoch(data.Loader(data.TensorDataset {image = images}, {erase = 1, seed = 1}))
    assert.is_true(images:eq(9):all())
  end)

  it("tells what cannot be", function()
    local set = pictures(2, 2, 2)
    fails("Loader: flip is 2, expected 0 to 1", data.Loader, set, {flip = 2})
    fails("Loader: crop is -1", data.Loader, set, {crop = -1})
    fails("expected 0 to 1", data.Loader, set, {erase = 0 / 0})
    local numbers = data.TensorDataset {x = vs.ones(3)}
    fails("Loader: the data set has no image", epoch, data.Loader(numbers, {flip = 1}))
    local floats = data.TensorDataset {image = vs.ones(3, 3, 2, 2)}
    fails("only uint8 [B,C,H,W]", epoch, data.Loader(floats, {flip = 1, workers = 1}))
  end)
end)
