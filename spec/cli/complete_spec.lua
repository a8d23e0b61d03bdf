-- What Tab offers at the prompt.
local vs = require "vesper"
local Session = require "vesper.cli.prompt.session"
local complete = require "vesper.cli.prompt.complete"
local temp = require "spec.support.temp"

local BREAKS = "[ \t\n\"\\'`@$><=;|&{(]" -- where readline begins a word

local environment

-- The line with each of the candidates in it, sorted.
local function lines(line, pending)
  local from = 1
  for at in line:gmatch("()" .. BREAKS) do from = at + 1 end
  local list = complete(line, from, #line, pending or "", environment)
  for i, word in ipairs(list) do list[i] = line:sub(1, from - 1) .. word end
  return list
end

local function has(list, ...)
  local set = {}
  for _, word in ipairs(list) do set[word] = true end
  for _, word in ipairs {...} do assert(set[word], word .. " is not among: " ..
    table.concat(list, ", ", 1, math.min(#list, 20))) end
end

describe("Tab", function()
  setup(function()
    environment = Session.new(print, print).environment
    environment.x = vs.ones(2, 3)
    environment.net = vs.nn.Sequential{vs.nn.Linear(2, 3)}
    environment.p = environment.net:parameters()
    environment.t = {list = {vs.ones(1)}, name = "a", ["two words"] = 1, _own = 2}
    environment.loader = vs.data.Loader(vs.data.TensorDataset{x = vs.ones(4, 2)}, {batch_size = 2})
  end)
  teardown(temp.remove)

  it("completes names", function()
    has(lines "opt", "optim")
    has(lines "local y = met", "local y = metrics")
    has(lines "print(mod", "print(models")
    has(lines "retu", "return")
    has(lines "sho", "show")
    assert.same({}, lines "zzz")
    assert.same({}, lines "")
  end)

  it("completes fields and methods", function()
    has(lines "x:re", "x:reshape", "x:relu", "x:requires_grad_")
    has(lines "x.sh", "x.shape")
    has(lines "nn.Li", "nn.Linear")
    has(lines "print(nn.functional.cross", "print(nn.functional.cross_entropy")
    has(lines "vs.tr", "vs.train", "vs.transpose")
    has(lines "net:par", "net:parameters")
    has(lines "net[1].we", "net[1].weight")
    has(lines "net[1]:state", "net[1]:state_dict")
    has(lines "loader:ba", "loader:batches")
    has(lines "t.na", "t.name")
    has(lines "t.list[1]:mea", "t.list[1]:mean")
    has(lines "string.for", "string.format")
    has(lines "t.", "t.list", "t.name")
    for _, line in ipairs(lines "t.") do
      assert(not line:find "_own" and not line:find " ", line)
    end
    has(lines "t._", "t._own")
  end)

  it("calls nothing", function()
    environment.trap = setmetatable({}, {__index = function() error "called" end})
    assert.same({}, lines "trap.a.b")
    assert.same({}, lines "f(x):re")
    assert.same({}, lines "nothing.at.all")
  end)

  it("completes options inside the table of a documented function", function()
    has(lines "optim.Adam(p, {", "optim.Adam(p, {lr = ", "optim.Adam(p, {betas = ")
    assert.same({"optim.Adam(p, {lr = "}, lines "optim.Adam(p, {l")
    has(lines "data.Loader(s, {batch_size = 3, sh", "data.Loader(s, {batch_size = 3, shuffle = ")
    for _, line in ipairs(lines "optim.Adam(p, {lr = 1, ") do
      assert(not line:find "lr = $", line)
    end
    has(lines "x:sum{di", "x:sum{dim = ")
    has(lines "nn.Linear(2, 3, {bi", "nn.Linear(2, 3, {bias = ")
    has(lines("pa", "vs.train.fit(net, {"), "patience = ")
    assert.same({}, lines "{")
  end)

  it("completes file names inside quotes", function()
    local folder = temp.folder()
    temp.write(folder .. "/emoji.h5", "")
    temp.write(folder .. "/emo ji.h5", "")
    temp.write(folder .. "/.emhidden", "")
    temp.subfolder(folder .. "/sub")
    temp.write(folder .. "/sub/one", "")
    assert.same({'data.open "' .. folder .. "/emoji.h5"}, lines('data.open "' .. folder .. "/emoj"))
    has(lines("f('" .. folder .. "/em"), "f('" .. folder .. "/emo ji.h5")
    has(lines("f('" .. folder .. "/emo j"), "f('" .. folder .. "/emo ji.h5")
    has(lines("f('" .. folder .. "/su"), "f('" .. folder .. "/sub/one")
    assert.same({}, lines "f('/nowhere/at/al")
    has(lines 'f("READM', 'f("README.md')
  end)

  it("completes names of help behind a question mark", function()
    has(lines "?nn.Lin", "?nn.Linear")
    has(lines "?conv", "?conv2d")
    has(lines "? vs.conv", "? vs.conv2d")
  end)

  it("offers nothing in comments and long strings", function()
    assert.same({}, lines "-- vs.te")
    assert.same({}, lines "x = [[vs.te")
  end)
end)
