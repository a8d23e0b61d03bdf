-- vs.profile: exact counts and bytes by op, sums that add up, and how it ends.  No spec asserts how
-- long anything takes.
local vs = require "vesper"
local fails = require "spec.support.fails"

local nn, optim = vs.nn, vs.optim
local sanitized = os.getenv "ASAN_OPTIONS" ~= nil -- its blocks always come from the system

local function row(p, name, pass)
  for _, r in ipairs(p.rows) do
    if r.name == name and r.pass == pass then return r end
  end
end

-- {["relu forward"] = calls} of all rows but the remainder, and collections that may come.
local function calls(p)
  local counts = {}
  for _, r in ipairs(p.rows) do
    if r.calls > 0 and r.name ~= "garbage collection" then
      counts[r.name .. " " .. r.pass] = r.calls
    end
  end
  return counts
end

-- What one op touches.
local function bytes(name, pass, fn) return row(vs.profile(fn), name, pass).bytes end

-- What has to hold of every profile.
local function check(p)
  local seconds, share = 0, 0
  for i, r in ipairs(p.rows) do
    assert(r.seconds >= 0 and r.bytes >= 0 and r.allocated >= 0, r.name)
    assert(i == 1 or r.seconds <= p.rows[i - 1].seconds, r.name)
    seconds, share = seconds + r.seconds, share + r.share
  end
  assert(math.abs(seconds - p.seconds) < 1e-6, seconds .. " and " .. p.seconds)
  assert(math.abs(share - 1) < 1e-6, share)
  assert.equal(0, row(p, "Lua and the rest", "other").calls)
  return p
end

-- A profile that has seen nothing but one op: what ran before it was not counted.
local function is_off()
  assert.same({["exp forward"] = 1}, calls(vs.profile(function() return vs.ones(2):exp() end)))
end

local function small_net()
  local net = nn.Sequential {nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)}
  return net, optim.Adam(net:parameters(), {lr = 0.01})
end

local square = vs.autograd.Function {
  name = "square in Lua",
  forward = function(ctx, x)
    ctx.x = x
    return x * x
  end,
  backward = function(ctx, dy) return dy * ctx.x * 2 end,
}

