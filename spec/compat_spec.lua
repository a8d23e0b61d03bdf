-- Files that released versions wrote (spec/support/compat.lua) are read by this one, with the same
-- results: docs/CONTRIBUTING.md says what is promised.
local vs = require "vesper"
local compat = require "spec.support.compat"
local temp = require "spec.support.temp"

local function near(a, b)
  assert.same(b.shape, a.shape)
  assert((a - b):abs():max():item() < 1e-4)
end

for _, version in ipairs {"0.2"} do
  local folder = "spec/fixtures/" .. version

  describe("files of vesper " .. version, function()
    local data, outputs = folder .. "/data.h5", assert(vs.load(folder .. "/outputs.safetensors"))
    teardown(temp.remove)

    it("are data sets that open", function()
      local set = assert(vs.data.open(data, "train"))
      assert.equal(8, #set)
      assert.same({"hat", "<cup>"}, set:classes())
      assert.equal("a blue cup & more", set:text(1))
      assert.same({8, 3, 16, 16}, vs.data.Loader(set, {batch_size = 8}):batches()().image.shape)
    end)

    it("are models that compute the same", function()
      local model = assert(vs.models.load(folder .. "/model"))
      local now = compat.outputs(model, data)
      near(now.texts, outputs.texts)
      near(now.images, outputs.images)
      assert.same({"hat", "<cup>"}, model.about.classes)
    end)

    it("are checkpoints that training goes on from", function()
      local parts = compat.parts(data, 7)
      local found = assert(vs.checkpoint.load(folder .. "/checkpoint", parts))
      assert.equal(compat.EPOCH, found.epoch)
      assert.equal(compat.EPOCH + 1, found.next_epoch)
      assert.same({rsum = 1.5}, found.best)
      assert.near(0.01 * 0.5 ^ compat.EPOCH, parts.optimizer.lr, 1e-9)
      assert(compat.train(parts) < 0.8) -- 0.46; from new weights it is above 1
      local model = parts.model:describe{vocab = vs.data.open(data, "train"):vocab(),
        image_size = 16, classes = {"hat", "<cup>"}}
      local own = temp.folder() .. "/model"
      assert(vs.models.save(model, own))
      assert(vs.models.load(own))
    end)

    it("are tensors", function()
      assert.same({{1, 2, 3}}, assert(vs.npy.load(folder .. "/counts.npy")):tolist())
      assert.same({#compat.TEXTS, 16}, outputs.texts.shape)
    end)
  end)
end
