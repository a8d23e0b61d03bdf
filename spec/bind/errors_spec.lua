-- Mistakes in scripts: one clear message that names the op, the shapes and the script's own line;
-- and wrong arguments of every kind to everything there is, which may raise but never crash.
local vs = require "vesper"
local fails = require "spec.support.fails"

local nn = vs.nn

-- The line of the call that a test expects to fail is the one right after here().
local function here() return "errors_spec.lua:" .. debug.getinfo(2, "l").currentline + 1 .. ": " end

local function long(values) return vs.tensor(values, {dtype = "int64"}) end

describe("a message", function()
  it("names op, shapes and line", function()
    local place
    local message = fails("x [2,3] and y [4,5]: inner sizes 3 and 4 differ", function()
      place = here()
      vs.zeros(2, 3):matmul(vs.zeros(4, 5))
    end)
    assert(message:find(place .. "matmul: ", 1, true), message)
    message = fails("add: x [2] and y [3] do not broadcast", function()
      place = here()
      return vs.zeros(2) + vs.zeros(3), 1
    end)
    assert(message:find(place, 1, true), message)
  end)

  it("names the wrong type of an argument", function()
    fails("exp: x is a int64 tensor [2], expected float32 tensor", vs.exp, long {1, 2})
    fails("add: y is a table, expected tensor or number", vs.add, vs.ones(1), {1})
    fails("add: y is missing, expected tensor or number", vs.add, vs.ones(1), nil)
    fails("add: x is 'a', expected tensor or number", function() return "a" + vs.ones(1) end)
    fails("sum: keepdim is 1, expected boolean", vs.sum, vs.ones(1), 1, 1)
    fails("sum: unknown option 'keep', expected one of x, dim, keepdim", vs.sum, vs.ones(1),
      {keep = true})
    fails("softmax: dim 3 is out of range for [2,2]", vs.softmax, vs.ones(2, 2), 3)
    fails("softmax: dim is 0: dimensions count from 1", vs.softmax, vs.ones(2, 2), 0)
    fails("exp: 2 arguments given, expected at most 1", vs.exp, vs.ones(1), 2)
    fails("cat: element 2 of tensors is a number, expected a tensor", vs.cat, {vs.ones(1), 2})
    fails("tensor has no method or property 'foo'", function() return vs.ones(1).foo end)
    fails("reduction is 'men', expected mean|sum|none", vs.mse_loss, vs.ones(1), vs.ones(1),
      {reduction = "men"})
  end)

  it("tells labels and token ids out of range", function()
    local place
    local message = fails("5", function()
      place = here()
      vs.cross_entropy(vs.zeros(2, 3), long {1, 5})
    end)
    assert(message:find(place .. "cross_entropy: ", 1, true), message)
    assert(message:find("1..3", 1, true), message)
    local words = nn.Embedding(10, 4)
    for _, id in ipairs {0, 11, -1} do
      message = fails(tostring(id), function()
        place = here()
        words(long {{1, 2}, {3, id}})
      end)
      assert(message:find(place, 1, true), message)
      assert(message:find("embedding", 1, true), message)
      assert(message:find("table of 10 rows", 1, true), message)
    end
    fails("index 4 (element 2) is out of range 1..3", vs.index_select, vs.zeros(3), 1, long {1, 4})
  end)

  it("skips vesper's own Lua: modules and layers blame the caller", function()
    local place
    local net = nn.Sequential {nn.Linear(3, 4), nn.ReLU()}
    local message = fails("x [2,5] does not fit w [4,3]", function()
      place = here()
      net(vs.zeros(2, 5))
    end)
    assert(message:find(place, 1, true), message)
    message = fails("Sequential: entry 2 is a number", function()
      place = here()
      nn.Sequential {nn.ReLU(), 3}
    end)
    assert(message:find(place, 1, true), message)
    message = fails("Module:load_state_dict: dict is 3, expected a table", function()
      place = here()
      net:load_state_dict(3)
    end)
    assert(message:find(place, 1, true), message)
    message = fails("has no forward", function()
      place = here()
      local _ = nn.Module:extend "Empty"()(1)
    end)
    assert(message:find(place, 1, true), message)
  end)

  it("says when a tensor is closed", function()
    local x
    do
      local y <close> = vs.ones(2)
      x = y
    end
    fails("closed", function() x:sum() end)
    fails("closed", vs.sum, x)
    fails("closed", vs.add, 1, x)
    fails("closed", function() return x.shape end)
    fails("closed", tostring, x)
  end)
end)

