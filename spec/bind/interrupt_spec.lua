-- Ctrl-C: what is running is stopped with an error, and all goes on afterwards. Each program runs
-- in a process of its own, to which a child sends SIGINT.
local lua = require "spec.support.process".lua
local process = require "spec.support.process"
local temp = require "spec.support.temp"

local PRELUDE = [[
local vs = require "vesper"
local core = require "vesper.core"
local own = io.open "/proc/self/stat":read "n"
-- Calls fn again and again; SIGINT comes after `delay` seconds. Returns the message.
local function stopped(fn, delay)
  os.execute(("(sleep %g; kill -INT %d) &"):format(delay or 0.3, own))
  local ok, why = pcall(function() while true do fn() end end)
  assert(not ok)
  collectgarbage()
  collectgarbage()
  return why
end
core._catch_interrupt(MODE or "session")
]]

describe("SIGINT", function()
  it("stops a loop of Lua", function()
    assert.matches("interrupted", lua(PRELUDE .. "print(stopped(function() end))"))
  end)

  it("stops ops, again and again, and leaves no memory behind", function()
    lua(PRELUDE .. [[
      local x = vs.randn(600, 600)
      local image, conv = vs.randn(4, 16, 64, 64), vs.nn.Conv2d(16, 16, 3)
      local heads = vs.randn(2, 4, 256, 32)
      local words, lengths = vs.randn(8, 20, 16), vs.full({8}, 20):long()
      local rnn = vs.nn.LSTM(16, 32)
      local loops = {
        function() return x:matmul(x) end,
        function() return x:sort(2) end,
        function() return x:topk(5, 2) end,
        function() conv(image):sum():backward() end,
        function() return vs.nn.functional.scaled_dot_product_attention(heads, heads, heads) end,
        function() local _, h = rnn(words, lengths) h:sum():backward() end,
      }
      for _, loop in ipairs(loops) do
        loop()
        loop()
        collectgarbage()
        local live = vs.memory().live
        for _ = 1, 3 do
          local why = stopped(loop, 0.15)
          assert(why:find "interrupted$", why)
          assert(vs.memory().live == live, vs.memory().live .. " " .. live)
        end
      end
      local y = vs.ones(2, 2):matmul(vs.ones(2, 2))
      assert(y:eq(2):all())]])
  end)

  it("gives the op's name and the place in the script", function()
    local why = lua(PRELUDE .. [[
      local x = vs.randn(3000, 3000)
      print(stopped(function() return x:matmul(x) end))]])
    assert.matches("%d+: matmul: interrupted", why)
  end)

  it("stops ops in a coroutine", function()
    assert.matches("interrupted", lua(PRELUDE .. [[
      local x = vs.randn(300, 300)
      local loop = coroutine.wrap(function() while true do local _ = x:matmul(x) end end)
      print(stopped(loop))]]))
  end)

  it("never leaves running statistics or an op in place half done", function()
    lua(PRELUDE .. [[
      local norm = vs.nn.BatchNorm2d(8)
      local image, ones = vs.randn(8, 8, 64, 64), vs.ones(1 << 20)
      local times = 0
      for _ = 1, 5 do
        stopped(function() norm(image) end, 0.1)
        assert(norm.running_mean:eq(norm.running_mean):all())
        stopped(function() ones:add_(1) times = times + 1 end, 0.1)
        assert(ones:min():item() == ones:max():item())
      end]])
  end)

  it("stops a loop over a loader with workers, which can be used again", function()
    lua(PRELUDE .. [[
      local set = vs.data.TensorDataset{x = vs.randn(4000, 64), label = vs.ones(4000):long()}
      local loader = vs.data.Loader(set, {batch_size = 2, shuffle = true, seed = 1, workers = 2})
      for _ = 1, 3 do
        local why = stopped(function() for _ in loader do end end, 0.1)
        assert(why:find "interrupted$", why)
      end
      local n = 0
      for batch in loader do n = n + #batch.label end
      assert(n == 4000)]])
  end)

  it("stops training; the checkpoint is whole, and training resumes", function()
    lua(PRELUDE .. [[
      local folder = assert(io.popen "mktemp -d":read "l")
      local Net = vs.nn.Module:extend "Net"
      function Net:init() self.layer = vs.nn.Linear(16, 2) end
      function Net:forward(batch) return {logits = self.layer(batch.x)} end
      function Net:loss(batch)
        return vs.nn.functional.cross_entropy(self(batch).logits, batch.label)
      end
      local set = vs.data.TensorDataset{x = vs.randn(400, 16), label = vs.ones(400):long()}
      local train = vs.data.Loader(set, {batch_size = 4, shuffle = true, seed = 1, workers = 2})
      local val = vs.data.Loader(set, {batch_size = 100})
      local function fit(epochs)
        local net = Net()
        local optimizer = vs.optim.Adam(net:parameters(), {lr = 0.01})
        return vs.train.fit(net, {train = train, val = val, optimizer = optimizer, quiet = true,
          epochs = epochs, checkpoint = folder .. "/run", resume = true,
          score = function() return 0 end})
      end
      for _ = 1, 3 do
        local why = stopped(function() fit(100000) end, 0.4)
        assert(why:find "interrupted$", why)
      end
      local done = assert(vs.checkpoint.load(folder .. "/run", {})).extra.history
      assert(#done > 0)
      assert(#fit(#done + 1) == #done + 1)
      local left = io.popen("ls -A " .. folder):read "a"
      assert(left == "run\n", left)
      os.execute("rm -rf " .. folder)]])
  end)

  -- os.execute would ignore the signal while it waits.
  it("is as the system has it before a program asks for it", function()
    local ignored = tonumber(temp.read "/proc/self/status":match "SigIgn:%s*(%x+)", 16) & 2
    if ignored ~= 0 then return pending "SIGINT is ignored here" end
    local ok, said = process.run [[lua5.4 -e '
      require "vesper"
      os.execute("(sleep 0.2; kill -INT " .. io.open "/proc/self/stat":read "n" .. ") &")
      while os.clock() < 20 do end
      print "alive"' 2>&1]]
    assert(not ok and not said:find "alive", said)
  end)

  it("ends a script the second time, where the first was not noticed", function()
    local ok, said = process.run [[lua5.4 -e '
      local core = require "vesper.core"
      core._catch_interrupt "script"
      local own = io.open "/proc/self/stat":read "n"
      io.popen(("kill -INT %d; sleep 0.2; kill -INT %d"):format(own, own)):close()
      print "alive"' 2>&1]]
    assert(not ok and not said:find "alive", said)
  end)
end)
