-- models.DPM: its index, and retrieval by categories against the same computed number by number.
-- What all models have to do is in spec/models/models_spec.lua.
local vs = require "vesper"
local dpm = require "spec.support.dpm"
local fails = require "spec.support.fails"

local CLASSES, WIDTH = dpm.CLASSES, dpm.WIDTH
local new, int64, images, query, gallery, no_grad =
  dpm.new, dpm.int64, dpm.images, dpm.query, dpm.gallery, dpm.no_grad

-- ---- retrieval, number by number ----------------------------------------------------------------

local function dot(a, b)
  local sum = 0
  for i = 1, #a do sum = sum + a[i] * b[i] end
  return sum
end

local function unit(a, more, shift)
  local moved = {}
  for i = 1, #a do moved[i] = a[i] + (more and more[i] * shift or 0) end
  local length = math.sqrt(dot(moved, moved))
  for i = 1, #a do moved[i] = moved[i] / length end
  return moved
end

-- Embedding e and probabilities p of one query -> {{place, score}, ...}, the best first.
local function by_hand(e, p, index, prototypes, o)
  local asked, order = {}, {}
  for c = 1, #p do order[c] = c end
  table.sort(order, function(a, b) return p[a] > p[b] end)
  for i = 1, math.min(o.categories or 3, #p) do asked[order[i]] = true end
  local found, v, category = {}, index.v:tolist(), index.category:tolist()
  for i = 1, #v do
    local c = category[i]
    if asked[c] then
      local moved = unit(unit(e), prototypes[c], o.shift or 0)
      found[i] = {i, (dot(moved, unit(v[i])) + 1) / 2 * p[c]}
    else
      found[i] = {i, (dot(unit(e), unit(v[i])) - 3) / 4}
    end
  end
  table.sort(found, function(a, b)
    if math.abs(a[2] - b[2]) > 1e-6 then return a[2] > b[2] end
    return a[1] < b[1]
  end)
  return found
end

-- What a query is embedded as, and its categories: from the model's other methods.
local function expected(model, q, kind)
  local function likely(x) return (x:normalize():matmul(model.prototypes:t()) * 3):softmax(2) end
  if kind == "image" then return (model:encode_image(q)), model:classify_image(q) end
  if kind == "text" then
    local t = model:embed_text(q)
    return t, likely(t)
  end
  local out = model(q)
  return out.v:normalize() + out.t:normalize(), out.logits:softmax(2)
end

local function check(model, q, kind, index, o)
  local places, scores = model:retrieve(q, index, o)
  local e, p = no_grad(expected, model, q, kind)
  assert.same({2, o.k}, places.shape)
  for row = 1, 2 do
    local want = by_hand(e[row]:tolist(), p[row]:tolist(), index, model.prototypes:tolist(), o)
    for i = 1, o.k do
      local where = ("%s, query %d, place %d"):format(kind, row, i)
      assert.equal(want[i][1], places[row][i]:item(), where)
      assert(math.abs(want[i][2] - scores[row][i]:item()) < 1e-6, where)
    end
  end
  return places, scores
end

describe("DPM:retrieve", function()
  local model, index
  setup(function() model, index = new():eval(), gallery() end)

  for _, kind in ipairs {"image", "text", "both"} do
    it("finds by " .. kind, function()
      for _, o in ipairs {{k = 7}, {k = 3, categories = 1}, {k = 7, categories = 2, shift = 2},
        {k = 7, categories = 9, shift = 0}} do
        check(model, query(kind), kind, index, o)
      end
    end)
  end

  it("goes on with the nearest of all others where a category has no image", function()
    local prototypes = model.prototypes:clone()
    local q = query "image"
    model.prototypes[3] = no_grad(model.encode_image, model, q)[1]:normalize() -- the most probable
    local _, scores = check(model, q, "image", index, {k = 7, categories = 1})
    assert(scores[1]:max():item() < 0 and scores[1]:min():item() >= -1)
    _, scores = check(model, q, "image", index, {k = 7, categories = 2})
    assert(scores[1][1]:item() > 0 and scores[1][7]:item() < 0)
    model.prototypes:copy_(prototypes)
  end)

  it("is the nearest neighbours where no category is asked", function()
    local q = query "image"
    local places = check(model, q, "image", index, {k = 7, categories = 0})
    local v = no_grad(model.encode_image, model, q)
    local near = select(2, v:normalize():matmul(index.v:normalize():t()):topk(7, 2))
    assert.same(near:tolist(), places:tolist())
  end)

  it("puts the earlier of equals first", function()
    local places = model:retrieve(query "text", index, {k = 7}):tolist()
    for row = 1, 2 do
      local at = {}
      for i, place in ipairs(places[row]) do at[place] = i end
      assert.equal(at[2] + 1, at[4])
    end
    local same = {v = vs.ones(5, WIDTH), category = int64{1, 1, 1, 1, 1}}
    for _, categories in ipairs {0, CLASSES} do
      places = model:retrieve(query "text", same, {k = 4, categories = categories})
      assert.same({{1, 2, 3, 4}, {1, 2, 3, 4}}, places:tolist())
    end
  end)

  it("has an order for images and prototypes that are zeros", function()
    local blank = new():eval()
    blank.prototypes:zero_()
    local zeros = {v = vs.zeros(3, WIDTH), category = int64{1, 2, 3}}
    local _, scores = blank:retrieve(query "both", zeros, {k = 3, categories = CLASSES})
    for _, score in ipairs(scores:flatten():tolist()) do assert(score >= 0 and score <= 1) end
  end)

  it("says what it cannot do, and leaves the mode as it was", function()
    local text, both = query "text", query "both"
    for _, on in ipairs {true, false} do
      model:train(on)
      local function refused(want, ...)
        local arguments = {...}
        local message = fails(want, function() return (model:retrieve(table.unpack(arguments))) end)
        assert.matches("dpm_spec", message, 1, true)
        assert.equal(on, model.training)
        assert.equal(on, model.bert.encoder.layer[1].training)
      end
      refused("k is 8, expected at most 7, the number of images in index", text, index, {k = 8})
      refused("k is 10, expected at most 7", text, index)
      refused("k is 0, expected an integer >= 1", text, index, {k = 0})
      refused("k is 2.5, expected", text, index, {k = 2.5})
      refused("k is '3', expected", text, index, {k = "3"})
      refused("categories is -1, expected an integer >= 0", text, index,
        {k = 1, categories = -1})
      refused("unknown option 'best'", text, index, {best = 1})
      refused("model:index(loader)", text, {v = index.v}, {k = 1})
      refused("neither an image nor a text", {}, index, {k = 1})
      refused("text without tokens", {text = text.text}, index, {k = 1})
      refused("text without tokens", {image = both.image, text = text.text}, index, {k = 1})
      refused("the batch has no text", {image = both.image, tokens = text.tokens,
        lengths = text.lengths}, index, {k = 1})
      refused("batch.text has 1 entries, expected 2", {text = {"dog"}, tokens = text.tokens,
        lengths = text.lengths}, index, {k = 1})
      model:retrieve(text, index, {k = 1})
      assert.equal(on, model.training)
    end
  end)
end)

describe("DPM:index", function()
  local function loader(n)
    local label = {}
    for i = 1, n do label[i] = i % CLASSES + 1 end
    local set = vs.data.TensorDataset{image = images(n), label = int64(label)}
    return vs.data.Loader(set, {batch_size = 2})
  end

  it("has each image's vector and the category that it is taken for, or its label", function()
    local model = new():train()
    local index, known = model:index(loader(5)), model:index(loader(5), {known = true})
    assert.is_true(model.training)
    model:eval()
    local v = no_grad(model.encode_image, model, images(5))
    assert((index.v - v):abs():max():item() < 1e-5)
    assert.same(no_grad(model.classify_image, model, images(5)):argmax(2):tolist(),
      index.category:tolist())
    assert.same({2, 3, 4, 1, 2}, known.category:tolist())
    assert.is_false(index.v.requires_grad)
    local places = model:retrieve({image = images(5)}, known, {k = 5})
    assert.same({5, 5}, places.shape)
  end)

  it("has an image with several captions once", function()
    local model, all = new(), images(3)
    local of = int64{1, 1, 2, 2, 2, 3}
    local set = vs.data.TensorDataset{image = all:index_select(1, of), image_index = of,
      label = int64{4, 4, 1, 1, 1, 2}}
    local index = model:index(vs.data.Loader(set, {batch_size = 4}), {known = true})
    assert.same({{4, 1, 2}, {1, 3, 6}}, {index.category:tolist(), index.sample})
    model:eval()
    assert((index.v - no_grad(model.encode_image, model, all)):abs():max():item() < 1e-5)
  end)

  it("leaves the mode as it was after an error", function()
    local model = new():train()
    local set = vs.data.TensorDataset{label = int64{1, 2}}
    assert.is_false(pcall(model.index, model, vs.data.Loader(set, {batch_size = 2})))
    assert.is_true(model.training)
    assert.is_false(pcall(model.fit_prototypes, model, vs.data.Loader(set, {batch_size = 2})))
    assert.is_true(model.training)
    fails("unknown option 'knwon'", model.index, model, loader(2), {knwon = true})
  end)
end)

describe("DPM:measure and choose_shift", function()
  local function loader(n)
    local q = {image = images(n), text = {}, tokens = {}, lengths = {}, label = {}}
    for i = 1, n do
      q.text[i], q.tokens[i] = i % 2 == 0 and "a red hat" or "dog", {3 + i % 9, 1 + i % 4, 11}
      q.lengths[i], q.label[i] = 3, i % CLASSES + 1
    end
    q.tokens, q.lengths, q.label = int64(q.tokens), int64(q.lengths), int64(q.label)
    return setmetatable({}, {__call = function(self) -- one batch, as often as it is asked for
      self.done = not self.done
      return self.done and q or nil
    end}), q
  end

  it("count own images and categories as their definitions say", function()
    local model = new()
    local each, q = loader(9)
    local index = model:index(each)
    model:eval()
    for _, shift in ipairs {0, 2} do
      local found = model:measure(each, {k = 3, shift = shift, categories = 2})
      local own, precise = 0, 0
      for i = 1, 9 do
        local one = {text = {q.text[i]}, tokens = q.tokens:slice(1, i, i),
          lengths = q.lengths:slice(1, i, i)}
        local places = model:retrieve(one, index, {k = 3, shift = shift, categories = 2})
        for _, place in ipairs(places[1]:tolist()) do
          if place == i then own = own + 1 end
          if index.category[place]:item() == index.category[i]:item() then precise = precise + 1 end
        end
      end
      assert.near(100 * own / 9, found.on.own, 1e-3)
      assert.near(100 * precise / 27, found.on.precision, 1e-3)
      local t = vs.no_grad(function() return model:embed_text(q) end)
      local near = t:normalize():matmul(index.v:normalize():t())
      local _, nearest = near:topk(3, 2)
      local hits = nearest:eq(vs.arange(1, 9):unsqueeze(2)):any(2):float():mean():item()
      assert.near(100 * hits, found.off.own, 1e-3)
    end
  end)

  it("choose the best shift, which is kept with the model", function()
    local model = new()
    local each = loader(9)
    local shift, tried = model:choose_shift(each, {shifts = {0, 0.5, 3}, k = 3})
    assert.equal(3, #tried)
    local most = -1
    for _, t in ipairs(tried) do most = math.max(most, t.own) end
    for _, t in ipairs(tried) do
      if t.own == most then
        assert.equal(t.shift, shift) -- the smallest of equal ones
        break
      end
    end
    assert.equal(shift, model.shift)
    assert.same(tried[1].own, model:measure(each, {shift = 0, k = 3}).on.own)
    fails("k is 10, expected at most 9", model.choose_shift, model, each)
    fails("unknown option 'shift'", model.choose_shift, model, each, {shift = 1})
  end)
end)