describe("vs.profile", function()
  it("counts every op, step and sum of a training step", function()
    local net, opt = small_net()
    local x, label = vs.randn(5, 3), vs.randint(1, 2, 5)
    local function step()
      local loss = nn.functional.cross_entropy(net(x), label)
      loss:backward()
      optim.clip_grad_norm_(net:parameters(), 1)
      opt:step()
    end
    local once = {
      ["linear forward"] = 2, ["relu forward"] = 1, ["cross_entropy forward"] = 1,
      ["linear backward"] = 2, ["relu backward"] = 1, ["cross_entropy backward"] = 1,
      ["clip_grad_norm_ other"] = 1, ["Adam other"] = 1,
    }
    assert.same(once, calls(check(vs.profile(step))))
    once["sum of gradients backward"] = 4 -- those of the first step are still there
    assert.same(once, calls(check(vs.profile(step))))
    opt:zero_grad()
    local p = check(vs.profile(function()
      for _ = 1, 7 do
        step()
        opt:zero_grad()
      end
    end))
    assert.equal(14, calls(p)["linear backward"])
    assert.equal(7, calls(p)["Adam other"])
    assert.is_nil(calls(p)["sum of gradients backward"])
  end)

  it("counts functions written in Lua beside the ops inside them", function()
    local x = vs.ones(6):requires_grad_()
    local p = check(vs.profile(function() square(x):sum():backward() end))
    assert.same({["square in Lua forward"] = 1, ["square in Lua backward"] = 1,
      ["mul forward"] = 3, ["sum forward"] = 1, ["sum backward"] = 1,
      ["sum of gradients backward"] = 1}, calls(p)) -- a copy: Lua holds what backward returned
    assert.equal(0, row(p, "square in Lua", "forward").bytes)
  end)

  it("counts batches, samples and collections", function()
    local set = vs.data.TensorDataset {x = vs.randn(10, 2)}
    local p = check(vs.profile(function()
      for _ in vs.data.Loader(set, {batch_size = 4, workers = 1}) do end
      set:batch {1, 2}
      vs.empty_cache()
    end))
    assert.same({["Loader other"] = 4, ["Dataset other"] = 1}, calls(p)) -- 3 batches and the end
    assert(row(p, "garbage collection", "other").calls >= 1)
  end)

  it("knows what an op has to read and write", function()
    local x, y = vs.randn(4, 8), vs.randn(8)
    local table_, ids = vs.randn(1000, 4), vs.tensor({1, 7, 7}, {dtype = "int64"})
    local function forward(name, fn) return bytes(name, "forward", fn) end
    assert.equal(4 * (32 + 32), forward("relu", function() return x:relu() end))
    assert.equal(4 * (32 + 8 + 32), forward("add", function() return x + y end))
    assert.equal(4 * (8 + 32 + 32), forward("add", function() return y:expand(4, 8) + x end))
    assert.equal(4 * (32 + 1), forward("sum", function() return x:sum() end))
    assert.equal(0, forward("transpose", function() return x:t() end))
    assert.equal(4 * (32 + 32), forward("clone", function() return x:clone() end))
    assert.equal(4 * (32 + 8), forward("add_", function() return x:add_(y) end))
    assert.equal(4 * (12 + 12) + 8 * 3,
      forward("embedding", function() return vs.embedding(table_, ids) end))
    assert.equal(4 * (12 + 12) + 8 * 3, forward("index_select", function() return table_[ids] end))
  end)

  it("knows that of backward, sums and steps, where gradients handed on cost nothing", function()
    local x, w = vs.randn(4, 8):requires_grad_(), vs.randn(8):requires_grad_()
    local product = x:relu()
    assert.equal(4 * (32 + 32 + 32), -- dy, the result that was kept, dx
      bytes("relu", "backward", function() product:backward(vs.ones(4, 8)) end))
    local sum = x + vs.ones(4, 8)
    local p = vs.profile(function() sum:backward(vs.ones(4, 8)) end)
    assert.equal(0, row(p, "add", "backward").bytes)
    assert.equal(4 * (32 + 32), row(p, "sum of gradients", "backward").bytes)
    local opt = optim.Adam({w}, {lr = 0.1})
    w.grad = vs.ones(8)
    assert.equal(4 * 8 * 4, bytes("Adam", "other", function() opt:step() end))
    w.grad = nil
    assert.equal(0, bytes("Adam", "other", function() opt:step() end))
    local many = vs.randn(1000, 4):requires_grad_()
    local few = optim.SGD({many}, {lr = 0.1})
    vs.embedding(many, vs.tensor({1, 7, 7}, {dtype = "int64"}), {sparse = true}):sum():backward()
    assert.equal(4 * 8 * 2, bytes("SGD", "other", function() few:step() end))
  end)

  it("tells what was allocated, and what the system was asked for", function()
    vs.empty_cache()
    local function make() return vs.zeros(1 << 20):exp() end
    local p = check(vs.profile(make))
    assert(row(p, "exp", "forward").allocated >= 4 << 20)
    assert(p.memory.asked >= 8 << 20 and p.memory.requests >= 2)
    assert(p.memory.peak >= 8 << 20)
    p = nil -- luacheck: ignore
    collectgarbage()
    p = check(vs.profile(make))
    assert(sanitized or (p.memory.asked == 0 and p.memory.requests == 0), p.memory.asked)
    assert(p.memory.peak >= 8 << 20)
    p = nil -- luacheck: ignore
    collectgarbage()
    assert(vs.profile(function() end).memory.peak < vs.memory().live + (4 << 20))
    vs.empty_cache()
  end)

  it("keeps what the function returns", function()
    local p = vs.profile(function() return 1, nil, "three", nil end)
    assert.same({1, nil, "three", nil, n = 4}, p.results)
    assert.same({n = 0}, vs.profile(function() end).results)
  end)

  it("prints its longest rows and a total", function()
    local net, opt = small_net()
    local function step()
      net(vs.randn(5, 3)):sum():backward()
      opt:step()
    end
    local p = vs.profile(step)
    local text = tostring(p)
    assert.matches("^name +pass +calls +ms +%% +MB +GB/s +MB allocated\n", text)
    assert.matches("\nlinear +forward +2 +", text)
    assert.matches("\ntotal +%- +9 +[%d.]+ +100.0 ", text)
    assert.matches("\nmemory: at most [%d.]+ MB in use, [%d.]+ MB asked of the system$", text)
    p = vs.profile(step, {top = 2})
    text = tostring(p)
    assert.matches(("\n%d more "):format(#p.rows - 2), text, 1, true)
    local lines = select(2, text:gsub("\n", ""))
    assert.equal(2 + 2 + 1 + 1, lines) -- head, rows, the others, total; memory has no newline
    assert.matches("\ntotal", tostring(vs.profile(function() end)))
  end)

  it("passes an error on as it is, and is off again", function()
    local object = setmetatable({}, {__tostring = function() return "mine" end})
    local ok, raised = pcall(vs.profile, function()
      vs.ones(3):exp()
      error(object)
    end)
    assert.is_false(ok)
    assert(rawequal(object, raised))
    is_off()
    local message = fails("matmul: x [2,3] and y [4,5]", vs.profile, function()
      vs.ones(2, 3):matmul(vs.ones(4, 5))
    end)
    assert.matches("profile_spec.lua:%d+: ", message)
    is_off()
    ok, raised = pcall(vs.profile, error)
    assert.same({false, nil}, {ok, raised})
    is_off()
  end)

  it("goes on after errors that the function caught, inside Lua's own functions too", function()
    local x = vs.ones(2):requires_grad_()
    local function broken(where)
      return vs.autograd.Function {name = where,
        forward = function(_, t) return where == "in forward" and t:matmul(1) or t * 2 end,
        backward = function(_, dy) return dy:exp():matmul(1) end}
    end
    local p = check(vs.profile(function()
      assert(not pcall(broken "in forward", x))
      assert(not pcall(function() broken "in backward"(x):sum():backward() end))
      return x:tanh()
    end))
    assert.equal(1, calls(p)["in forward forward"])
    assert.equal(1, calls(p)["in backward backward"])
    assert.equal(1, calls(p)["exp forward"])
    assert.equal(1, calls(p)["tanh forward"])
  end)

  it("refuses another one inside, and goes on", function()
    local p = vs.profile(function()
      fails("profile: another profile is running", vs.profile, function() end)
      return vs.ones(2):exp()
    end)
    assert.same({["exp forward"] = 1}, calls(p))
    is_off()
  end)

  it("works in coroutines and around them, and cannot be left by a yield", function()
    local p = coroutine.wrap(function()
      coroutine.yield()
      return vs.profile(function()
        local inner = coroutine.wrap(function(x)
          coroutine.yield(x:exp())
          return x:exp()
        end)
        inner(vs.ones(2))
        return inner()
      end)
    end)
    p()
    assert.same({["exp forward"] = 2}, calls(check(p())))
    local co = coroutine.create(function() vs.profile(coroutine.yield) end)
    local ok, message = coroutine.resume(co)
    assert.is_false(ok)
    assert.matches("attempt to yield across a C-call boundary", message, 1, true)
    is_off()
  end)

  it("is off again wherever Lua's memory ends", function()
    local refused = 0
    local function fn() return {vs.ones(2):exp()} end
    for n = 1, 60 do
      vs._fail_lua_allocation(n)
      local ok = pcall(vs.profile, fn)
      vs._fail_lua_allocation(0)
      refused = refused + (ok and 0 or 1)
      is_off()
    end
    assert(refused > 5, refused)
  end)

  it("cuts long names, and leaves to the rest what it has no room for", function()
    local function named(name)
      return vs.autograd.Function {name = name, forward = function(_, x) return x end,
        backward = function() end}
    end
    local x, long = vs.ones(1), ("x"):rep(100)
    local p = check(vs.profile(function()
      named(long)(x)
      named(long .. "y")(x)
      for i = 1, 2000 do named("f" .. i)(x) end
    end))
    assert.equal(2, row(p, long:sub(1, 63), "forward").calls)
    assert.equal(1024, #p.rows) -- 1,023 names and the rest
    assert.equal(1, row(p, "f1", "forward").calls)
    assert.is_nil(row(p, "f2000", "forward"))
  end)

  it("says what it cannot take", function()
    local function nothing() end
    fails("profile: fn is missing, expected a function", vs.profile)
    fails("profile: fn is a table, expected a function", vs.profile, {})
    fails("profile: options must be a table, got a number", vs.profile, nothing, 20)
    fails("profile: unknown option 'tops', expected one of top", vs.profile, nothing, {tops = 2})
    fails("profile: top is 0, expected an integer >= 1", vs.profile, nothing, {top = 0})
    fails("profile: top is 'x', expected", vs.profile, nothing, {top = "x"})
    is_off()
  end)
end)
