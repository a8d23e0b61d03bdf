-- Checkpoints: what they hold, and what happens when they do not fit.  checkpoint_broken_spec.lua
-- has those that are damaged or were stopped.
local vs = require "vesper"
local run = require "spec.support.run_parts"
local temp = require "spec.support.temp"

local nn, optim, data, checkpoint = vs.nn, vs.optim, vs.data, vs.checkpoint
local make, step, state_of, refused = run.make, run.step, run.state_of, run.refused

describe("checkpoint", function()
  local folder
  before_each(function() folder = temp.folder() .. "/run" end)
  teardown(temp.remove)

  it("restores model, optimizer, loader and random state", function()
    local a, b = make(), make()
    vs.manual_seed(3)
    for batch in a.loader do
      step(a, batch.x)
      if a.loader:state().batch == 2 then break end
    end
    a.optimizer.lr = 0.1
    assert.is_true(checkpoint.save(folder, {model = a.model, optimizer = a.optimizer,
      loader = a.loader, epoch = 4, best = 0.1}))
    local want = state_of(a)
    vs.randn(3)
    step(b, vs.randn(5, 3))
    assert.not_equal(want, state_of(b))
    local found = assert(checkpoint.load(folder, b))
    assert.equal(want, state_of(b))
    assert.equal(4, found.epoch)
    assert.equal(1, found.next_epoch) -- the loader stands in its first pass
    assert.equal(0.1, found.best)
    local rest = {}
    for batch in b.loader do rest[#rest + 1] = #batch.x end
    assert.same({3, 1}, rest)
  end)

  it("restores a schedule and averages of weights", function()
    local function made(width)
      local parts = make(width)
      parts.schedule = optim.lr_scheduler.StepLR(parts.optimizer, {step_size = 1, gamma = 0.5})
      parts.ema = optim.EMA(parts.model, {decay = 0.75, warmup = true})
      return parts
    end
    local function text_of(ema)
      local dict, list = ema:state_dict(), {}
      for name, tensor in pairs(dict.state) do
        list[#list + 1] = name .. vs.io.json_encode {tensor:reshape(-1):tolist()}
      end
      table.sort(list)
      return table.concat(list, "\n") .. dict.decay .. dict.updates .. tostring(dict.warmup)
    end
    local a, b = made(), made()
    vs.manual_seed(3)
    for _ = 1, 3 do
      step(a, vs.randn(5, 3))
      a.schedule:step()
      a.ema:update()
    end
    assert(checkpoint.save(folder, a))
    b.ema.decay = 0.5
    assert(checkpoint.load(folder, b))
    assert.equal(state_of(a), state_of(b))
    assert.equal(text_of(a.ema), text_of(b.ema))
    assert.equal(3, b.schedule.last_epoch)
    assert.equal(0.125 / 8, b.optimizer.lr)

    -- averages of another shape: nothing is changed, whatever came before them
    local before = text_of(b.ema)
    local other = made(6).ema
    step(b, vs.randn(5, 3))
    refused(folder, {model = b.model, optimizer = b.optimizer, loader = b.loader, ema = other,
      schedule = b.schedule}, "nothing was changed", "0.weight is [4,3], expected [6,3]")
    assert.equal(before, text_of(b.ema))
    assert(checkpoint.save(folder, {model = a.model}))
    refused(folder, b, "has no schedule", "has no ema", "has no optimizer")
    local ok, message = pcall(checkpoint.save, folder, {ema = 3})
    assert.is_false(ok)
    assert.matches("ema is a number, expected an object with state_dict", message, 1, true)
  end)

  it("keeps random states of 64 bits", function()
    local state = {seed = math.mininteger + 1, counter = -1}
    vs.set_rng_state(state)
    assert(checkpoint.save(folder, {}))
    vs.manual_seed(1)
    assert(checkpoint.load(folder))
    assert.same(state, vs.get_rng_state())
    vs.manual_seed(1)
  end)

  it("keeps the script's own values, tensors in them too", function()
    local extra = {n = math.maxinteger, low = math.mininteger, tenth = 0.1, whole = 2.0, [3] = "x",
      [2.5] = true, list = {1, {2}, "three"}, empty = {}, bytes = "\0\255", inf = math.huge,
      holes = {[1] = "a", [4] = "d"}, ["$pairs"] = 1, ["a\0b"] = 2, text = "zwölf \0"}
    local t = vs.tensor({{1, 2}, {3, 4}}, {dtype = "int64"})
    assert(checkpoint.save(folder, {best = -math.huge,
      extra = {own = extra, t = t:t(), ["t "] = vs.ones(1)}}))
    local found = assert(checkpoint.load(folder, {}))
    assert.same(extra, found.extra.own)
    assert.equal("float", math.type(found.extra.own.whole))
    assert.equal("integer", math.type(found.extra.own.n))
    assert.same({{1, 3}, {2, 4}}, found.extra.t:tolist())
    assert.equal("int64", found.extra.t.dtype)
    assert.same({1}, found.extra["t "]:tolist())
    assert.equal(-math.huge, found.best)
    assert(checkpoint.save(folder, {best = 0 / 0}))
    local best = checkpoint.load(folder, {}).best
    assert.not_equal(best, best)
  end)

  it("refuses what it cannot hold, and leaves the old one", function()
    assert(checkpoint.save(folder, {epoch = 1}))
    local function fails(want, parts)
      local ok, message = pcall(checkpoint.save, folder, parts)
      assert.is_false(ok)
      assert.matches(want, message, 1, true)
    end
    local circle = {}
    circle.circle = circle
    fails("extra.a.2 is a function, expected a number, string", {extra = {a = {1, print}}})
    fails("extra.net is a userdata", {extra = {net = nn.Linear(1, 1)}})
    fails("extra is an object, expected a plain table", {extra = nn.Sequential{}})
    fails("nested in more than 100 tables, or contains itself", {extra = circle})
    fails("a table with a table as key", {extra = {[circle] = 1}})
    fails("unknown entry 'optimiser'", {optimiser = 1})
    fails("epoch is 1.5, expected an integer", {epoch = 1.5})
    fails("model is a table, expected an object with state_dict", {model = {}})
    for _, name in ipairs {"", "/", ".", "a/.."} do
      local ok, message = pcall(checkpoint.save, name, {})
      assert.is_false(ok)
      assert.matches("expected the name of a folder", message, 1, true)
    end
    assert.same({"run"}, temp.list(folder:match "(.*)/"))
    assert.equal(1, checkpoint.load(folder).epoch)
  end)

  it("says so where there is none, or no place for one", function()
    assert.is_false(checkpoint.exists(folder))
    local found, message = checkpoint.load(folder, {})
    assert.is_nil(found)
    assert.equal(folder .. ": is not a checkpoint", message)
    local ok, why = checkpoint.save(folder .. "/none/run", {})
    assert.is_nil(ok)
    assert.matches("none/run.new: cannot make: No such file", why, 1, true)
    temp.write(folder, "a file")
    ok, why = checkpoint.save(folder, {})
    assert.is_nil(ok)
    assert.matches("run: is not a folder", why, 1, true)
  end)

  it("never replaces a folder that holds something else", function()
    temp.subfolder(folder)
    temp.write(folder .. "/thesis.tex", "years")
    local ok, why = checkpoint.save(folder, {})
    assert.is_nil(ok)
    assert.matches("run: contains 'thesis.tex', which vesper did not write: not replaced", why, 1,
      true)
    assert.same({"thesis.tex"}, temp.list(folder))
    assert.same({"run"}, temp.list(folder:match "(.*)/"))
  end)

  describe("that does not fit", function()
    local parts
    before_each(function()
      parts = make()
      step(parts, vs.randn(5, 3))
      assert(checkpoint.save(folder, parts))
    end)

    it("lists what is missing, unexpected and mismatched", function()
      local other = make(5)
      refused(folder, other, folder .. ": the checkpoint does not fit",
        "weights.safetensors: mismatched: 0.bias is float32 [4], expected float32 [5], 0.weight",
        "optimizer.safetensors: mismatched: 1.1.exp_avg is float32 [4")
      other = make()
      other.model = nn.Sequential{other.model[1], nn.ReLU(), other.model[3], nn.Linear(2, 2)}
      refused(folder, other, "weights.safetensors: missing: 3.bias, 3.weight",
        "unexpected: 1.bias, 1.num_batches_tracked, 1.running_mean, 1.running_var, 1.weight")
    end)

    it("names another optimizer, other groups, other settings", function()
      local other = make()
      other.optimizer = optim.SGD(other.model:parameters(), {lr = 1})
      refused(folder, other, "state.json: the optimizer is Adam, expected SGD")
      local list = other.model:parameters()
      other.optimizer = optim.Adam({{params = {list[1]}}, {params = {list[2]}}}, {lr = 1})
      refused(folder, other, "state.json: the optimizer has 1 groups, expected 2")
      other.optimizer = optim.Adam({list[1], list[2]}, {lr = 1})
      refused(folder, other, "state.json: unexpected: steps of parameters 1.3, 1.4, 1.5, 1.6",
        "optimizer.safetensors: unexpected: 1.3.exp_avg")
    end)

    it("names another loader", function()
      local other = make()
      other.loader = data.Loader(other.loader.set, {batch_size = 5, shuffle = true})
      refused(folder, other, "state.json: batch_size of loader 'loader' is 3, expected 5")
      other.loader = data.Loader(other.loader.set, {batch_size = 3, shuffle = true, flip = 0.5})
      refused(folder, other, "state.json: flip of loader 'loader' is 0.0, expected 0.5")
      assert.matches("has no loader 'val'", select(2, checkpoint.load(folder,
        {loader = {loader = parts.loader, val = parts.loader}})), 1, true)
    end)

    it("lacks what is asked for", function()
      assert(checkpoint.save(folder, {}))
      refused(folder, make(), "state.json: has no model", "state.json: has no optimizer",
        "state.json: has no loader 'loader'")
      local schedule = {state_dict = function() return {} end}
      assert.matches("state.json: has no schedule",
        select(2, checkpoint.load(folder, {schedule = schedule})), 1, true)
    end)

    it("is put back when a part refuses its state", function()
      parts.schedule = {count = 1,
        state_dict = function(self) return {count = self.count} end,
        load_state_dict = function(self, dict)
          self.count = dict.count
          if dict.count == 2 then error "not today" end
        end}
      parts.schedule.count = 2
      assert(checkpoint.save(folder, parts))
      local other = make()
      other.schedule = parts.schedule
      other.schedule.count = 1
      refused(folder, other, "not today")
      assert.equal(1, other.schedule.count)
    end)
  end)
end)
