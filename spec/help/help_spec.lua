-- vs.help, and the table behind it: every public function of the live tables has an entry, every
-- entry has its function or field.
local vs = require "vesper"
local reference = require "vesper.help.reference"
local temp = require "spec.support.temp"

local entries = reference.entries()
local names, values = {}, {}
for _, e in ipairs(entries) do
  names[e.name] = e
  local value = reference.live(e.name)
  if value ~= nil then values[value] = e.name end
end

-- The names that a file's table `name = "file"` loads when they are first used.
local function on_demand(path, pattern)
  local list = {}
  for name in temp.read(path):gmatch(pattern) do list[#list + 1] = name end
  assert(#list > 0, path .. " names nothing")
  return list
end

local parts = on_demand("lua/vesper/init.lua", '([%w_]+) = "vesper%.')
local models = on_demand("lua/vesper/models/init.lua", '([%w_]+) = "[%l_]+"')

-- What Lua files of vesper use to add methods, and constructors that stand in nn and optim too.
local inner = {layers = true, optims = true, layer_methods = true, optim_methods = true,
  tensor_methods = true}
local sections = {}
for _, section in ipairs(reference.sections()) do sections[section.name] = true end

-- Calls check(name, function) on every function of a table and of the tables in it.
local function each_function(prefix, t, check, seen)
  if seen[t] then return end
  seen[t] = true
  for key, value in pairs(t) do
    local name = prefix .. "." .. tostring(key)
    local public = type(key) == "string" and key:sub(1, 1) ~= "_"
    if public and not (prefix == "vs" and inner[key]) then
      if type(value) == "function" then check(name, value) end
      local deeper = type(value) == "table" and not value.is_module -- classes: see below
      if deeper then each_function(name, value, check, seen) end
    end
  end
end

describe("vesper.reference", function()
  it("has an entry for every function of the module tables", function()
    for _, key in ipairs(parts) do assert(vs[key], key) end
    local missing, count = {}, 0
    each_function("vs", vs, function(name, fn)
      count = count + 1
      if not values[fn] and not names[name:gsub("^vs%.", "")] then missing[#missing + 1] = name end
    end, {})
    table.sort(missing)
    assert(#missing == 0, "no entry in lua/vesper/help/words: " .. table.concat(missing, ", "))
    assert(count > 200, "only " .. count .. " functions found")
    for _, key in ipairs(parts) do
      assert(sections[key] or names["vs." .. key], "no section or entry for vs." .. key)
    end
  end)

  it("has an entry for every method of a class made in C", function()
    local ops, missing, count = {}, {}, 0
    for _, op in ipairs(vs.ops()) do ops[op.name] = true end
    for class, meta in pairs(debug.getregistry()) do
      class = type(class) == "string" and class:match "^vesper%.(.+)$"
      for key in pairs(class and type(meta) == "table" and meta.methods or {}) do
        count = count + 1
        local known = names[class .. ":" .. key] or (class == "Tensor" and ops[key])
        known = known or (class == "Layer" and (names["Module:" .. key]))
        if not known then missing[#missing + 1] = class .. ":" .. key end
      end
    end
    table.sort(missing)
    assert(#missing == 0, "no entry in lua/vesper/help/words: " .. table.concat(missing, ", "))
    assert(count > 150, "only " .. count .. " methods found")
  end)

  it("has an entry for every method of Module and of the models", function()
    local missing = {}
    local function look(class, t)
      for key, value in pairs(t) do
        local own = type(value) == "function" and key:sub(1, 2) ~= "__"
        if class ~= "Module" and (key == "init" or key == "forward") then own = false end
        if own and not names[class .. ":" .. key] and not names[class .. "." .. key] then
          missing[#missing + 1] = class .. ":" .. key
        end
      end
    end
    look("Module", vs.nn.Module)
    for _, name in ipairs(models) do
      assert(names["models." .. name], "no entry for models." .. name)
      look(name, vs.models[name])
    end
    assert(#missing == 0, "no entry in lua/vesper/help/words: " .. table.concat(missing, ", "))
  end)

  it("has a function for every entry", function()
    for name, e in pairs(names) do
      if e.kind ~= "field" then assert(reference.live(name) ~= nil, "there is no " .. name) end
    end
  end)

  it("has a field for every entry that names one", function()
    local folder = temp.folder()
    local path = folder .. "/set.h5"
    local options = {name = "n", classes = {"a"}, vocab = {"<pad>", "<unk>"}}
    local writer = assert(vs.data.Writer(path, options))
    assert(writer:add("train", {image = vs.image.canvas({8, 8}), label = 1, id = "1"}))
    assert(writer:close())
    local set = assert(vs.data.open(path, "train"))
    local layer, leaf = vs.nn.Linear(2, 2), vs.ones(1, {requires_grad = true})
    leaf:sum():backward()
    local objects = {
      Tensor = leaf, Layer = layer, Module = vs.nn.Sequential{layer}, Dataset = set,
      Loader = vs.data.Loader(set, {seed = 1}), Optimizer = vs.optim.SGD({leaf}),
      Scheduler = vs.optim.lr_scheduler.StepLR(vs.optim.SGD({leaf}), 1),
    }
    for name, e in pairs(names) do
      local class, key = name:match "^(%u%w*)%.([%w_]+)$"
      if e.kind == "field" and class then
        assert(objects[class], "no object of class " .. class)
        assert(objects[class][key] ~= nil, "there is no " .. name)
      elseif e.kind == "field" then
        assert(reference.live(name) ~= nil, "there is no " .. name)
      end
    end
    temp.remove()
  end)

  it("has words and arguments that can be read", function()
    local seen = {}
    for _, e in ipairs(entries) do
      assert(type(e.doc) == "string" and #e.doc > 5 and e.doc:match "%.$", e.name .. ": " .. e.doc)
      assert(not seen[e.name], e.name .. " stands there twice")
      seen[e.name] = true
      for _, a in ipairs(e.args or {}) do assert(#a.kind > 0, e.name .. ": " .. a.name) end
    end
  end)
end)

describe("vs.help", function()
  local printed, print_ = nil, print
  local function help(...)
    printed = nil
    _G.print = function(text) printed = text end
    local ok, returned = pcall(vs.help, ...)
    _G.print = print_
    assert(ok, returned)
    assert.is_nil(returned) -- the REPL prints what is returned
    return printed
  end

  it("lists every section", function()
    local text = help()
    for name in pairs(sections) do assert(text:find("\n" .. name .. "\n", 1, true), name) end
    assert.matches("conv2d", text)
  end)

  it("tells about an op by name", function()
    local text = help "conv2d"
    assert.matches("vs.conv2d(x, w, b?, stride = 1", text, 1, true)
    assert.matches("[B,O,H',W']", text, 1, true)
    assert.matches("groups +integer, default 1", text)
    assert.equal(text, help "vs.conv2d")
    assert.equal(text, help "nn.functional.conv2d")
  end)

  it("tells about layers, optimizers and readers by name or value", function()
    assert.matches("in_features +integer", help "nn.Linear")
    assert.equal(help "nn.Linear", help(vs.nn.Linear))
    assert.equal(help "nn.Embedding", help(vs.nn.Embedding))
    assert.matches("betas +number or two of them, default 0.9/0.999, by name", help "optim.Adam")
    assert.matches("returns Dataset, or nil and a message", help "data.open", 1, true)
    assert.equal(help "data.open", help(vs.data.open))
  end)

  it("tells about sections, classes and objects", function()
    assert.equal(help "text", help(vs.text))
    assert.matches("text.WordPiece(path, {lowercase?", help "text", 1, true)
    assert.matches("Tensor:item()", help(vs.ones(1)), 1, true)
    assert.matches("Vocab:encode(s", help "Vocab", 1, true)
    assert.matches("nn.Linear(in_features", help(vs.nn.Linear(1, 1)), 1, true)
    assert.matches("Module:buffers()", help(vs.nn.Sequential{}), 1, true)
    assert.matches("Computes the gradients", help "backward", 1, true)
  end)

  it("shows every entry of that name", function()
    local text = help "load"
    assert.matches("vs.load(path, {mmap = true})", text, 1, true)
    assert.matches("image.load(path", help "image.load", 1, true)
    assert.matches("WordPiece:decode", help "decode")
    assert.matches("Vocab:decode", help "decode")
  end)

  it("suggests names that look alike", function()
    assert.matches("did you mean nn.Conv2d, vs.conv2d", help "conv2", 1, true)
    assert.matches("vs.softmax", help "sofmax", 1, true)
    assert.matches("optim.AdamW", help "optim.AdmW", 1, true)
    assert.matches("unknown name 'qqqqqqqq'", help "qqqqqqqq", 1, true)
    assert.equal("unknown name 'cuda'; vesper computes on the CPU", help "cuda")
    assert.matches("vs.help 'nn' lists the names of nn", help "nn.Foo", 1, true)
    local sheet = help "sheet"
    assert.matches("plot.contact_sheet", sheet, 1, true)
    assert.matches("occurs in the description of report.found, report.page", sheet, 1, true)
  end)

  it("finds every name by its last part and by every ending, with and without vs.", function()
    for _, e in ipairs(entries) do
      local ending = e.name:gsub("^vs%.", "")
      while ending do
        for _, asked in ipairs {ending, "vs." .. ending, (ending:gsub(":", "."))} do
          local text, own = help(asked), e.name
          assert(text:find(own .. "(", 1, true) or text:find(own, 1, true)
            or e.method and text:find("x:" .. e.method, 1, true), asked .. " lacks " .. own)
        end
        ending = ending:match "^[%w_]+[.:](.*)$"
      end
    end
    assert.matches("also\n  metrics.topk(queries, gallery, k)", help "topk", 1, true)
  end)

  it("knows what tensors do not have", function()
    local function message(name)
      local ok, said = pcall(function() return vs.ones(1)[name] end)
      assert.is_false(ok)
      return said:match "help_spec.lua:%d+: (.*)"
    end
    assert.equal("tensor has no method or property 'cuda'; vesper computes on the CPU",
      message "cuda")
    assert.equal("tensor has no method or property 'sofmax'; did you mean softmax, amax, argmax, "
      .. "max?", message "sofmax")
    assert.equal("tensor has no method or property 'qqqqqqqq'", message "qqqqqqqq")
  end)

  it("leaves names that do not exist nil elsewhere, for tests of features", function()
    assert.is_nil(vs.foo)
    assert.is_nil(vs.nn.Foo)
    assert.is_nil(vs.optim.Foo)
    assert.is_nil(vs.models.Foo)
    assert.is_nil(vs.nn.Linear(1, 1).cuda)
    assert.is_nil(vs.nn.Sequential{}.cuda)
  end)

  it("answers whatever it is given", function()
    for _, what in ipairs {"", "%", ".", ":", "a.b.c", print, {}, 3, true, io.stdout} do
      assert(#help(what) > 0)
    end
  end)

  it("describes every entry by its name", function()
    for _, e in ipairs(entries) do
      assert(help(e.name):find(e.doc:match "%S+", 1, true), e.name)
    end
  end)
end)
