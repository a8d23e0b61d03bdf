-- Optimizer steps and clipping against PyTorch (values of spec/golden/rnn.py and optim.py): two
-- parameters, five steps, the second parameter without a gradient in the third.
local vs = require "vesper"
local golden = require "spec.support.golden"

local optim = vs.optim
local values = golden.load "rnn"
for name, tensor in pairs(golden.load "optim") do values[name] = tensor end

local function clip_norm(params, want)
  local norm = optim.clip_grad_norm_(params, want.limit)
  assert(math.abs(norm - want.norm) <= 1e-5 * want.norm, norm .. ", expected " .. want.norm)
end

local cases = {
  sgd = {function(p) return optim.SGD(p, {lr = 0.1}) end},
  ["sgd.decay"] = {function(p) return optim.SGD(p, {lr = 0.1, weight_decay = 0.2}) end},
  ["sgd.momentum"] = {function(p)
    return optim.SGD(p, {lr = 0.1, momentum = 0.9, dampening = 0.3, weight_decay = 0.1})
  end},
  ["sgd.nesterov"] = {function(p)
    return optim.SGD(p, {lr = 0.1, momentum = 0.9, nesterov = true})
  end},
  adam = {function(p) return optim.Adam(p, {lr = 0.05}) end},
  ["adam.decay"] = {function(p)
    return optim.Adam(p, {lr = 0.05, betas = {0.8, 0.95}, eps = 1e-6, weight_decay = 0.2})
  end},
  ["adam.amsgrad"] = {function(p) return optim.Adam(p, {lr = 0.05, amsgrad = true}) end},
  adamw = {function(p) return optim.AdamW(p, {lr = 0.05}) end},
  ["adamw.decay"] = {function(p)
    return optim.AdamW(p, {lr = 0.05, weight_decay = 0.3, amsgrad = true})
  end},
  rmsprop = {function(p) return optim.RMSprop(p, {lr = 0.05}) end},
  ["rmsprop.momentum"] = {function(p)
    return optim.RMSprop(p, {lr = 0.02, alpha = 0.9, momentum = 0.8, weight_decay = 0.1})
  end},
  ["rmsprop.centered"] = {function(p)
    return optim.RMSprop(p, {lr = 0.02, alpha = 0.8, eps = 1e-3, centered = true})
  end},
  ["rmsprop.both"] = {function(p)
    return optim.RMSprop(p, {lr = 0.02, centered = true, momentum = 0.5})
  end},
  adagrad = {function(p) return optim.Adagrad(p, {lr = 0.1}) end},
  ["adagrad.decay"] = {function(p)
    return optim.Adagrad(p, {lr = 0.1, lr_decay = 0.1, weight_decay = 0.2,
      initial_accumulator_value = 0.5, eps = 1e-6})
  end},
  ["clip.norm"] = {function(p) return optim.SGD(p, {lr = 0.1}) end, clip_norm, 2},
  ["clip.large"] = {function(p) return optim.SGD(p, {lr = 0.1}) end, clip_norm, 1000},
  ["clip.value"] = {function(p) return optim.SGD(p, {lr = 0.1}) end,
    function(params) optim.clip_grad_value_(params, 0.4) end},
}

local compared = {} -- names of optimizers, as soon as their values were compared

describe("optimizers as PyTorch's", function()
  for case, how in pairs(cases) do
    it(case, function()
      local make, clip, limit = table.unpack(how)
      local params = {}
      for i = 1, 2 do
        params[i] = values[("%s/p%d"):format(case, i)]:to("float32"):clone():requires_grad_()
      end
      local opt = make(params)
      for step = 1, 5 do
        opt:zero_grad()
        for i, p in ipairs(params) do
          local g = values[("%s/g%d.%d"):format(case, i, step)]
          if g then (p * g:to("float32")):sum():backward() end
        end
        local norm = values[("%s/norm.%d"):format(case, step)]
        if clip then clip(params, {limit = limit, norm = norm and norm:item()}) end
        opt:step()
        for i, p in ipairs(params) do
          local what = ("%s, parameter %d after step %d"):format(case, i, step)
          golden.near(what, p, values[("%s/p%d.%d"):format(case, i, step)])
        end
      end
      compared[opt.name] = true
    end)
  end

  it("every golden case is used", function()
    for name in pairs(values) do
      local case = name:match "^(.*)/p1$"
      assert(not case or cases[case], "nothing compares " .. tostring(case))
    end
  end)

  for _, def in ipairs(vs.list_optims()) do
    it("there was a case of " .. def.name, function()
      assert(compared[def.name], "nothing compared it: it needs a case in spec/golden/optim.py")
    end)
  end
end)

-- Tables of which a batch touches some rows: an optimizer leaves the others, and their state, as
-- they are.
local lazy = {
  ["lazy.sgd"] = function(p) return optim.SGD(p, {lr = 0.1}) end,
  ["lazy.adagrad"] = function(p)
    return optim.Adagrad(p, {lr = 0.1, lr_decay = 0.1, initial_accumulator_value = 0.5})
  end,
  ["lazy.adam"] = function(p) return optim.Adam(p, {lr = 0.05}) end,
}

describe("steps by sparse gradients as PyTorch's", function()
  for case, make in pairs(lazy) do
    it(case, function()
      local table_ = values[case .. "/p.0"]:to("float32"):clone():requires_grad_()
      local opt = make {table_}
      for step = 1, 6 do
        opt:zero_grad()
        local ids, g = values[case .. "/ids." .. step], values[case .. "/g." .. step]
        local rows = vs.embedding(table_, ids, {sparse = true})
        ;(rows * g:to("float32")):sum():backward()
        opt:step()
        golden.near(case .. " after step " .. step, table_, values[case .. "/p." .. step])
      end
    end)
  end

  it("every golden case is used", function()
    for name in pairs(values) do
      local case = name:match "^(lazy.*)/p.0$"
      assert(not case or lazy[case], "nothing compares " .. tostring(case))
    end
  end)
end)
