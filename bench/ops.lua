-- vesper's side of `make bench-ops`: single ops in one process.  See ops.py.
--
--   lua5.4 bench/ops.lua STATE THREADS
--
-- Writes the inputs to STATE (safetensors), prints the names of the ops, separated by tabs, then
-- answers lines from stdin:
--   take NAME -> ready
--   check     -> mean and mean square of the output, which the peer has to give too; of an op that
--                draws random numbers nothing
--   time N    -> seconds of a call, over N calls
-- An op with "back" in its name includes the backward pass from the sum of its output.
local vs = require "vesper"
local F = vs.nn.functional

vs.set_num_threads(assert(math.tointeger(tonumber(arg[2]))))
vs.manual_seed(1)

local t = {
  a = vs.randn(64, 128, 512), b = vs.randn(64, 128, 512), row = vs.randn(512),
  column = vs.randn(64, 128, 1),
  positive = vs.rand(64, 128, 512) + 0.01, images = vs.randn(32, 64, 56, 56),
  pictures = vs.randn(8, 3, 224, 224), logits = vs.randn(256, 30000),
  maps = vs.randn(8, 21, 128, 128), flat = vs.randn(1000000), tiny = vs.randn(8, 16),
  signal = vs.randn(16, 512, 64), kernel = vs.randn(512, 512, 3) / 40,
  rows = vs.randint(1, 64, {64}), elements = vs.randint(1, 512, {64, 128, 512}),
  classes = vs.randint(1, 30000, {256}), map_classes = vs.randint(1, 21, {8, 128, 128}),
  whole = vs.randint(-1000, 1000, {64, 128, 512}),
}
assert(vs.save(arg[1], t))
local mask, half = t.a:gt(0), t.a:to "bfloat16"

