-- Loops of the library over a loader: they end its workers when they are left by an error.
local vs = require "vesper"
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"

-- The threads of this process.
local function threads()
  local pipe = assert(io.popen "ls /proc/$PPID/task | wc -l")
  local count = tonumber(pipe:read "a")
  pipe:close()
  return count
end

describe("an error in a loop over a loader with workers", function()
  teardown(temp.remove)

  it("leaves no thread behind in evaluate and fit", function()
    local set = assert(vs.data.open(dataset.write(temp.folder() .. "/set.h5", 30), "train"))
    local loader = vs.data.Loader(set, {batch_size = 1, workers = 2})
    local Model, seen = vs.nn.Module:extend("Model"), 0
    function Model:init() self.net = vs.nn.Linear(1, 2) end
    function Model:forward(batch)
      seen = seen + 1
      if seen == 2 then error "stop" end
      local v = self.net(vs.ones(#batch.image, 1))
      return {v = v, logits = v}
    end
    function Model:loss(batch) return self(batch).logits:sum() end
    local model = Model()
    local before = threads()
    for batch in loader do
      if batch then break end
    end
    assert.equal(before + 2, threads()) -- they wait for the next loop
    loader:close()
    assert.equal(before, threads())
    assert.error_matches(function() vs.train.evaluate(model, loader) end, "stop")
    assert.equal(before, threads())
    seen = 0
    assert.error_matches(function()
      vs.train.fit(model, {train = loader, val = loader, epochs = 1, quiet = true,
        optimizer = vs.optim.SGD(model:parameters(), {lr = 0.1})})
    end, "stop")
    assert.equal(before, threads())
  end)
end)
