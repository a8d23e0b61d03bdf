-- Writes the outputs and gradients of every op case to a file: lua5.4 spec/support/results.lua FILE
local vs = require "vesper"
assert(vs.save(arg[1], require "spec.support.cases".results(vs)))
