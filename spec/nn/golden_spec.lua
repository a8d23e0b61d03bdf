-- Layers, functions and losses against PyTorch (values of spec/golden/*.py): outputs, gradients of
-- inputs and of parameters, buffers before and after.  It fails for a layer of the C tables that
-- nothing was compared for, and for golden values that nothing compares.
local vs = require "vesper"
local cases = require "spec.nn.golden_cases"
local golden = require "spec.support.golden"

-- What PyTorch cannot give, being random or not in 1.13: the spec that has to do.
local ELSEWHERE = {Dropout = "dropout", Dropout2d = "dropout", RMSNorm = "rms_norm"}

local files = {}
for _, file in ipairs {"rnn", "cnn", "layers", "ops"} do files[file] = golden.load(file) end

local compared = {} -- names of layers, as soon as their values were compared

-- {name = tensor} of what a case keeps under that heading.
local function under(values, case, heading)
  local found, prefix = {}, case .. "/" .. heading .. "."
  for name, t in pairs(values) do
    if name:sub(1, #prefix) == prefix then found[name:sub(#prefix + 1)] = t end
  end
  return found
end

-- The names of a list of {name = tensor} against those that the layer gives.
local function same_names(what, got, want)
  for name in pairs(want) do assert(got[name], ("%s %s is missing"):format(what, name)) end
  for name in pairs(got) do assert(want[name], ("%s %s is not PyTorch's"):format(what, name)) end
end

local function check_layer(values, case, layer)
  local params, state, named = under(values, case, "param"), {}, {}
  for _, pair in ipairs(layer:named_parameters()) do named[pair[1]] = pair[2] end
  same_names("parameter", named, params)
  for name, t in pairs(params) do state[name] = t end
  for name, t in pairs(under(values, case, "buffer")) do state[name] = t end
  layer:load_state_dict(state) -- names and shapes have to be the same
  local inputs = golden.inputs(values, case)
  golden.check(values, case, {layer(table.unpack(inputs))}, inputs)
  for name, p in pairs(named) do
    golden.near("gradient of " .. name, p.grad, values[case .. "/dparam." .. name])
  end
  local now = layer:state_dict()
  for name, t in pairs(under(values, case, "after")) do
    golden.near("buffer " .. name, now[name], t)
  end
  if vs.is_layer(layer) then compared[layer.name] = true end
end

for file, list in pairs(cases.layers) do
  describe("layers as PyTorch's, " .. file, function()
    for case, make in pairs(list) do
      it(case, function() check_layer(files[file], case, make()) end)
    end
  end)
end

for file, list in pairs(cases.functions) do
  describe("functions and losses as PyTorch's, " .. file, function()
    for case, fn in pairs(list) do
      it(case, function()
        local inputs = golden.inputs(files[file], case)
        golden.check(files[file], case, {fn(table.unpack(inputs))}, inputs)
      end)
    end
  end)
end

for file, list in pairs(cases.losses) do
  describe("losses as layers as PyTorch's, " .. file, function()
    for case, make in pairs(list) do
      it(case, function()
        local loss, inputs = make(), golden.inputs(files[file], case)
        golden.check(files[file], case, {loss(table.unpack(inputs))}, inputs)
        if vs.is_layer(loss) then compared[loss.name] = true end
      end)
    end
  end)
end

describe("golden values", function()
  for _, file in ipairs {"rnn", "cnn", "layers"} do
    it("are compared, each case of " .. file, function()
      local functions = cases.functions[file] or {}
      for name in pairs(files[file]) do
        local case = name:match "^(.*)/out1$"
        assert(not case or cases.layers[file][case] or functions[case],
          "nothing compares " .. tostring(case))
      end
    end)
  end

  for _, def in ipairs(vs.list_layers()) do
    it("were compared with those of " .. def.name, function()
      local instead = ELSEWHERE[def.name]
      if not instead then
        assert(compared[def.name], "nothing compared it: it needs a case in spec/golden")
        return
      end
      assert.is_nil(compared[def.name])
      local text = assert(io.open("spec/nn/" .. instead .. "_spec.lua")):read "a"
      assert(text:find("nn." .. def.name .. "(", 1, true), instead .. "_spec does not make one")
    end)
  end
end)
