-- The parts of a small training run, as checkpoints take them (checkpoint_spec.lua).
local assert = require "luassert"
local vs = require "vesper"

local nn, optim, data, checkpoint = vs.nn, vs.optim, vs.data, vs.checkpoint

local run = {}

--- Model, optimizer and loader, the middle layer `width` wide.
function run.make(width)
  local net = nn.Sequential{nn.Linear(3, width or 4), nn.BatchNorm1d(width or 4),
    nn.Linear(width or 4, 2)}
  local opt = optim.Adam(net:parameters(), {lr = 0.125})
  local set = data.TensorDataset{x = vs.arange(1, 30):float():reshape(10, 3)}
  return {model = net, optimizer = opt,
    loader = data.Loader(set, {batch_size = 3, shuffle = true, seed = 7})}
end

--- A training step on x.
function run.step(parts, x)
  parts.optimizer:zero_grad()
  parts.model(x):sum():backward()
  parts.optimizer:step()
end

--- Everything that load may change, as text.
function run.state_of(parts)
  local dict, rng, out = parts.optimizer:state_dict(), vs.get_rng_state(), {}
  local function add(tensors)
    local names = {}
    for name in pairs(tensors) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
      out[#out + 1] = name .. vs.io.json_encode {tensors[name]:reshape(-1):tolist()}
    end
  end
  add(parts.model:state_dict())
  add(dict.state)
  out[#out + 1] = vs.io.json_encode {dict.steps, dict.groups, parts.loader:state(), rng.seed,
    rng.counter}
  return table.concat(out, "\n")
end

--- Asserts that a checkpoint is refused with these texts in the message, and that no part changed.
function run.refused(folder, parts, ...)
  local before = run.state_of(parts)
  local found, message = checkpoint.load(folder, parts)
  assert.is_nil(found)
  for _, want in ipairs {...} do assert.matches(want, message, 1, true) end
  assert.equal(before, run.state_of(parts))
  return message
end

return run
