-- The gradient check itself: it has to see a wrong gradient, a missing one, and outputs that depend
-- on how the inputs lie in memory.
local vs = require "vesper"
local gradcheck = require "spec.support.gradcheck"
local numbers = require "spec.support.numbers"

describe("gradcheck", function()
  local it = vs.build.real == "double" and it or pending

  local x
  before_each(function() x = numbers.signed(vs, {3, 5}, 1) end)

  it("accepts a right gradient", function()
    assert.is_true(gradcheck(vs, function(a) return a * a end, {x}) < 1e-7)
  end)

  it("sees a wrong gradient", function()
    local ok, message = pcall(gradcheck, vs, function(a) return a * a:detach() end, {x})
    assert.is_false(ok)
    assert.matches("gradient of input 1", message)
  end)

  it("sees an error of one part in a million", function()
    local wrong = function(a) return a + a:detach() * 1e-6 end
    assert.is_false(pcall(gradcheck, vs, wrong, {x}))
  end)

  it("sees a gradient that does not arrive", function()
    local ok, message = pcall(gradcheck, vs, function(a, b) return a + b:detach() end, {x, x})
    assert.is_false(ok)
    assert.matches("input 2: no gradient arrived", message)
  end)

  it("sees outputs that depend on strides", function()
    local careless = function(a) return a:is_contiguous() and a * 2 or a * 3 end
    local ok, message = pcall(gradcheck, vs, careless, {x})
    assert.is_false(ok)
    assert.matches("not contiguous", message)
  end)

  it("derives by every tensor of a list", function()
    assert.is_true(gradcheck(vs, function(l) return l[1] * l[2] end, {{x, x + 1}}) < 1e-7)
  end)
end)