-- name, function of no arguments that returns the output; in the order of the table
local names, ops = {}, {}
local function add(name, fn)
  names[#names + 1] = name
  ops[name] = function() return vs.no_grad(fn) end
end
-- fn's gradient by the first input alone
local function back(name, x, fn)
  name = name .. ", and back"
  names[#names + 1] = name
  ops[name] = function()
    local z = x:detach():requires_grad_()
    local y = fn(z)
    y:sum():backward()
    return z.grad
  end
end
local random = {}
local function draw(name, fn)
  add(name, fn)
  random[name] = true
end

local a, b = t.a, t.b
add("add", function() return a + b end)
add("add a row", function() return a + t.row end)
add("times a number", function() return a * 2 end)
add("clamp", function() return a:clamp(-1, 1) end)
add("where", function() return vs.where(mask, a, b) end)
add("masked_fill", function() return a:masked_fill(mask, 0) end)
for _, name in ipairs {"exp", "tanh", "sigmoid", "relu"} do
  add(name, function() return a[name](a) end)
end
add("sqrt", function() return t.positive:sqrt() end)
add("log", function() return t.positive:log() end)
add("gelu", function() return F.gelu(a) end)
back("relu", a, function(x) return x:relu() end)
back("gelu", a, function(x) return F.gelu(x) end)
back("times a column", a, function(x) return x * t.column end)

for _, name in ipairs {"sum", "amax", "norm"} do
  add(name .. " of all", function() return a[name](a) end)
end
for i, dim in ipairs {"first", "middle", "last"} do
  for _, name in ipairs {"sum", "mean", "amax", "var", "prod"} do
    add(name .. ", " .. dim, function() return a[name](a, {dim = i}) end)
  end
  add("max, " .. dim, function() return (a:max(i)) end)
  add("argmax, " .. dim, function() return a:argmax(i) end)
  add("norm, " .. dim, function() return a:norm(2, i) end)
  add("any, " .. dim, function() return mask:any(i) end)
  add("cumsum, " .. dim, function() return a:cumsum(i) end)
  add("softmax, " .. dim, function() return a:softmax(i) end)
end
add("sum of integers, last", function() return t.whole:sum(3) end)
add("max of integers, middle", function() return (t.whole:max(2)) end)
add("sum of a transposed", function() return a:transpose(2, 3):sum(2) end)
back("mean, middle", a, function(x) return x:mean(2) end)
back("max, last", a, function(x) return (x:max(3)) end)
back("var, last", a, function(x) return x:var(3) end)
back("cumsum, last", a, function(x) return x:cumsum(3) end)
back("softmax, middle", a, function(x) return x:softmax(2) end)
add("log_softmax of long rows", function() return vs.log_softmax(a:reshape(64, 65536), 2) end)

add("copy of a transposed", function() return a:transpose(2, 3):contiguous() end)
add("copy of a permuted", function() return a:permute(2, 1, 3):contiguous() end)
add("cat, last", function() return vs.cat({a, b}, 3) end)
back("cat, last", a, function(x) return vs.cat({x, b}, 3) end)
add("stack", function() return vs.stack({a, b}, 1) end)
add("index_select", function() return a:index_select(1, t.rows) end)
add("gather", function() return a:gather(3, t.elements) end)
back("gather", a, function(x) return x:gather(3, t.elements) end)
add("scatter_add", function() return a:scatter_add(3, t.elements, b) end)
add("masked_select", function() return a:masked_select(mask) end)
add("to int64", function() return a:long() end)
add("int64 to float", function() return t.whole:float() end)
add("to bfloat16 and back", function() return a:to "bfloat16":float() end)
add("sum of bfloat16, last", function() return half:sum(3) end)
add("zeros", function() return vs.zeros(64, 128, 512) end)
add("arange", function() return vs.arange(1, 1000000) end)

add("sort", function() return (a:slice(1, 1, 8):sort(3)) end)
add("argsort of a million", function() return t.flat:argsort(1) end)
add("topk, 10 of 512", function() return (a:topk(10, 3)) end)
add("topk, 100 of 512", function() return (a:topk(100, 3)) end)

add("layer_norm", function() return F.layer_norm(a, {512}) end)
back("layer_norm", a, function(x) return F.layer_norm(x, {512}) end)
back("cross_entropy", t.logits, function(x) return F.cross_entropy(x, t.classes) end)
back("cross_entropy of maps", t.maps, function(x) return F.cross_entropy(x, t.map_classes) end)
add("max_pool2d", function() return F.max_pool2d(t.images, 3, {stride = 2, padding = 1}) end)
add("avg_pool2d", function() return F.avg_pool2d(t.images, 2) end)
add("bilinear, 224 to 512", function()
  return F.interpolate(t.pictures, {size = {512, 512}, mode = "bilinear"})
end)
add("conv1d", function() return F.conv1d(t.signal, t.kernel, nil, {padding = 1}) end)
draw("rand", function() return vs.rand(64, 128, 512) end)
draw("randn", function() return vs.randn(64, 128, 512) end)
draw("dropout", function() return F.dropout(a, 0.1, true) end)
add("chain of five on 8 x 16", function() return ((t.tiny + 1) * 2):relu():sum(2):exp() end)

local function say(...)
  io.write(table.concat({...}, "\t"), "\n")
  io.flush()
end

say(table.unpack(names))
local name, op
for line in io.lines() do
  local command, rest = line:match "^(%a+) ?(.*)$"
  if command == "take" then
    name, op = rest, assert(ops[rest], "there is no op " .. rest)
    say "ready"
  elseif command == "check" then
    if random[name] then
      say "0"
    else
      local y = op():float()
      say(("%.9g"):format(y:mean():item()), ("%.9g"):format(y:square():mean():item()))
    end
  else
    local n = assert(math.tointeger(tonumber(rest)), "expected time N")
    local start = vs.now()
    for _ = 1, n do op() end
    say(("%.9f"):format((vs.now() - start) / n))
  end
end
