local vs = require "vesper"
local fails = require "spec.support.fails"

local function set_of(n) return vs.data.TensorDataset{x = vs.arange(n):float():reshape(n, 1)} end

local function indices(loader)
  local list, sizes = {}, {}
  for batch in loader do
    table.move(batch.index:tolist(), 1, #batch.index, #list + 1, list)
    sizes[#sizes + 1] = #batch.index
  end
  return list, sizes
end

describe("Loader: parts of several ranks", function()
  it("divides each batch of the joined loader", function()
    for _, n in ipairs {24, 29, 31, 3} do
      for _, ranks in ipairs {2, 3, 4} do
        local set, batches, left = set_of(n), {}, 0
        for batch in vs.data.Loader(set, {batch_size = 4 * ranks, shuffle = true, seed = 3}) do
          batches[#batches + 1] = batch.index:tolist()
        end
        local parts, count = {}, nil
        for rank = 0, ranks - 1 do
          local part = vs.data.Loader(set, {batch_size = 4, shuffle = true, seed = 3, rank = rank,
            ranks = ranks, workers = rank % 2})
          count = count or #part
          assert.equal(count, #part)
          for b, batch in ipairs(select(2, pcall(function()
            local list = {}
            for one in part do list[#list + 1] = one.index:tolist() end
            return list
          end))) do
            parts[b] = parts[b] or {}
            table.move(batch, 1, #batch, #parts[b] + 1, parts[b])
          end
        end
        assert.equal(count, #parts)
        for b, list in ipairs(batches) do
          local whole = #list // ranks * ranks
          left = left + #list - whole
          assert.same({table.unpack(list, 1, whole)}, parts[b] or {})
        end
        assert.is_true(left < ranks)
      end
    end
  end)

  it("cuts all samples into blocks in order", function()
    local set = set_of(11)
    local all = {}
    for rank = 0, 2 do
      local part = vs.data.Loader(set, {batch_size = 2}):part(rank, 3, true)
      local list, sizes = indices(part)
      assert.equal(#sizes, #part)
      table.move(list, 1, #list, #all + 1, all)
    end
    assert.same({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, all)
    assert.equal(0, #vs.data.Loader(set_of(2), {batch_size = 2}):part(0, 3, true))
  end)

  it("goes on in the middle of an epoch with the same number of ranks alone", function()
    local set = set_of(40)
    local function part(ranks)
      return vs.data.Loader(set, {batch_size = 4, shuffle = true, seed = 1, ranks = ranks})
    end
    local two = part(2)
    assert.equal(2, two.ranks)
    assert.equal(0, two.rank)
    two()
    local state = two:state()
    assert.equal(2, state.ranks)
    assert.is_nil(part(1):state().ranks)
    assert.equal(1, (function()
      local again = part(2)
      again:load_state(state)
      return again:state().batch
    end)())
    fails("ranks is 4 here, 2 in the state", function() part(4):load_state(state) end)
    fails("rank is 2, expected 0 to 1", vs.data.Loader, set, {rank = 2, ranks = 2})
    fails("ranks is 0, expected at least 1", vs.data.Loader, set, {ranks = 0})
  end)
end)
