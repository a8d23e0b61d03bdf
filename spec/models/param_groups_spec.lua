-- Parameter groups of models: each parameter once, rates of parts, weight decay of weights alone.
local vs = require "vesper"
local toy = require "spec.support.toy"

local NAMES = {"Baseline", "VSE", "CIM", "COOT", "AttentionPooling", "DenseProjection",
  "BERTFusion", "DPM", "TextOnly"}

-- tensor -> its group, and the number of tensors of all groups.
local function places(groups)
  local of, n = {}, 0
  for _, group in ipairs(groups) do
    for _, parameter in ipairs(group.params) do
      of[parameter:id()], n = group, n + 1
    end
  end
  return of, n
end

-- The groups have each parameter that is not frozen exactly once, and nothing else.
local function assert_cover(model, groups)
  local of, n = places(groups)
  local learning = model:parameters(true)
  assert.equal(#learning, n)
  for _, pair in ipairs(model:named_parameters()) do
    assert.equal(pair[2].requires_grad, of[pair[2]:id()] ~= nil, pair[1])
  end
  return of
end

describe("param_groups", function()
  for _, name in ipairs(NAMES) do
    it("of " .. name .. " has each parameter once", function()
      local model = toy.new(name, {weights = toy.every_term(name)})
      assert_cover(model, model:param_groups(0.1))
      assert_cover(model, model:param_groups(0.1, {image = 0.3}))
      for _, factors in ipairs {{}, {image = 0.3, text = 0.5}} do
        local of = assert_cover(model, model:param_groups(0.1, factors, {decay = 0.05}))
        for _, pair in ipairs(model:named_parameters()) do
          local group, part = of[pair[2]:id()], pair[1]:match "^[^.]+"
          local factor = factors[part] or part == "bert" and 0.1 or 1
          assert.equal(0.1 * factor, group.lr, pair[1])
          assert.equal(pair[2].ndim < 2 and 0 or 0.05, group.weight_decay, pair[1])
        end
      end
    end)
  end

  it("decays weights, not biases, norms and temperatures", function()
    local model = toy.new("CIM", {channels = {4}, weights = {contrast = 1}})
    local of, with, without = places(model:param_groups(0.1, nil, {decay = 0.05})), {}, {}
    for _, pair in ipairs(model:named_parameters()) do
      local list = of[pair[2]:id()].weight_decay > 0 and with or without
      list[#list + 1] = pair[1]
    end
    for _, name in ipairs(without) do
      local batch_norm = name:find "^image%.blocks%.0%.1%."
      assert(name:find "bias" or name:find "norm" or batch_norm or name == "contrast.logit_scale",
        name)
    end
    local kept = "\n" .. table.concat(without, "\n") .. "\n"
    for _, name in ipairs {"contrast.logit_scale", "image.out.bias", "image.blocks.0.1.weight",
      "intra.norm1.weight", "text.rnn.bias_ih_l0"} do
      assert(kept:find("\n" .. name .. "\n", 1, true), name)
    end
    for _, name in ipairs(with) do assert(name:find "weight", name) end
  end)

  it("leaves frozen parameters out, and makes no empty group of them", function()
    local model = toy.new("VSE")
    model.image:freeze()
    local groups = model:param_groups(0.1, {image = 0.3}, {decay = 0.05})
    assert_cover(model, groups)
    assert.equal(2, #groups)
    local optimizer = vs.optim.AdamW(groups, {lr = 0.1, weight_decay = 0.5})
    assert.equal(0.05, optimizer.param_groups[1].weight_decay)
    assert.equal(0, optimizer.param_groups[2].weight_decay)
  end)

  it("moves a bias without gradient's help by nothing", function()
    local model = toy.new("VSE")
    local optimizer = vs.optim.AdamW(model:param_groups(0.1, nil, {decay = 0.5}), {lr = 0.1})
    for _, parameter in ipairs(model:parameters()) do
      vs.no_grad(function() parameter:fill_(1) end)
      parameter.grad = vs.zeros(table.unpack(parameter.shape))
    end
    optimizer:step()
    for _, pair in ipairs(model:named_parameters()) do
      local want = pair[2].ndim < 2 and 1 or 1 - 0.1 * 0.5
      assert(math.abs(pair[2]:max():item() - want) < 1e-6, pair[1])
    end
  end)

  it("checks its options", function()
    local model = toy.new("VSE")
    assert.error_matches(function() model:param_groups(0.1, nil, {decay = "x"}) end,
      "param_groups: decay is 'x', expected a number")
    assert.error_matches(function() model:param_groups(0.1, nil, {decays = 1}) end,
      "unknown option 'decays'")
  end)
end)
