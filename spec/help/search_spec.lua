-- Search in the texts of help.
local search = require "vesper.help.search"

local function names(words)
  local list = {}
  for i, e in ipairs(search.entries(words)) do list[i] = e.name end
  return list
end

describe("a search in help", function()
  it("finds words of the descriptions, whatever their endings", function()
    assert.equal("train.fit", names("early stopping")[1])
    assert.equal("train.fit", names("Stop EARLY")[1])
  end)

  it("prefers names", function()
    assert.equal("vs.matmul", names("matmul")[1])
    local first = names("cosine annealing")[1]
    assert.matches("CosineAnnealing", first)
  end)

  it("says which words nothing has", function()
    local _, missing = search.entries "matmul qwertz"
    assert.same({"qwertz"}, missing)
    assert.matches("no text has: qwertz", search.text "matmul qwertz", 1, true)
    assert.matches("no text of help has 'qwertz'", search.text "qwertz", 1, true)
    assert.same({}, names "")
  end)

  it("shows the sentence that has the words", function()
    assert.matches("train.fit\n    patience: early stopping", search.text "early stopping", 1, true)
  end)
end)
