-- No object of vesper prints as an address.
local vs = require "vesper"
local temp = require "spec.support.temp"
local tiny_bert = require "spec.support.tiny_bert"
local nn = vs.nn

local function prints(value, want)
  local text = tostring(value)
  assert.is_nil(text:match "0x%x+", text)
  if want then assert.equal(want, text) end
  return text
end

describe("objects", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  it("of every class made in C have __tostring", function()
    local count = 0
    for name, meta in pairs(debug.getregistry()) do
      if type(name) == "string" and name:find "^vesper%." and type(meta) == "table" then
        assert(rawget(meta, "__tostring"), name)
        count = count + 1
      end
    end
    assert(count > 20, "only " .. count .. " classes")
  end)

  it("that write and read files print their names", function()
    local path = dir .. "/hats.h5"
    local writer = assert(vs.data.Writer(path))
    prints(writer, "Writer hats.h5")
    local picture = vs.image.canvas({4, 4})
    writer:add("train", {image = picture})
    writer:add("train", {image = picture})
    writer:add("val", {image = picture})
    prints(writer, "Writer hats.h5: train 2, val 1")
    assert(writer:close())
    prints(writer)
    prints(assert(vs.io.h5(path)), "H5File")
    temp.write(dir .. "/x.csv", "a,b\n1,2\n")
    prints(vs.io.csv(dir .. "/x.csv"), "CsvReader")
    temp.write(dir .. "/x.json", "[1, 2]")
    prints(vs.io.json_items(dir .. "/x.json"), "JsonItems")
    prints(vs.io.json_load(dir .. "/x.json"), "JsonArray: 2 values")
    prints(vs.data.open(path))
    prints(vs.tensorboard.SummaryWriter(dir))
  end)

  it("of training print what they are", function()
    local net = nn.Sequential{nn.Linear(2, 2), nn.ReLU()}
    local opt = vs.optim.SGD(net:parameters(), {lr = 0.1})
    local values = {net, net[1], opt, opt.param_groups[1], vs.optim.EMA(net),
      vs.optim.lr_scheduler.StepLR(opt, {step_size = 1}),
      vs.zeros(2):requires_grad_():register_hook(print),
      nn.CrossEntropyLoss(), nn.InfoNCE(), nn.HingeRanking(), net:state_dict(),
      nn.Parameter(vs.ones(1)), vs.models.SmallCNN(4), vs.text.Vocab.new {"<pad>", "<unk>"},
      vs.data.TensorDataset {x = vs.zeros(2)},
      vs.data.LuaDataset {size = 1, get = function() return {label = 1} end},
      vs.metrics.retrieval(vs.eye(3), vs.eye(3)), vs.nn.summary(net, vs.zeros(1, 2)),
      vs.profile(function() return vs.ones(2) + 1 end),
      tiny_bert().config}
    for _, value in ipairs(values) do prints(value) end
    local loader = vs.data.Loader(values[15], {batch_size = 1})
    prints(loader)
    for batch in loader do prints(batch) end
    local guard <close> = vs.no_grad()
    prints(guard, "Guard")
  end)
end)
