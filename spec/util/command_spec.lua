-- vesper.util.command: command lines of scripts.
local command = require "vesper.util.command"

local WHAT = {
  name = "examples/x.lua", about = "What it does.",
  places = {{"source", "where from"}, {"count", "how many", 3},
    {"out", "where to", optional = true}},
  options = {
    {"size", 64, "of pictures"}, {"rate", 0.5, "of learning"}, {"flip", false, "mirrored too"},
    {"name", "", "of the run"}, {"seeds", {1, 2}, "of the runs"},
    {"rows", {"a", "b"}, "of a table"},
    {"schedule", "step", "of the rate", choices = {"step", "cosine"}},
    {"share", 0.5, "of a set", min = 0, max = 1}, {"steps", {5}, "of the runs", min = 1},
    {"models", {"VSE"}, "of a table", choices = {"VSE", "CIM", "COOT"}},
    {"decay", 1, "of weights", above = 0},
  },
}

local function read(...) return command.read({...}, WHAT) end

local function refused(message, ...)
  local values, why = read(...)
  assert.is_nil(values)
  assert.equal(message, why)
end

describe("util.command", function()
  it("gives defaults where nothing is said", function()
    assert.same({source = "a", count = 3, size = 64, rate = 0.5, flip = false, name = "",
      seeds = {1, 2}, rows = {"a", "b"}, schedule = "step", share = 0.5,
      steps = {5}, models = {"VSE"}, decay = 1}, read "a")
  end)

  it("reads places and options in any order, by the kind of their defaults", function()
    local o = read("--size=32", "a", "--rate", "1e-3", "7", "--seeds=4,5,6", "b", "--rows=x,y z",
      "--name=run = 1", "--schedule", "cosine")
    assert.same({"a", 7, "b", 32, 1e-3, {4, 5, 6}, {"x", "y z"}, "run = 1", "cosine"},
      {o.source, o.count, o.out, o.size, o.rate, o.seeds, o.rows, o.name, o.schedule})
    assert.equal("integer", math.type(o.size))
  end)

  it("takes yes, no, true and false, and a name alone for yes", function()
    for word, value in pairs {["--flip"] = true, ["--flip=yes"] = true, ["--flip=true"] = true,
        ["--flip=no"] = false, ["--flip=false"] = false} do
      assert.equal(value, read("a", word).flip, word)
    end
    assert.equal(9, read("--flip", "a", "9").count)
  end)

  it("takes words behind -- for places, and - for one", function()
    assert.equal("--flip", read("--", "--flip").source)
    assert.equal("-", read("-").source)
  end)

  it("refuses what it does not know, and lists what it knows", function()
    refused("unknown option '--mirror', expected one of --decay, --flip, --models, "
      .. "--name, --rate, --rows, --schedule, --seeds, --share, --size, --steps, --help",
      "a", "--mirror=true")
    refused("SOURCE is missing")
    refused("unexpected argument 'c'", "a", "1", "b", "c")
    refused("COUNT is 'x', expected an integer", "a", "x")
    refused("--size is '1.5', expected an integer", "a", "--size=1.5")
    refused("--size is '', expected an integer", "a", "--size=")
    refused("--size needs a value", "a", "--size")
    refused("--rate is 'fast', expected a number", "a", "--rate=fast")
    refused("--flip is '1', expected yes or no", "a", "--flip=1")
    refused("--seeds is '1,x', expected integers separated by commas", "a", "--seeds=1,x")
    refused("--schedule is 'line', expected step or cosine", "a", "--schedule=line")
  end)

  it("refuses numbers out of their range, and lists with an entry that does not fit", function()
    refused("--share is -0.5, expected 0 to 1", "a", "--share=-0.5")
    refused("--share is 2, expected 0 to 1", "a", "--share=2")
    refused("--decay is 0, expected more than 0", "a", "--decay=0")
    refused("--steps is 0, expected at least 1", "a", "--steps=3,0")
    refused("--rate is '1e400', expected a number", "a", "--rate=1e400")
    refused("--seeds is '', expected integers separated by commas", "a", "--seeds=")
    refused("--models is 'CIN'; did you mean CIM?", "a", "--models=VSE,CIN")
    assert.same({0, {"CIM", "VSE"}}, {read("a", "--share=0").share,
      read("a", "--models=CIM,VSE").models})
  end)

  it("gives help where it is asked for, whatever else there is", function()
    local values, why = read("--help", "--nonsense")
    assert.same({nil, nil}, {values, why})
    local help = command.help(WHAT)
    assert.matches("^usage: lua5.4 examples/x.lua SOURCE %[COUNT%] %[OUT%] %[%-%-option", help)
    for _, line in ipairs {"\n\nWhat it does.\n", "  COUNT       how many (3)\n",
        "  --size      of pictures (64)\n", "  --name      of the run\n",
        "  --schedule  of the rate: step or cosine (step)"} do
      assert(help:find(line, 1, true), line .. " is not in\n" .. help)
    end
  end)

  it("names what is similar to an unknown option or choice", function()
    refused("unknown option '--sise'; did you mean --size?", "a", "--sise=3")
    refused("--schedule is 'steps'; did you mean step?", "a", "--schedule=steps")
    refused("unknown option '-s', options begin with --", "a", "-s")
    assert.equal(-1, read("a", "-1").count)
  end)

  it("gathers the words of a place that may have many", function()
    local what = {name = "x", places = {{"model", "m"}, {"files", "f", many = true}, {"out", "o"}},
      options = {}}
    local o = assert(command.read({"m", "a", "b", "c", "o"}, what))
    assert.same({"m", {"a", "b", "c"}, "o"}, {o.model, o.files, o.out})
    assert.same({"a"}, command.read({"m", "a", "o"}, what).files)
    for i, want in ipairs {"FILES is missing", "OUT is missing"} do
      local _, why = command.read({"m", i == 2 and "a" or nil}, what)
      assert.equal(want, why)
    end
    assert.equal("usage: x MODEL FILES... OUT", command.usage(what))
  end)

  it("reads kinds, which may have no default", function()
    local upper = {"a word", function(word) return word:match "^%a+$" and word:upper() end}
    local what = {name = "x", options = {{"n", nil, "n", kind = command.INTEGER},
      {"w", nil, "w", kind = upper}, {"b", nil, "b", kind = command.BOOLEAN}}}
    assert.same({}, command.read({}, what))
    assert.same({n = 3, w = "ABC", b = true}, command.read({"--n=3", "--w", "abc", "--b"}, what))
    local _, why = command.read({"--w=1"}, what)
    assert.equal("--w is '1', expected a word", why)
  end)
end)

