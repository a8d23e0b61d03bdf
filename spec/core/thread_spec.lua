-- The pool of threads: who waits how, forks, several states, bits, requests to stop; and how many
-- threads there are at first.
local vs = require "vesper"
local core = require "vesper.core"
local process = require "spec.support.process"

-- Calls fn(seconds it has run) until it returns true; fails after `limit` seconds.
local function eventually(limit, fn)
  local start = vs.now()
  repeat
    if fn() then return end
  until vs.now() - start > limit
  error(("not within %g s"):format(limit), 2)
end

local function wait(seconds)
  local till = vs.now() + seconds
  repeat until vs.now() >= till
end

-- Nanoseconds that each thread of this process but the calling one has run so far.
local function run_times()
  local own = io.open "/proc/self/stat":read "n"
  local pipe = io.popen(("ls /proc/%d/task"):format(own))
  local times = {}
  for id in pipe:lines() do
    local file = id ~= tostring(own) and io.open(("/proc/%d/task/%s/schedstat"):format(own, id))
    if file then
      times[id] = file:read "n"
      file:close()
    end
  end
  pipe:close()
  return times
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

-- Work of most kinds that is cut into pieces; a checksum of all its results.
local WORK = [[
local vs = require "vesper"
local step = 0.1
local function made(...)
  local n = 1
  for _, size in ipairs {...} do n = n * size end
  step = step + 0.17
  return (vs.arange(1, n) * step):sin():reshape(...)
end
local function work() -- without random numbers: states share the generator
  local out = {}
  step = 0.1
  local function add(t) out["t" .. #out + 1], out[#out + 1] = t:detach(), true end
  local x = made(67, 33, 48):requires_grad_()
  local norm = vs.nn.LayerNorm(48)
  local bias = made(33, 33):requires_grad_()
  local h = norm(x)
  local y = vs.scaled_dot_product_attention(h, h, h, nil, bias, {num_heads = 2})
  y:square():mean():backward()
  for _, t in ipairs {y, x.grad, bias.grad, norm.weight.grad, norm.bias.grad} do add(t) end
  for _, stride in ipairs {1, 2} do
    local image = made(9, 6, 29, 31):requires_grad_()
    local conv = vs.nn.Conv2d(6, 20, 3, {stride = stride, padding = 1})
    conv:load_state_dict {weight = made(20, 6, 3, 3), bias = made(20)}
    local batch = vs.nn.BatchNorm2d(20)
    batch(conv(image)):relu():square():mean():backward()
    add(image.grad)
    for _, layer in ipairs {conv, batch} do add(layer.weight.grad) add(layer.bias.grad) end
  end
  local a, b = made(200, 300):requires_grad_(), made(300, 170):requires_grad_()
  local z = a:matmul(b):softmax(1):sum(2)
  z:square():sum():backward()
  for _, t in ipairs {z, a.grad, b.grad, a:exp():tanh()} do add(t) end
  for i = #out, 1, -1 do out[i] = nil end
  local path = os.tmpname()
  assert(vs.save(path, out))
  local file = io.open(path, "rb")
  local sum = require "vesper.core"._crc32c(file:read "a")
  file:close()
  os.remove(path)
  return tostring(sum)
end
]]

describe("threads", function()
  local before
  setup(function() before = vs.get_num_threads() end)
  teardown(function() vs.set_num_threads(before) end)
  before_each(function() vs.set_num_threads(3) end)

  local x = vs.randn(300, 300)

  it("sleep 5 ms after the last op", function()
    assert(x:matmul(x):exp():sum():item() ~= 0)
    assert(count(run_times()) >= 2)
    eventually(30, function() -- beside other programs a thread may not even come to sleep in 5 ms
      local _ = x:matmul(x):exp():sum(1)
      wait(0.005)
      local first = run_times()
      wait(0.02)
      local again = run_times()
      for id, time in pairs(first) do
        if again[id] ~= time then return false end
      end
      return true
    end)
  end)

  it("are as many as were asked for, in products too", function()
    process.lua [[
      local vs = require "vesper"
      local function tasks()
        local own, n = io.open "/proc/self/stat":read "n", 0
        local pipe = io.popen(("ls /proc/%d/task"):format(own))
        for _ in pipe:lines() do n = n + 1 end
        pipe:close()
        return n
      end
      vs.set_num_threads(1)
      local x, small = vs.randn(700, 700), vs.randn(3, 3)
      local function with(threads)
        vs.set_num_threads(threads)
        local _ = small:matmul(small), x:matmul(x), x:exp():sum(1)
        return tasks()
      end
      local before = tasks()
      assert(with(1) == before)
      local two = with(2) -- a sanitizer's own thread begins with the first
      assert(two > before and with(4) == two + 2 and with(2) == two + 2)]]
  end)

  it("compute in a forked child, and afterwards in the parent", function()
    local want = x:matmul(x)
    for _ = 1, 5 do
      assert.is_true(core._forked(function()
        for _ = 1, 3 do
          if not x:matmul(x):eq(want):all() then return false end
        end
        return x:exp():sum():item() > 0 and count(run_times()) >= 2
      end))
      assert(x:matmul(x):eq(want):all())
    end
  end)

  it("serve several states at once, and outlive them", function()
    for _ = 1, 2 do
      local results = core._in_states(6, WORK .. [[
        vs.set_num_threads(3)
        local first = work()
        for _ = 1, 3 do assert(work() == first) end
        return first]])
      for i = 2, #results do assert.equal(results[1], results[i]) end
      assert.matches("^%d+$", results[1])
    end
    assert(x:matmul(x):sum():item() ~= 0)
  end)

  it("give the same bits twenty times, beside a busy process", function()
    local pipe = io.popen "sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $!"
    local busy = pipe:read "n"
    pipe:close()
    local ok, why = pcall(process.lua, WORK .. [[
      for _, threads in ipairs {2, 3} do
        vs.set_num_threads(threads)
        local first = work()
        for i = 1, 10 do assert(work() == first, "differs in run " .. i) end
      end]])
    os.execute("kill " .. busy)
    assert(ok, why)
  end)

  it("give the same bits whatever their number, but where OpenBLAS multiplies", function()
    local isa = vs.build.isa
    if vs.build.real == "double" or isa == "generic" or isa == "avx2" then return pending "BLAS" end
    process.lua(WORK .. [[
      vs.set_num_threads(1)
      local want = work()
      for _, threads in ipairs {2, 3, 5, 8} do
        vs.set_num_threads(threads)
        assert(work() == want, threads .. " threads differ")
      end]])
  end)

  it("stop inside a piece", function()
    process.lua [[
      local vs = require "vesper"
      local core = require "vesper.core"
      core._catch_interrupt "session"
      vs.set_num_threads(3)
      local x = vs.randn(200, 1000, 1000)
      local own = io.open "/proc/self/stat":read "n"
      for _ = 1, 3 do
        os.execute(("(sleep 0.2; kill -INT %d) &"):format(own))
        local ok, why = pcall(function() while true do x:matmul(x) end end)
        assert(not ok and tostring(why):find "interrupted", why)
        local y = vs.ones(100, 100):matmul(vs.ones(100, 100))
        assert(y:eq(100):all())
      end]]
  end)
end)

describe("the number of threads", function()
  it("is that of the processors that a cgroup leaves", function()
    for text, n in pairs {["max 100000\n"] = 0, ["100000 100000\n"] = 1, ["200000 100000\n"] = 2,
      ["150000 100000\n"] = 2, ["50000 100000"] = 1, ["1 1000000"] = 1, ["250000 50000\n"] = 5,
      [""] = 0, ["max"] = 0, ["100000"] = 0, ["-1 100000"] = 0, ["100000 0"] = 0, ["0 100000"] = 0,
      ["x 100000"] = 0, ["100000 max"] = 0, ["99999999999999999999 1"] = 1024} do
      assert.equal(n, core._cpus_of_quota(text), text)
    end
  end)

  it("knows the cgroup from /proc/self/cgroup", function()
    assert.equal("/user.slice/a b", core._cpus_cgroup "0::/user.slice/a b\n")
    assert.equal("", core._cpus_cgroup "0::/\n")
    assert.equal("/x", core._cpus_cgroup "12:cpu,cpuacct:/y\n1:name=systemd:/z\n0::/x\n")
    assert.is_nil(core._cpus_cgroup "12:cpu,cpuacct:/y\n10::/z\n")
    assert.is_nil(core._cpus_cgroup "")
    assert.equal("/abc", core._cpus_cgroup("0::/abc", 5))
    assert.is_nil(core._cpus_cgroup("0::/abc", 4))
  end)

  it("is what OMP_NUM_THREADS and OMP_THREAD_LIMIT say", function()
    for _, case in ipairs {{8, nil, nil, 8}, {8, "3", nil, 3}, {2, "5", nil, 5}, {8, "4,2", nil, 4},
      {8, " 3 ", nil, 3}, {8, "", nil, 8}, {8, "0", nil, 8}, {8, "-2", nil, 8}, {8, "x", nil, 8},
      {8, "3x", nil, 8}, {8, nil, "2", 2}, {8, "6", "4", 4}, {2, "6", "8", 6}, {0, nil, nil, 1},
      {8, "99999", nil, 1024}} do
      assert.equal(case[4], core._cpus_wanted(case[1], case[2], case[3]))
    end
    for n, want in pairs {[1] = "1", [3] = "3"} do
      local _, said = process.run(("OMP_NUM_THREADS=%d lua5.4 -e 'print(require(\"vesper\")"
        .. ".get_num_threads())'"):format(n))
      assert.equal(want, (said:gsub("%s+$", "")))
    end
  end)

  it("keeps to the processors of the affinity mask", function()
    local program = "env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT %s lua5.4 -e "
      .. "'print(require(\"vesper\").get_num_threads())'"
    local ok, said = process.run(program:format "taskset -c 0")
    if not ok then return pending "taskset does not run here" end
    assert.equal("1", (said:gsub("%s+$", "")))
    said = select(2, process.run(program:format ""))
    assert.equal(core._cpus(), math.tointeger(tonumber(said)))
  end)
end)