describe("wrong arguments", function()
  -- Nothing, and one of each kind of value that a script may hand over by mistake.
  local function oddities()
    local closed
    do
      local y <close> = vs.ones(1)
      closed = y
    end
    return {false, true, 0, -1, 1.5, 0 / 0, math.huge, math.maxinteger, math.mininteger, "",
      "no/such/file",
      {}, {1, 2}, {{}}, {dim = 1}, type, coroutine.create(type), io.stdout, closed,
      vs.tensor(1), vs.zeros(0), vs.ones(2, 2), long {1, 2}, vs.tensor {true}, nn.Linear(2, 2)}
  end

  local skip = {set_num_threads = true, empty_cache = true, set_cache_limit = true,
    manual_seed = true, set_grad_enabled = true, _set_own_folder = true, _fail_allocation = true,
    _fail_lua_allocation = true, _force_products = true,
    _force_conv = true}

  local function bother(name, fn)
    local odd = oddities()
    local function try(...)
      local ok, message = pcall(fn, ...)
      assert(ok or type(message) == "string", name)
      vs.set_grad_enabled(true)
      vs.set_autocast_enabled(false)
      vs.set_matmul_precision "highest"
    end
    try()
    for i = 1, #odd do
      try(odd[i])
      try(nil, odd[i])
      for k = 1, #odd do try(odd[i], odd[k]) end
      try(odd[#odd - 3], odd[i], odd[i])
      try(odd[#odd - 3], odd[#odd - 2], odd[i], odd[i])
      try(odd[i], odd[i], odd[i], odd[i], odd[i], odd[i], odd[i])
    end
  end

  it("to every function of the module raise at most", function()
    local names = {}
    for name, value in pairs(vs) do
      if type(value) == "function" and not skip[name] then names[#names + 1] = name end
    end
    table.sort(names)
    assert(#names > 90)
    for _, name in ipairs(names) do bother(name, vs[name]) end
  end)

  it("to every method of tensors raise at most", function()
    local names = {}
    for name in pairs(vs.tensor_methods) do names[#names + 1] = name end
    table.sort(names)
    assert(#names > 90)
    for _, name in ipairs(names) do
      for _, self in ipairs {vs.ones(2, 2), vs.tensor(1), vs.zeros(0), long {1}} do
        local method = vs.tensor_methods[name]
        bother(name, function(...) return method(self, ...) end)
      end
    end
  end)

  it("to fields and operators of tensors raise at most", function()
    local x = vs.ones(2, 2)
    bother("index", function(key) return x[key] end)
    bother("newindex", function(key, value) x[key] = value end)
    bother("add", function(a, b) return a + b end)
    bother("neg", function(a) return -a end)
    bother("len", function(a) return #a end)
    bother("tostring", function(a) return tostring(a) end)
  end)

  it("to every layer, made and called, raise at most", function()
    local names = {}
    for name in pairs(vs.layers) do names[#names + 1] = name end
    table.sort(names)
    assert.equal(#vs.list_layers(), #names)
    for _, name in ipairs(names) do
      bother(name, vs.layers[name])
      local ok, layer = pcall(vs.layers[name], 2, 2, 1)
      if not ok then ok, layer = pcall(vs.layers[name], 2, 2) end
      if not ok then ok, layer = pcall(vs.layers[name], 2) end
      if not ok then ok, layer = pcall(vs.layers[name]) end
      assert(ok, name)
      bother(name .. " call", layer)
      bother(name .. " index", function(key) return layer[key] end)
      bother(name .. " newindex", function(key, value) layer[key] = value end)
    end
  end)

  it("to every optimizer raise at most", function()
    local defs = vs.list_optims()
    assert(#defs > 0 and next(vs.optim_methods))
    for _, def in ipairs(defs) do
      local name = def.name
      bother(name, vs.optim[name])
      local opt = vs.optim[name]({vs.ones(2):requires_grad_()}, {lr = 0.1})
      bother(name, function(...) return vs.optim[name]({vs.ones(1):requires_grad_()}, ...) end)
      bother(name .. " index", function(key) return opt[key] end)
      bother(name .. " newindex", function(key, value) opt[key] = value end)
      for method, fn in pairs(vs.optim_methods) do
        bother(method, function(...) return fn(opt, ...) end)
        bother(method, fn)
      end
      local group = opt.param_groups[1]
      bother(name .. " group", function(key, value) group[key] = value return group[key] end)
    end
  end)
end)
