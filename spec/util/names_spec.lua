-- Two things of one name are refused where one of them would be lost.
local vs = require "vesper"
local temp = require "spec.support.temp"
local nn = vs.nn

local function fails(words, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.matches(words, message, 1, true)
end

local Net = nn.Module:extend "Net"

describe("two things of one name", function()
  teardown(temp.remove)

  it("are refused in modules, whatever asks for names", function()
    local dotted = Net()
    dotted["a.b"] = nn.Linear(2, 2)
    dotted.a = {b = nn.Linear(2, 2)}
    local numbered = Net()
    numbered[1], numbered["0"] = nn.Parameter(vs.zeros(1)), nn.Parameter(vs.zeros(2))
    local buffer = Net()
    buffer["a.b"] = nn.Parameter(vs.zeros(1))
    buffer.a = Net()
    buffer.a:register_buffer("b", vs.zeros(2))
    for _, net in ipairs {dotted, numbered, buffer} do
      for _, method in ipairs {"state_dict", "named_parameters", "named_buffers", "parameters"} do
        fails("Module: two tensors are named ", net[method], net)
      end
      fails("Module: two tensors are named ", net.load_state_dict, net, {})
    end
    fails("Module: two modules are named 'a.b'", dotted.named_modules, dotted)
    dotted["a.b"] = nil
    assert.equal(2, #dotted:named_parameters())
  end)

  it("are refused by register_buffer", function()
    local net = Net()
    net.w, net.inner = nn.Parameter(vs.zeros(1)), nn.ReLU()
    fails("register_buffer: the module already has 'w', a parameter", net.register_buffer, net, "w",
      vs.zeros(1))
    fails("already has 'inner', a module", net.register_buffer, net, "inner", vs.zeros(1))
    fails("already has 'forward', a function", net.register_buffer, net, "forward", vs.zeros(1))
    net:register_buffer("mean", vs.zeros(1))
    net:register_buffer("mean", vs.ones(1))
    assert.equal(1, net:state_dict().mean:item())
  end)

  it("are refused among classes and tags", function()
    local classes = {"hat", "shoe", "hat"}
    fails("Writer: entry 3 of classes, 'hat', is already entry 1", vs.data.Writer, "x.h5",
      {classes = classes})
    fails("Writer: entry 3 of tags, 'hat', is already entry 1", vs.data.Writer, "x.h5",
      {tags = classes})
    fails("LuaDataset: entry 3 of classes", vs.data.LuaDataset,
      {size = 1, get = print, classes = classes})
  end)

  it("are refused in a history that is written", function()
    fails("write_log: two values are named 'a.b'", vs.train.write_log, "x.csv",
      {{["a.b"] = 1, a = {b = 2}}})
  end)

  it("are refused among the runs of a table", function()
    local function run(names, seeds)
      local rows = {}
      for i, name in ipairs(names) do rows[i] = {name = name, make = print} end
      vs.experiment.run{folder = "/nonexistent", rows = rows, seeds = seeds, epochs = 1,
        loaders = print, optimizer = print}
    end
    fails("seeds: 2 occurs twice", run, {"a"}, {2, 1, 2})
    fails("rows: 'a b' and 'a/b' would share a folder, a_b", run, {"a b", "a/b"}, {1})
  end)

  it("are refused in files", function()
    local folder = temp.folder()
    local function refused(words, read, bytes)
      local value, why = read(temp.write(folder .. "/file", bytes))
      assert.is_nil(value)
      assert.matches(words, why, 1, true)
    end
    local entry = '"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'
    refused("duplicate", vs.load, string.pack("<s8", "{" .. entry .. "," .. entry .. "}")
      .. ("\0"):rep(4))
    refused("duplicate", vs.io.json_load, '{"a": 1, "a": 2}')
    refused("two columns are named 'a'", vs.io.csv_rows, "a,b,a\n1,2,3\n")
  end)
end)
