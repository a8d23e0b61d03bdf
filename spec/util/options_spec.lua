-- vesper.util: options over defaults, checks of arguments, values in messages, and the comparison
-- of state dictionaries (vesper.nn.state).
local vs = require "vesper"
local state = require "vesper.nn.state"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"
local fails = require "spec.support.fails"

describe("util.options", function()
  local DEFAULTS, KINDS = {rate = 0.1, quiet = false}, {rate = "positive", quiet = "boolean",
    name = "string", mode = {"a", "b"}, any = true}
  local function read(given) return options.read("f", given, DEFAULTS, KINDS) end

  it("lays what is given over the defaults, which stay", function()
    assert.same({rate = 0.1, quiet = false}, read(nil))
    assert.same({rate = 2, quiet = true, name = "x", any = {}},
      read {rate = 2, quiet = true, name = "x", any = {}})
    assert.same({rate = 0.1, quiet = false}, DEFAULTS)
  end)

  it("takes false for an option without a default as not given", function()
    assert.is_false(read({name = false}).name)
    fails("f: rate is false, expected a finite number > 0", read, {rate = false})
  end)

  it("lists what is known where a name is not", function()
    fails("f: unknown option 'rte', expected one of any, mode, name, quiet, rate", read, {rte = 1})
    fails("f: unknown option '1', expected one of", read, {5})
    fails("f: options must be a table, got a string", read, "rate")
    assert.equal("unknown field 'b', expected one of a", options.unknown({b = 1}, "field", {a = 1}))
    assert.is_nil(options.unknown({a = 1}, "field", {a = 1}))
  end)

  it("names the kind that a value should have", function()
    fails("f: rate is 0, expected a finite number > 0", read, {rate = 0})
    fails("f: rate is 'x', expected a finite number > 0", read, {rate = "x"})
    fails("f: quiet is 1, expected true or false", read, {quiet = 1})
    fails("f: name is float32 [2,3], expected a string", read, {name = vs.ones(2, 3)})
    fails("f: mode is 'c', expected a or b", read, {mode = "c"})
  end)
end)

describe("util.check", function()
  it("accepts what fits", function()
    check.tensor("f", "x", vs.ones(2, 3))
    check.tensor("f", "x", vs.ones(2, 3), 2, "float32")
    check.whole("f", "n", 3, 1)
    check.whole("f", "n", 3, 1, 3)
    for kind, values in pairs {number = {1, 0.5}, count = {1}, whole = {0}, integer = {-1},
        share = {0, 1, 0.5}, probability = {0, 0.5}, string = {""}, boolean = {false, true},
        ["function"] = {print}, table = {{}}, list = {{1}}, ["list of steps"] = {{0, 3}, {}},
        ["number or list"] = {1, {1, 2}}, ["function or list"] = {print, {print}}} do
      for _, value in ipairs(values) do assert(check.is(value, kind), kind) end
    end
  end)

  it("refuses what does not, with both sides", function()
    fails("f: x is a number, expected a tensor", check.tensor, "f", "x", 1)
    fails("f: x is float32 [2,3], expected 1 dimension", check.tensor, "f", "x", vs.ones(2, 3), 1)
    fails("f: x is float32 [2], expected int64 with 2 dimensions", check.tensor, "f", "x",
      vs.ones(2), 2, "int64")
    fails("f: x is float32 [2], expected int64", check.tensor, "f", "x", vs.ones(2), nil, "int64")
    fails("f: n is 0, expected an integer >= 1", check.whole, "f", "n", 0, 1)
    fails("f: n is 2.0, expected an integer >= 1", check.whole, "f", "n", 2.0, 1)
    fails("f: n is 4, expected 1..3", check.whole, "f", "n", 4, 1, 3)
    for kind, value in pairs {count = 0, whole = -1, integer = 1.5, share = 1.5, probability = 1,
        positive = math.huge, ["list of steps"] = {1.5}, ["number or list"] = {"x"},
        ["function or list"] = 1} do
      assert(not check.is(value, kind), kind)
    end
  end)
end)

describe("util.text", function()
  it("shows shapes and values", function()
    assert.equal("[2,3]", text.shape(vs.ones(2, 3)))
    assert.equal("[4]", text.shape {4})
    assert.equal("int64 [2]", text.kind(vs.arange(1, 2)))
    assert.same({"'x'", "1", "1.5", "true", "nil", "a table"}, {text.value "x", text.value(1),
      text.value(1.5), text.value(true), text.value(nil), text.value {}})
    assert.equal(42, #text.value(("x"):rep(100)))
  end)

  it("escapes HTML and CSV", function()
    assert.equal("&lt;a href=&quot;x&quot;&gt; &amp; b", text.html '<a href="x"> & b')
    assert.same({"plain", '"a,b"', '"say ""x"""'}, {text.csv "plain", text.csv "a,b",
      text.csv 'say "x"'})
  end)

  it("wraps words", function()
    assert.equal("  one two\n  three", text.wrap("one two three", 10, "  "))
  end)
end)

describe("nn.state", function()
  it("lists what is missing, unexpected or mismatched, sorted", function()
    local found = state.compare({b = vs.ones(2), a = vs.ones(1), c = vs.ones(2, 3), d = vs.ones(1)},
      {c = vs.ones(3, 2), d = vs.ones(1), x = vs.ones(1), b = "no tensor"})
    assert.same({missing = {"a", "b"}, unexpected = {"x"},
      mismatched = {"c is [3,2], expected [2,3]"}}, found)
    assert.same({"  missing: a, and 1 more", "  unexpected: x",
      "  mismatched: c is [3,2], expected [2,3]"}, state.lines(found, 1))
    assert.same({}, state.lines(state.compare({a = vs.ones(1)}, {a = vs.ones(1)})))
  end)
end)
