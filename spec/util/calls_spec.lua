-- Calls that go wrong in usual ways get a message that says what to write instead.
local vs = require "vesper"
local nn = vs.nn

local function fails(words, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.matches(words, message, 1, true)
end

describe("functions written in Lua", function()
  local a, b = vs.tensor{1, 2}, vs.tensor{1.0005, 2}

  it("take options by name, alone and after others", function()
    assert.is_true(a:allclose(b, {rtol = 1e-3}))
    assert.is_true(vs.allclose(a, b, {atol = 1e-3, rtol = 0}))
    assert.is_false(a:allclose(b, 0, {atol = 1e-4}))
    assert.equal(3, vs.nan_to_num(vs.tensor{0 / 0}, {nan = 3}):item())
    assert.equal(2, vs.tensor{{1, 2}}:amax{dim = 2, keepdim = true}:item())
    assert.equal(2, vs.tensor{{1, 2}}:count_nonzero{1, 2}:item())
  end)

  it("answer in their own name", function()
    fails("allclose: unknown option 'tol', expected one of x, y, rtol, atol, equal_nan", a.allclose,
      a, b, {tol = 1})
    fails("allclose: rtol is given twice", a.allclose, a, b, 1, {rtol = 1})
  end)
end)

describe("messages", function()
  it("say that a method needs a colon", function()
    for _, net in ipairs {nn.Linear(2, 2), nn.Sequential{nn.ReLU()}} do
      for _, name in ipairs {"parameters", "state_dict", "train"} do
        fails(("Module:%s: the module is missing, expected a Module; call it with a colon, "
          .. "net:%s()"):format(name, name), net[name])
      end
    end
  end)

  it("say what a sheet and a table are made of", function()
    local picture = vs.zeros(3, 4, 4):byte()
    fails("row 1, entry 1 of images is uint8 [3,4,4], expected {image = uint8 [3,H,W]}",
      vs.plot.contact_sheet, "x.png", {{caption = "a", images = {picture}}})
    fails("row 1, entry 1 of images is a string", vs.plot.contact_sheet, "x.png",
      {{caption = "a", images = {"a.png"}}})
    fails("report.table: column 1 is 'a', expected {key, heading}", vs.report.table, {"a"}, {})
  end)
end)
