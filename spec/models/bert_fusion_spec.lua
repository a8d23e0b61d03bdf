-- models.BERTFusion: what it refuses, its parts and its objectives.  What all models have to do is
-- in spec/models/models_spec.lua.
local vs = require "vesper"
local dpm = require "spec.support.dpm"
local fails = require "spec.support.fails"
local temp = require "spec.support.temp"
local tiny_bert = require "spec.support.tiny_bert"

local models = vs.models
local CLASSES, WIDTH = dpm.CLASSES, dpm.WIDTH
local new, int64, images, query, no_grad = dpm.new, dpm.int64, dpm.images, dpm.query, dpm.no_grad

describe("BERTFusion", function()
  teardown(temp.remove)

  local function labelled(kind)
    local q = query(kind or "both")
    q.label = int64{1, 2}
    return q
  end

  it("refuses what it cannot read with, at the caller's line", function()
    local plain, unmasked = tiny_bert(), tiny_bert()
    plain.tokenizer = nil
    local path = temp.write(temp.folder() .. "/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nhat\n")
    unmasked.tokenizer = assert(vs.text.WordPiece(path))
    for want, more in pairs {
      ["bert is missing, expected models.BERT"] = {bert = false},
      ["bert is a string, expected a models.BERT"] = {bert = "folder"},
      ["bert has no tokenizer"] = {bert = plain},
      ["bert has no pooler"] = {bert = tiny_bert{add_pooling_layer = false}},
      ["weights.masked is > 0, but the vocabulary has no [MASK]"] =
        {bert = unmasked, weights = {masked = 1}},
      ["max_words is 1, expected an integer >= 2"] = {max_words = 1},
      ["max_words is 4.5, expected"] = {max_words = 4.5},
      ["VSE weights: unknown option 'macth'"] = {weights = {macth = 1}},
    } do
      local message = fails(want, function() return (new(more, "BERTFusion")) end)
      assert.matches("support/dpm", message, 1, true)
    end
    local model = new(nil, "BERTFusion")
    fails("the batch has no text", model, {image = images(2)})
  end)

  it("may keep the image out of BERT, which then has a position more", function()
    local with, without = new(), new{visual = false}
    assert.equal(11, with.max_words)
    assert.equal(12, without.max_words)
    without:train():loss(labelled(), 1):backward()
    for _, pair in ipairs(without:named_parameters()) do
      assert(pair[2].grad, pair[1] .. " has no gradient")
    end
  end)

  it("lets no text know its image where retrieval compares them", function()
    local model, q = new():eval(), query "both"
    local t = no_grad(model, q).t
    assert.same(t:tolist(), no_grad(model.embed_text, model, query "text"):tolist())
    q.image = 255 - q.image
    assert.same(t:tolist(), no_grad(model, q).t:tolist())
  end)

  it("starts from a VSE", function()
    local model = new()
    vs.manual_seed(8)
    local vse = models.VSE{classes = CLASSES, width = WIDTH, channels = {4, 8},
      text = {vocab_size = 12, word_dim = 8}}
    local own = model.fuse:state_dict()["0.weight"]:clone()
    model:start_from(vse):eval()
    vse:eval()
    local q = query "both"
    assert.same(no_grad(vse, q).v:tolist(), no_grad(model, q).v:tolist())
    assert.same(no_grad(vse.embed_text, vse, q):tolist(),
      no_grad(model.encode_text, model, q.tokens, q.lengths):tolist())
    assert.same(own:tolist(), model.fuse:state_dict()["0.weight"]:tolist())
  end)

  it("has BERT learn at a rate of its own, without what is frozen", function()
    local model = new()
    local groups = model:param_groups(1e-2)
    assert.equal(1e-2, groups[1].lr)
    assert.equal(1e-3, groups[2].lr)
    assert.equal(#model.bert:parameters(), #groups[2].params)
    assert.equal(#model:parameters(), #groups[1].params + #groups[2].params)
    model.bert:freeze_layers(1)
    groups = model:param_groups(1e-2, {bert = 0.5})
    assert.equal(5e-3, groups[2].lr)
    assert.equal(#model.bert:parameters(true), #groups[2].params)
  end)

  it("learns which text belongs to an image, and masked words; one sample alone too", function()
    local model = new{weights = {classify = 0, rank = 0, match = 1, masked = 1}}
    local batch = labelled()
    local opt = vs.optim.Adam(model:parameters(), {lr = 0.01})
    local first, last
    for step = 1, 60 do
      local loss, parts = model:loss(batch, 1)
      opt:zero_grad()
      loss:backward()
      opt:step()
      last = parts.match
      first = step == 1 and last or first
    end
    assert(last < 0.5 * first, ("from %g to %g"):format(first, last))
    local one = {image = batch.image:slice(1, 1, 1), text = {"dog"}, tokens = int64{{12}},
      lengths = int64{1}, label = int64{1}}
    local loss, parts = model:loss(one, 1)
    loss:backward()
    assert.equal(0, parts.match)
    for _, pair in ipairs(model:named_parameters()) do
      local grad = pair[2].grad
      assert(not grad or grad:sub(grad):sum():item() == 0, pair[1])
    end
  end)
end)
