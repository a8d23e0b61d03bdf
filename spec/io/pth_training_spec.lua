-- Checkpoints of training scripts, with objects of other classes beside the state dictionary
-- (spec/fixtures/pth/training*.pth, made by spec/golden/pth_files.py).
local vs = require "vesper"

local function fixture(name) return "spec/fixtures/pth/" .. name .. ".pth" end

describe("vs.load_pth with a key", function()
  it("skips objects beside the entry, and refuses them by name inside", function()
    for _, name in ipairs {"training", "training_old", "training_protocol4"} do
      local options = {key = "model", strip_prefix = "module."}
      local t, values = assert(vs.load_pth(fixture(name), options))
      assert.same({}, values)
      local plain = {}
      for key, x in pairs(t) do plain[key] = {x.dtype, x:tolist()} end
      assert.same({
        ["fc.weight"] = {"float32", {{1, 2}, {3, 4.5}}}, ["fc.bias"] = {"float32", {0.5, 0.5}},
        rows = {"int64", {{0, 1, 2}, {0, 1, 2}}}, columns = {"int64", {{0, 0, 0}, {1, 1, 1}}},
        int8 = {"int64", {-128, 127, -1}}, int16 = {"int64", {-32768, 32767, -2}},
      }, plain)
      t = assert(vs.load_pth(fixture(name), {key = "model"}))
      assert.same({0.5, 0.5}, t["module.fc.bias"]:tolist())
      local function says(key, part)
        local none, message = vs.load_pth(fixture(name), {key = key})
        assert.is_nil(none)
        assert(message:find(part, 1, true), message)
      end
      says("opt", "names argparse.Namespace, which is not part of a state dict")
      says("best_rsum", "names numpy.core.multiarray.scalar")
      says("counts", "names collections.defaultdict")
      says("sets", name == "training_protocol4" and "the value of opcode EMPTY_SET"
        or "names __builtin__.set")
      says("other", "tensor '0' is over a ComplexFloatStorage, for which there is no dtype")
      says(nil, "names argparse.Namespace")
    end
  end)
end)
