local mpi = require "spec.support.mpi"

local describe_mpi = mpi.there() and describe or pending

-- Compares the gradients, and the mean of the losses, of all ranks with those of one process that
-- has the joined batch: 1e-9 in the double build, 1e-5 of the largest value in the float build.
-- `made` makes a model; loss(model, first, last) is that of these samples of the joined batch;
-- several(model, dp, first, last) that of one rank.
local PRELUDE = [[
local nn, models = vs.nn, vs.models
local LIMIT = vs.build.real == "double" and 1e-9 or 1e-5
local function close(name, want, got, largest)
  largest = largest or math.max(want:abs():max():item(), 1e-3)
  local off = (want - got):abs():max():item() / largest
  if not (off <= LIMIT) then
    error(("%s: off by %g; expected %s, got %s"):format(name, off, want, got), 2)
  end
end
local function gradients(model)
  local list = {}
  for _, pair in ipairs(model:named_parameters()) do list[pair[1] ] = pair[2].grad end
  return list
end
local function compare(name, samples, make, joined, several, options)
  vs.manual_seed(5)
  local model = make()
  local want = joined(model, 1, samples)
  want:backward()
  local grads, largest = gradients(model), 0
  for _, g in pairs(grads) do largest = math.max(largest, g:abs():max():item()) end
  vs.manual_seed(5)
  if rank > 0 then vs.randn(3) end
  model = make()
  local dp = dist.DataParallel(model, options)
  local share = samples // size
  for round = 1, 2 do   -- without an order of buckets, and with one
    model:zero_grad()
    local loss = several(model, rank * share + 1, (rank + 1) * share, dp)
    loss:backward()
    close(name .. " loss", want:detach(), dist.all_reduce(loss:detach(), "mean"))
    for key, g in pairs(gradients(model)) do
      close(name .. " " .. key .. " round " .. round, grads[key], g, largest)
    end
    for key in pairs(grads) do assert(gradients(model)[key], key) end
  end
  dp:remove()
end
]]

for _, n in ipairs {2, 4} do
  describe_mpi(("DataParallel on %d ranks"):format(n), function()
    it("has the gradients of the joined batch", function()
      mpi.works(n, PRELUDE .. [[
        vs.manual_seed(1)
        local x, y = vs.randn(16, 3, 8, 8), vs.randint(1, 5, 16)
        local function make()
          return nn.Sequential{nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
            nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 5)}
        end
        local function loss(model, first, last)
          return nn.functional.cross_entropy(model(x:slice(1, first, last)),
            y:slice(1, first, last))
        end
        for _, options in ipairs {{batch_norm = true}, {batch_norm = true, bucket = 0.0001},
            {batch_norm = true, overlap = false}} do
          compare("batch norm", 16, make, loss, loss, options)
        end
        local function make_relu6() -- many values beyond both bounds
          local m = nn.Module:extend "Bounded" ()
          m.first, m.norm, m.plain = nn.Linear(192, 8), nn.BatchNorm1d(8), nn.Linear(8, 5)
          m.last = nn.BatchNorm1d(8, {affine = false})
          vs.no_grad(function() m.norm.weight:fill_(6) end)
          function m:forward(batch)
            return self.plain(self.last(self.norm(self.first(batch:flatten(2)), "relu6")))
          end
          return m
        end
        compare("relu6", 16, make_relu6, loss, loss, {batch_norm = true})
        -- running statistics
        vs.manual_seed(7)
        local a = make()
        local dp = dist.DataParallel(a, {batch_norm = true})
        local b = make()
        b:load_state_dict(a:state_dict())
        local share = 16 // size
        a(x:slice(1, rank * share + 1, (rank + 1) * share))
        b(x)
        local state = a:state_dict()
        for key, t in pairs(b:state_dict()) do close(key, t:float(), state[key]:float()) end
        a:eval() b:eval()
        close("evaluation", b(x), a(x))
      ]])
    end)

    it("has the ranking and contrastive losses of the joined batch", function()
      mpi.works(n, PRELUDE .. [[
        vs.manual_seed(1)
        local a, b = vs.randn(16, 6), vs.randn(16, 5)
        local index = vs.tensor({1, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 11, 1, 12, 13},
          {dtype = "int64"})
        local tokens = vs.randint(1, 2, 16, 3)
        tokens:slice(1, 1, 8):select(2, 3):fill_(1) -- padding: a rank may have two columns only
        local contrast = require "vesper.models.contrast"
        local function make_with(loss)
          return function()
            local m = nn.Module:extend "Pair" ()
            m.a, m.b, m.ranking = nn.Linear(6, 4), nn.Linear(5, 4), loss()
            function m:loss(first, last, given)
              local v, t = self.a(a:slice(1, first, last)), self.b(b:slice(1, first, last))
              local its = index:slice(1, first, last)
              local batch = {image_index = given.index and its, item = given.item and its,
                tokens = given.tokens and tokens:slice(1, first, last)}
              if given.tokens and last <= 8 then batch.tokens = batch.tokens:slice(2, 1, 2) end
              return given.call(self.ranking, contrast.scores(v, t), contrast.same(batch),
                index:slice(1, first, last))
            end
            return m
          end
        end
        local function plain(loss, scores, same) return loss(scores, same) end
        local function epoch(e) return function(l, scores, same) return l(scores, e, same) end end
        local function positive(l, scores, _, label) return l(scores, contrast.equal(label)) end
        local cases = {
          {"InfoNCE", nn.InfoNCE, plain}, {"SigmoidLoss", nn.SigmoidLoss, plain},
          {"HingeRanking", nn.HingeRanking, epoch(2)}, {"all", nn.HingeRanking, epoch(1)},
          {"UniCL", nn.UniCL, positive},
        }
        for _, case in ipairs(cases) do
          for _, given in ipairs {{}, {index = true}, {item = true},
              {index = true, tokens = true}} do
            given.call = case[3]
            compare(case[1], 16, make_with(function() return case[2]() end),
              function(m, first, last) return m:loss(first, last, given) end,
              function(_, first, last, dp) return dp:loss(first, last, given) end)
          end
        end
      ]])
    end)
  end)