describe("util.command.run", function()
  local heard = require "spec.support.heard"
  local function fails(...)
    local results = {...}
    return function() return table.unpack(results) end
  end
  local tools = {hello = {name = "hello", about = "Says it.", places = {{"to", "whom"}},
      run = function(o) return print("hello " .. o.to) end},
    stop = {name = "stop", about = "Fails.", run = fails(nil, "no reason")},
    wrong = {name = "wrong", about = "Is misused.", run = fails(nil, "not so", "misused")},
    quit = {name = "quit", about = "Is stopped.", run = function() error("interrupted", 0) end},
    throw = {name = "throw", about = "Raises.", run = function() error("thrown", 0) end}}
  local tool = {name = "tool", about = "Does it.", commands = {noun = "command",
    names = {"hello", "stop", "wrong", "throw", "quit"},
    get = function(name) return tools[name] end}}

  -- The status, and what was written to stderr.
  local function run(...)
    local words, status = {...}, nil
    local said = heard(function() status = command.run(words, tool) end)
    return status, said
  end

  it("gives 1, 2 or 130, and a message", function()
    assert.same({1, "tool stop: no reason\n"}, {run "stop"})
    assert.same({1, "tool throw: thrown\n"}, {run "throw"})
    assert.same({130, "tool quit: interrupted\n"}, {run "quit"})
    assert.same({2, "tool wrong: not so\nusage: tool wrong\nsee tool wrong --help\n"},
      {run "wrong"})
    assert.same({2, "tool hello: TO is missing\nusage: tool hello TO\nsee tool hello --help\n"},
      {run "hello"})
    assert.same({2, "tool: unknown command 'helo'; did you mean hello?\nusage: tool COMMAND ...\n"
      .. "see tool --help\n"}, {run "helo"})
    assert.equal(2, (run()))
  end)
end)
