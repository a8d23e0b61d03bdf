-- How the prompt shows values, and what show() draws.
local vs = require "vesper"
local draw = require "vesper.cli.prompt.draw"
local fails = require "spec.support.fails"
local show = require "vesper.cli.prompt.show"

local function shown(...)
  local parts = {}
  show.values(function(text) parts[#parts + 1] = text end, ...)
  return table.concat(parts)
end

describe("the prompt shows", function()
  it("plain values as print does", function()
    assert.equal("", shown())
    assert.equal("nil\n", shown(nil))
    assert.equal("1\t2.5\ttrue\ta b\tnil\n", shown(1, 2.5, true, "a b", nil))
    assert.equal("a\nb\n", shown "a\nb")
  end)

  it("strings without what controls a terminal, and long ones cut", function()
    assert.equal("\\x1B[31mred\ta\nb\\x00\n", shown "\27[31mred\ta\nb\0")
    assert.equal("\\xE9t\\xE9\n", shown "\xE9t\xE9")
    assert.equal("été \\xC2\\x9B\n", shown "été \u{9B}")
    assert.equal(("x"):rep(4000) .. "\n... 996000 more bytes\n", shown(("x"):rep(1000000)))
    assert.equal("x" .. ("é"):rep(1999) .. "\n... 2 more bytes\n", shown("x" .. ("é"):rep(2000)))
    assert.matches("\n... 961 more lines\n$", shown(("x\n"):rep(1000)))
    assert.equal('{"x' .. ("é"):rep(29) .. '..."}\n', shown {"x" .. ("é"):rep(40)})
    assert.equal('{"\\27[0m"}\n', shown {"\27[0m"})
  end)

  it("objects of vesper as they print", function()
    local x = vs.ones(2)
    assert.equal(tostring(x) .. "\n", shown(x))
    local net = vs.nn.Sequential{vs.nn.Linear(2, 3)}
    assert.equal(tostring(net) .. "\n", shown(net))
    assert.equal(tostring(net:state_dict()) .. "\n", shown(net:state_dict()))
    local r = vs.metrics.retrieval(vs.eye(4), vs.eye(4))
    assert.equal(tostring(r) .. "\n", shown(r))
    local set = vs.data.TensorDataset{x = vs.ones(3, 2)}
    assert.equal(tostring(set) .. "\n", shown(set))
    assert.equal(tostring(set[1]) .. "\n", shown(set[1]))
  end)

  it("long ones cut", function()
    local lines = {}
    for i = 1, 100 do lines[i] = "line " .. i end
    local object = setmetatable({}, {__tostring = function() return table.concat(lines, "\n") end})
    local text = shown(object)
    assert.matches("^line 1\n", text)
    assert.matches("\nline 40\n... 60 more lines\n$", text)
  end)

  it("tables with their contents", function()
    assert.equal("{}\n", shown {})
    assert.equal('{1, 2, "x", a = {b = {}}, [true] = 1}\n',
      shown {1, 2, "x", a = {b = {}}, [true] = 1})
    assert.equal('{["end"] = 2, ["two words"] = 1}\n', shown {["two words"] = 1, ["end"] = 2})
    assert.equal("{float32 [2,3], f = function, s = float32 [2]}\n",
      shown {vs.ones(2, 3), f = print, s = vs.ones(2)})
    assert.equal("{a = {b = {c = {...}}}}\n", shown {a = {b = {c = {d = 1}}}})
    local cycle = {}
    cycle.own = cycle
    assert.equal("{own = {...}}\n", shown(cycle))
  end)

  it("long tables in lines, and cut", function()
    local list = {}
    for i = 1, 1000 do list[i] = "entry " .. i end
    local text = shown(list)
    assert.matches('^{\n  "entry 1",\n  "entry 2",\n', text)
    assert.matches('"entry 24",\n  ... 976 more\n}\n$', text)
    assert.equal('{"' .. ("x"):rep(60) .. '..."}\n', shown {("x"):rep(1000)})
  end)

  it("functions with their arguments", function()
    assert.equal("function vs.matmul(x, y)\n", shown(vs.matmul))
    assert.matches("^function nn.Linear%(in_features, out_features", shown(vs.nn.Linear))
    assert.matches("^class models.VSE%(", shown(vs.models.VSE))
    assert.matches("^nn: ", shown(vs.nn))
    assert.equal("class nn.Module\n", shown(vs.nn.Module))
    assert.matches("^{.*isa = \"", shown(vs.build))
    assert.matches("^{.*clip_grad_norm_ = function", shown(vs.nn.utils))
    assert.equal("nn.functional\n", shown(vs.nn.functional))
    assert.matches("^function%(a, b, %.%.%.%), .*show_spec.lua:%d+\n$",
      shown(function(a, b, ...) return a, b, ... end))
  end)
end)

-- What show() writes to a terminal of this size.
local function drawn(x, columns, rows)
  local core, parts = require "vesper.core", {}
  local write, size, getenv = io.write, core._terminal_size, os.getenv
  -- luacheck: push ignore
  core._terminal_size = function() return columns, rows end
  os.getenv = function(name) return name == "TERM" and "xterm" or getenv(name) end
  io.write = function(...) parts[#parts + 1] = table.concat({...}) end
  local ok, why = pcall(draw, x)
  io.write, core._terminal_size, os.getenv = write, size, getenv
  -- luacheck: pop
  assert(ok, why)
  return table.concat(parts)
end

local BLOCK = "\u{2580}"

describe("show", function()
  it("draws two pixels in a cell", function()
    local x = vs.tensor({{{255, 0}, {0, 0}, {9, 9}}, {{0, 0}, {255, 0}, {9, 9}},
      {{0, 0}, {0, 255}, {9, 9}}}, {dtype = "uint8"})
    assert.equal("\27[38;2;255;0;0m\27[48;2;0;255;0m" .. BLOCK .. "\27[38;2;0;0;0m\27[48;2;0;0;255m"
      .. BLOCK .. "\27[0m\n\27[38;2;9;9;9m\27[49m" .. BLOCK .. "\27[38;2;9;9;9m\27[49m" .. BLOCK
      .. "\27[0m\n", drawn(x, 80, 24))
  end)

  it("fits pictures into the terminal", function()
    for _, x in ipairs {vs.rand(3, 200, 300), vs.rand(200, 300), vs.randn(1, 200, 300)} do
      local text = drawn(x, 40, 24)
      local _, lines = text:gsub("\n", "")
      local _, cells = text:gsub(BLOCK, "")
      assert(lines <= 22 and cells == 40 * lines, lines .. " " .. cells)
    end
  end)

  it("draws samples and batches", function()
    local set = vs.data.TensorDataset{image = vs.rand(6, 3, 8, 8)}
    assert.matches(BLOCK, drawn(set[1], 80, 24))
    for batch in vs.data.Loader(set, {batch_size = 6}) do
      assert.matches(BLOCK, drawn(batch, 80, 24))
      assert.matches(BLOCK, drawn(batch.image, 20, 24))
    end
  end)

  it("draws curves", function()
    local text = drawn({1, 2, 0 / 0, 4, 3}, 60, 24)
    assert.matches("4 \u{2502}", text)
    assert.matches("\n1 \u{2502}", text)
    assert.matches("1 .. 5\n", text, 1, true)
    assert.matches("\u{2502}", drawn(vs.arange(5), 60, 24))
    assert.matches("\u{2502}", drawn({7}, 60, 24))
    text = drawn({{loss = 2, score = 10}, {loss = 1, score = 20}}, 60, 24)
    assert.matches("^loss\n", text)
    assert.matches("\nscore\n", text)
  end)

  it("refuses what is neither", function()
    fails("show: 1 is no picture", draw, 1)
    fails("show: float32 [2,2,2,2,2] is no picture", draw, vs.ones(2, 2, 2, 2, 2))
    fails("is no picture", draw, {})
    fails("is no picture", draw, vs.ones(0))
    fails("show: a curve needs a finite number", draw, {0 / 0})
    fails("show: a curve needs a finite number", draw, {{loss = 0 / 0}})
    fails("show: the file of a curve ends in .svg, 'c.xyz' does not", draw, {1, 2}, "c.xyz")
  end)
end)
