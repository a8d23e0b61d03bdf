-- given(list) returns add(op, name, args, data, want, shape, dtype), which adds a case without a
-- gradient: one input, data(vs), and the values, shape and perhaps dtype that come of it.
local numbers = require "spec.support.numbers"

return function(list)
  return function(op, name, args, data, want, shape, dtype)
    list[#list + 1] = {op = op, name = name, args = args, grad = {},
      inputs = function(vs) return {data(vs)} end,
      forward = function(vs, outputs)
        if dtype then assert(outputs[1].dtype == dtype, "dtype is " .. outputs[1].dtype) end
        numbers.same(vs, outputs[1], want, shape)
      end}
  end
end