end

describe_mpi("DataParallel", function()
  it("takes parameters without gradients, accumulates, and sends bfloat16", function()
    mpi.works(2, PRELUDE .. [[
      vs.manual_seed(rank + 1)
      local m = nn.Module:extend "Parts" ()
      m.a, m.b, m.c, m.d = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)
      m.d:freeze()
      local dp = dist.DataParallel(m)
      local first = dist.broadcast(m.a.weight)
      assert(first:allclose(m.a.weight, {rtol = 0, atol = 0}))
      local x = vs.ones(4, 3) * (rank + 1)
      for _ = 1, 3 do
        m:zero_grad()
        local y = m.a(x):sum()
        if rank == 1 then y = y + m.b(x):sum() end
        y:backward()
        close("a", vs.ones(2, 3) * 6, m.a.weight.grad)
        close("b", vs.ones(2, 3) * 4, m.b.weight.grad)  -- 0 on one rank, 8 on the other
        assert(m.c.weight.grad == nil and m.d.weight.grad == nil)
      end
      m:zero_grad()
      dp:no_sync(function() m.a(x):sum():backward() end)
      close("apart", vs.ones(2, 3) * 4 * (rank + 1), m.a.weight.grad)
      m.a(x):sum():backward()
      close("accumulated", vs.ones(2, 3) * 12, m.a.weight.grad)
      -- an error in a backward leaves nothing behind, also where buckets were under way
      local order = dp.order
      dp:remove()
      dp = dist.DataParallel(m, {bucket = 1e-5, order = order})
      local bad = vs.autograd.Function{forward = function(_, t) return t end,
        backward = function() error "no" end}
      m:zero_grad()
      local b = bad((x * 2):requires_grad_())
      assert(not pcall(function() (m.a(x):sum() + m.b(b):sum()):backward() end))
      m:zero_grad()
      m.a(x):sum():backward()
      close("after an error", vs.ones(2, 3) * 6, m.a.weight.grad)
      dp:remove()
      m:zero_grad()
      m.a(x):sum():backward()
      close("removed", vs.ones(2, 3) * 4 * (rank + 1), m.a.weight.grad)

      dp = dist.DataParallel(m, {wire = "bfloat16"})
      m:zero_grad()
      m.a(x * 1.001):sum():backward()
      local g = m.a.weight.grad
      assert((g - 6.006):abs():max():item() < 0.03 and g.dtype == vs.zeros(1).dtype)
    ]])
  end)

  it("keeps several models in one backward apart, whatever comes first on a rank", function()
    mpi.works(2, PRELUDE .. [[
      vs.manual_seed(1)
      local a, b = nn.Linear(3, 2), nn.Linear(3, 2)
      local dp = {dist.DataParallel(a), dist.DataParallel(b)}
      local x = vs.ones(4, 3) * (rank + 1)
      for _ = 1, 3 do
        a:zero_grad()
        b:zero_grad()
        local la, lb
        if rank == 0 then
          la, lb = a(x):sum(), b(x):sum() * 10
        else
          lb, la = b(x):sum() * 10, a(x):sum()
        end
        (rank == 0 and la + lb or lb + la):backward()
        close("a", vs.ones(2, 3) * 6, a.weight.grad)
        close("b", vs.ones(2, 3) * 60, b.weight.grad)
      end
      dp[1]:remove()
      dp[2]:remove()
      for _ = 1, 300 do dist.DataParallel(a):remove() end
    ]])
  end)

  it("has batch norms over ranks with different numbers of samples, and with none", function()
    mpi.works(3, PRELUDE .. [[
      vs.manual_seed(1)
      for _, counts in ipairs {{3, 2, 4}, {0, 2, 1}, {0, 0, 2}} do
        local norm, whole = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
        local dp = dist.DataParallel(norm, {batch_norm = true})
        local x = vs.randn(counts[rank + 1], 3)
        local all = dist.all_gather(x):requires_grad_()
        x:requires_grad_()
        norm(x):pow(3):sum():backward()
        whole(all):pow(3):sum():backward()
        close("dx", all.grad, dist.all_gather(x.grad), 1)
        close("dw", whole.weight.grad / 3, norm.weight.grad)
        close("variance", whole.running_var, norm.running_var)
        dp:remove()
      end
      local norm = nn.BatchNorm1d(3)
      dist.DataParallel(norm, {batch_norm = true})
      local ok, message = pcall(norm, vs.randn(rank == 1 and 1 or 0, 3))
      assert(not ok and message:find "training needs more than one value a channel", message)
    ]])
  end)

  it("starts anew after a backward that failed, whatever the ranks had sent", function()
    local program = [[
      dist.init{timeout = 20}
      vs.manual_seed(1)
      local m = nn.Module:extend "Parts" ()
      m.a, m.b, m.c = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)
      dist.DataParallel(m, {bucket = 1e-5})
      local bad = vs.autograd.Function{forward = function(_, t) return t * 1 end,
        backward = function() error "no" end}
      local x = vs.ones(4, 3) * (rank + 1)
      local function same(t) return t end
      local function step(fails)
        local first, last = fails and rank == 1 and bad or same, fails and rank == 0 and bad or same
        m:zero_grad()
        local loss = first(m.a(x)):sum() + m.b(x):sum() + last(m.c(x)):sum()
        local ok, why = pcall(loss.backward, loss)
        if ok == fails then error(why, 0) end
        for _, name in ipairs(fails and {} or {"a", "b", "c"}) do
          close(name, vs.ones(2, 3) * 6, m[name].weight.grad)
        end
      end
      step(false)
      step(false)
      for _ = 1, 3 do
        step(true)
        step(false)
        step(false)
      end
    ]]
    mpi.works(2, PRELUDE .. program)
    -- a failure that one rank alone catches, where the other takes one step more
    local ok, said = mpi.run(2, PRELUDE .. program .. "if rank == 0 then step(true) end step(false)"
      .. " if rank == 1 then step(false) end")
    assert.is_false(ok)
    assert.matches("rank 0: the end of the script\n  rank 1: backward 10 of DataParallel 1", said)
  end)

  it("averages a parameter that is used twice", function()
    mpi.works(2, PRELUDE .. [[
      vs.manual_seed(1)
      local x = vs.randn(8, 3)
      local function make()
        local m = nn.Module:extend "Twice" ()
        m.a, m.b = nn.Linear(3, 3), nn.Linear(3, 3)
        return m
      end
      local function loss(m, first, last)
        return m.a(m.b(m.a(x:slice(1, first, last)))):pow(2):mean()
      end
      for _, bucket in ipairs {25, 1e-5} do
        compare("twice", 8, make, loss, loss, {bucket = bucket})
      end
    ]])
  end)

  it("advances without a thread too", function()
    mpi.works(2, PRELUDE .. [[
      dist.init{thread = false}
      vs.manual_seed(1)
      local m = nn.Sequential{nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 50)}
      dist.DataParallel(m, {bucket = 0.001})
      for _ = 1, 5 do
        m:zero_grad()
        m(vs.randn(8, 50)):sum():backward()
      end
      local g = m[1].weight.grad
      assert(dist.broadcast(g):allclose(g, {rtol = 0, atol = 0}))
    ]])
  end)

  it("refuses models that differ", function()
    local ok, said = mpi.run(2, [[dist.DataParallel(vs.nn.Linear(3, 2 + rank))]])
    assert.is_false(ok)
    assert.matches("dist.DataParallel: the ranks differ\n"
      .. "  rank 0: parameter weight: float%d+ %[2,3%], trained %(%S+%)\n"
      .. "  rank 1: parameter weight: float%d+ %[3,3%], trained %(%S+%)", said)
  end)
end)
