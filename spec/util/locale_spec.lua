-- A locale with a decimal comma changes nothing that is parsed or written.  The spec builds the
-- locale in a folder, and a child process runs in it.
local temp = require "spec.support.temp"

-- What the child does, in the locale or without: prints lines that must be the same.
local CHILD = [==[
local locale, when, folder = arg[1], arg[2], arg[3]
if locale ~= "C" and when == "before" then assert(os.setlocale(locale)) end
local vs = require "vesper"
if locale ~= "C" and when == "after" then assert(os.setlocale(locale)) end
if locale ~= "C" then assert(("%.1f"):format(9.5) == "9,5", "no decimal comma") end
local function write(name, bytes)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
  file:close()
  return folder .. "/" .. name
end
local function show(name)
  local file = assert(io.open(folder .. "/" .. name, "rb"))
  io.write(name, "\n", file:read "a", "\n")
  file:close()
end

-- descriptors
local adam = vs.optim.Adam({vs.zeros(1):requires_grad_()}, {lr = 0.25})
assert(adam.param_groups[1].eps == 1e-8 and adam.param_groups[1].betas[2] == 0.999)
assert(vs.nn.Dropout().p == 0.5)
for _, op in ipairs(vs.ops()) do
  for _, a in ipairs(op.args) do io.write(vs.io.json_encode {a.name, a.default or "none"}, " ") end
end
io.write(tostring(vs.nn.LeakyReLU(0.125)), tostring(vs.tensor{0.5, 1.25}), "\n")

-- read
print(vs.io.json_encode(vs.io.json_decode "[0.1, 1e-3, 2.5, 3]"))
local json = vs.io.json_load(write("in.json", '{"a": 9.5}'))
assert(json.a == 9.5)
local glove = write("glove.txt", "hat 0.5 1.25\nshoe 1e-2 0.1234567890123456789012\n")
local words = assert(vs.text.WordVectors(glove))
assert(words:vector "hat":tolist()[2] == 1.25 and words:vector "shoe":tolist()[2] > 0.12)
local row = vs.io.csv_rows(write("in.csv", "a,b\n1.5,2\n"))[1]
assert(tonumber(row.a) == 1.5)

-- written
vs.plot.lines(folder .. "/a.svg", {{name = "a", y = {9.5, 8.25}, x = {0.5, 1.5}},
  {name = "b", y = {1e7, 2}}}, {title = "t", y_label = "y"})
show "a.svg"
vs.plot.confusion(folder .. "/b.svg", vs.tensor{{1, 2}, {3, 4}}:long(), {"x", "y"}, {title = "t"})
show "b.svg"
vs.train.write_log(folder .. "/log.csv", {{epoch = 1, loss = 0.5, Zeta = 1.5, alpha = 2.5}})
show "log.csv"
vs.train.write_log(folder .. "/log.jsonl", {{epoch = 1, loss = 0.5}})
show "log.jsonl"
for _, format in ipairs {"text", "csv", "latex", "html", "markdown"} do
  print(vs.report.table({{"a", "a"}, {"b", "b"}}, {{a = 1.25, b = 2}, {a = 3.5}}, format))
end
assert(vs.io.json_save(folder .. "/out.json", {a = 0.1, b = {1e300, 2.0}}))
show "out.json"
vs.save(folder .. "/w.safetensors", {b = vs.tensor{0.5}, B = vs.tensor{1}}, {rate = "0.5"})
show "w.safetensors"

-- sorted by bytes
local Net = vs.nn.Module:extend "Net"
local net = Net()
for _, name in ipairs {"a", "B", "c", "_d", "ä", "Z"} do
  net[name] = vs.nn.Parameter(vs.zeros(1))
end
for _, pair in ipairs(net:named_parameters()) do io.write(pair[1], " ") end

-- messages, of C and of Lua, and what is printed
local function say(...) print((select(2, pcall(...)))) end
local nn = vs.nn
say(nn.Dropout, 1.5)
say(vs.eye, 2.5)
say(vs.sum, vs.ones(1), 1.5)
say(vs.image.canvas, {2.5, 3})
say(nn.Linear, 2.5, 1)
say(vs.text.tokenize, "a", {invalid = 1.5})
say(vs.io.json_encode, {}, {indent = 1.5})
say(vs.metrics.topk, 0.5)
say(nn.MultiheadAttention, 2.5, 2)
say(nn.positional_encoding, 3, 2.5)
say(vs.optim.EMA, nn.Linear(1, 1), {decay = 1.5})
say(vs.optim.lr_scheduler.LinearLR, adam, {start_factor = 1.5})
say(vs.train.fit, nn.Linear(1, 1), {epochs = 1.5})
print(adam, vs.optim.lr_scheduler.StepLR(adam, 1), vs.optim.EMA(nn.Linear(1, 1)))
print(vs.metrics.retrieval(vs.eye(3), vs.eye(3)), vs.data.Loader(vs.data.TensorDataset{
  x = vs.ones(2)}, {jitter = 0.5, seed = 1}))
local odd = vs.data.LuaDataset{size = 1, get = function() return {label = 1.5} end}
say(odd.batch, odd, {1})
local other = vs.data.LuaDataset{size = 1, get = function() return {rate = 1.5} end}
print(other[1])
]==]

local function run(script, locales, ...)
  local words = {("LOCPATH='%s' lua5.4 '%s'"):format(locales, script)}
  for _, word in ipairs {...} do words[#words + 1] = ("'%s'"):format(word) end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  local said = pipe:read "a"
  assert(pipe:close(), said)
  return said
end

describe("a locale with a decimal comma", function()
  teardown(temp.remove)

  local function build(folder)
    return os.execute(("localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1"):format(
      folder))
  end

  it("changes nothing, set before or after the library is loaded", function()
    local folder = temp.folder()
    if not build(folder) then pending "localedef cannot build de_DE.UTF-8" return end
    local here = io.popen "pwd":read "l"
    local head = ("package.path, package.cpath = %q, %q\n"):format(package.path:gsub("%./",
      here .. "/"), package.cpath:gsub("%./", here .. "/"))
    local script = temp.write(folder .. "/child.lua", head .. CHILD)
    local expected = run(script, folder, "C", "before", folder)
    assert.matches("<svg", expected, 1, true)
    for _, when in ipairs {"before", "after"} do
      assert.equal(expected, run(script, folder, "de_DE.UTF-8", when, folder))
    end
  end)
end)
