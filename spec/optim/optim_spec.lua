-- Optimizers beside PyTorch's values: what they accept, groups, and what a step changes.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local optim = vs.optim

local function fails(pattern, fn, ...)
  local ok, message = pcall(fn, ...)
  assert(not ok, "no error")
  assert(tostring(message):find(pattern, 1, true), tostring(message))
end

local function leaf(...) return vs.tensor({...}):requires_grad_() end

describe("optimizers", function()
  it("refuse settings that make no sense", function()
    local p = {leaf(1)}
    fails("SGD: lr is -1, expected 0 or more", optim.SGD, p, {lr = -1})
    fails("nesterov needs a momentum", optim.SGD, p, {lr = 1, nesterov = true})
    fails("Adam: betas are 0.9 and 1", optim.Adam, p, {betas = {0.9, 1}})
    fails("momentun", optim.SGD, p, {momentun = 0.9})
  end)

  it("refuse what is not a parameter", function()
    local p = leaf(1, 2)
    fails("parameter 1 [2] is not a leaf that requires a gradient", optim.SGD, {vs.ones(2)},
      {lr = 1})
    fails("parameter 2 [2] is not a leaf", optim.SGD, {p, p * 2}, {lr = 1})
    fails("parameters 1 and 2 are the same", optim.SGD, {p, p}, {lr = 1})
    fails("SGD: the list of parameters is empty", optim.SGD, {}, {lr = 1})
    fails("parameter 1 [2] is already in group 1", optim.SGD,
      {{params = {p}}, {params = {p}}}, {lr = 1})
  end)

  it("step each group by its own settings, and leave what has no gradient", function()
    local a, b, c = leaf(1, 1), leaf(1, 1), leaf(1, 1)
    local opt = optim.SGD({{params = {a}, lr = 0.5}, {params = {b, c}}}, {lr = 0.25})
    local loss = (a + b):sum()
    loss:backward()
    opt:step()
    numbers.same(vs, a, {0.5, 0.5})
    numbers.same(vs, b, {0.75, 0.75})
    numbers.same(vs, c, {1, 1})
    opt:zero_grad()
    opt:step()
    numbers.same(vs, a, {0.5, 0.5})
  end)

  it("count as a change in place: backward through old values is an error", function()
    local p = leaf(2)
    local opt = optim.SGD({p}, {lr = 0.5})
    p:sum():backward()
    local y = (p * p):sum()
    opt:step()
    fails("changed in place", y.backward, y)
  end)

  it("take over settings that lean on each other, and forget state that is not there", function()
    local p = leaf(1, 2)
    local old = optim.SGD({p}, {lr = 0.5, momentum = 0.9, nesterov = true})
    local new = optim.SGD({p}, {lr = 0.1})
    local fresh = new:state_dict()
    for _ = 1, 4 do -- the order of settings differs from table to table
      new:load_state_dict(old:state_dict())
      assert.is_true(new.nesterov)
      assert.equal(0.9, new.momentum)
      new:load_state_dict(fresh)
      assert.is_false(new.nesterov)
    end
    p:sum():backward()
    new:load_state_dict(old:state_dict())
    new:step()
    assert(new:state(1, 1).momentum_buffer)
    new:load_state_dict(fresh)
    assert.same({}, (new:state(1, 1)))
  end)

  it("lower a quadratic", function()
    for name, settings in pairs {SGD = {lr = 0.1, momentum = 0.5}, Adam = {lr = 0.3},
      AdamW = {lr = 0.3, weight_decay = 0}, RMSprop = {lr = 0.05}, Adagrad = {lr = 1}} do
      local p = leaf(3, -4)
      local opt = optim[name]({p}, settings)
      for _ = 1, 200 do
        opt:zero_grad()
        local loss = ((p - 1) * (p - 1)):sum()
        loss:backward()
        opt:step()
      end
      numbers.same(vs, p, {1, 1}, {2}, 0.01)
    end
  end)
end)

describe("RMSprop", function()
  it("keeps only the state that its settings need", function()
    local function names(settings)
      local p, list = leaf(1, 2), {}
      local opt = optim.RMSprop({p}, settings)
      p:sum():backward()
      opt:step()
      for name in pairs((opt:state(1, 1))) do list[#list + 1] = name end
      table.sort(list)
      return table.concat(list, " ")
    end
    assert.equal("square_avg", names {})
    assert.equal("momentum_buffer square_avg", names {momentum = 0.9})
    assert.equal("grad_avg square_avg", names {centered = true})
    assert.equal("grad_avg momentum_buffer square_avg", names {centered = true, momentum = 0.9})
  end)

  it("refuses settings that make no sense, as Adagrad does", function()
    local p = {leaf(1)}
    fails("RMSprop: alpha is -1, expected 0 or more", optim.RMSprop, p, {alpha = -1})
    fails("RMSprop: momentum is -0.5", optim.RMSprop, p, {momentum = -0.5})
    fails("Adagrad: lr_decay is -1", optim.Adagrad, p, {lr_decay = -1})
    fails("Adagrad: initial_accumulator_value is -1", optim.Adagrad, p,
      {initial_accumulator_value = -1})
  end)

  it("goes on from a state dictionary as if it had not stopped", function()
    for name, settings in pairs {RMSprop = {centered = true, momentum = 0.9},
      Adagrad = {lr_decay = 0.1, initial_accumulator_value = 1}} do
      local a = leaf(3, -4)
      local opt = optim[name]({a}, settings)
      local function step(p, o)
        o:zero_grad()
        local loss = ((p - 1) * (p - 1)):sum()
        loss:backward()
        o:step()
      end
      for _ = 1, 3 do step(a, opt) end
      local b = a:detach():clone():requires_grad_()
      local other = optim[name]({b})
      other:load_state_dict(opt:state_dict())
      for _ = 1, 3 do
        step(a, opt)
        step(b, other)
      end
      assert.same(a:tolist(), b:tolist())
    end
  end)
end)

describe("clipping", function()
  it("scales all gradients by one factor, and gives the norm before", function()
    local a, b = leaf(3), leaf(4)
    local loss = ((a * a + b * b) / 2):sum()
    loss:backward()
    assert(math.abs(optim.clip_grad_norm_({a, b, leaf(1)}, 1) - 5) < 1e-5)
    numbers.same(vs, a.grad, {0.6}, {1}, 1e-5)
    numbers.same(vs, b.grad, {0.8}, {1}, 1e-5)
    fails("max_norm is 0", optim.clip_grad_norm_, {a}, 0)
  end)

  it("limits each value", function()
    local a = leaf(3, -4, 0.5)
    local loss = (a * a / 2):sum()
    loss:backward()
    optim.clip_grad_value_({a}, 1)
    numbers.same(vs, a.grad, {1, -1, 0.5})
  end)
end)
