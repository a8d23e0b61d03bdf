-- Wrong arguments of functions bound by hand: the message tells the script's line, the function and
-- the argument, also when the function is called by pcall, which gives Lua no name for it.
local vs = require "vesper"

local function message(f, ...)
  local ok, said = pcall(f, ...)
  assert(not ok, "it raised nothing")
  return said
end

local picture = vs.zeros(3, 4, 4, {dtype = "uint8"})
local vocab = vs.text.Vocab.build {"a cat"}

-- Each: the function, what its message says, its arguments.
local cases = {
  {vs.full, "full: sizes is a number, expected a table", 3},
  {vs.full, "full: value is a string, expected a number", {2}, "x"},
  {vs.arange, "arange: last is a boolean, expected a number", 1, true},
  {vs.linspace, "linspace: count is 2.5, expected an integer", 0, 1, 2.5},
  {vs.eye, "eye: n is missing, expected an integer"},
  {vs.randint, "randint: low is a string, expected an integer", "1", 6},
  {vs.randint, "randint: high is missing, expected an integer", 1},
  {vs.randperm, "randperm: n is a table, expected an integer", {}},
  {vs.manual_seed, "manual_seed: seed is a string, expected an integer", "seed"},
  {vs.set_rng_state, "set_rng_state: seed is missing, expected an integer", {}},
  {vs.zeros_like, "zeros_like: argument 1: expected a Tensor, got number", 1},
  {vs.no_grad, "no_grad: body is a number, expected a function", 1},
  {vs.set_grad_enabled, "set_grad_enabled: mode is missing, expected a boolean"},
  {vs.set_autocast_enabled, "set_autocast_enabled: on is missing, expected a boolean"},
  {vs.set_num_threads, "set_num_threads: n is a string, expected an integer", "two"},
  {vs.set_matmul_precision, "set_matmul_precision: precision is missing, expected a string"},
  {vs.set_matmul_precision,
    'set_matmul_precision: "low", expected highest, high or medium', "low"},
  {vs.set_cache_limit, "set_cache_limit: -1 bytes, expected at least 0", -1},
  {vs.is_terminal, "is_terminal: file is missing, expected an integer"},
  {vs.save, "save: path is a table, expected a string", {}},
  {vs.save, "save: path is a number, expected a string", 1.5, {}},
  {vs.save, "save: tensors is missing, expected a table", "/nowhere"},
  {vs.load, "load: path is a Tensor, expected a string", picture},
  {vs.npy.load, "npy.load: path is a table, expected a string", {}},
  {vs.npy.save, "npy.save: argument 2: expected a Tensor, got nothing", "/nowhere"},
  {vs.io.csv, "io.csv: path is missing, expected a string"},
  {vs.io.json_decode, "io.json_decode: text is a table, expected a string", {}},
  {vs.io.json_save, "io.json_save: value is missing, expected a value", "/nowhere"},
  {vs.io.array, "io.array: list is a string, expected a table", "x"},
  {vs.image.load, "image.load: path is missing, expected a string"},
  {vs.image.info, "image.info: path is a function, expected a string", print},
  {vs.image.save, "image.save: argument 2: expected a Tensor, got nothing", "/nowhere"},
  {vs.image.encode, "image.encode: format is missing, expected a string", picture},
  {vs.image.resize, "image.resize: filter is a table, expected a string", picture, {2, 2}, {}},
  {vs.image.crop, "image.crop: x is a string, expected an integer", picture, "x", 1, {1, 1}},
  {vs.image.draw_text, "image.draw_text: y is 1.5, expected an integer", picture, 1, 1.5, "x"},
  {vs.image.text_size, "image.text_size: scale is a table, expected an integer", "x", {}},
  {vs.image.grid, "image.grid: pictures is a Tensor, expected a table", picture},
  {vs.image.grid, "image.grid: expected a Tensor, got number", {1}},
  {vs.text.tokenize, "text.tokenize: text is missing, expected a string"},
  {vs.text.Vocab.build, "text.Vocab.build: texts is a string, expected a table", "x"},
  {vs.text.WordVectors, "text.WordVectors: path is a boolean, expected a string", true},
  {vocab.encode, "Vocab:encode: text is a table, expected a string", vocab, {}},
  {vocab.encode, "Vocab:encode: argument 1: expected a Vocab, got Tensor", picture, "x"},
  {vocab.encode_batch, "Vocab:encode_batch: texts is a string, expected a table", vocab, "x"},
  {vocab.word, "Vocab:word: id is a string, expected an integer", vocab, "cat"},
  {vs.data.permutation, "data.permutation: seed is missing, expected an integer", 3},
  {vs.data.find, "data.find: ending is missing, expected a string", "/nowhere"},
  {vs.data.Writer, "data.Writer: path is missing, expected a string"},
  {picture.size, "Tensor:size: dim is a string, expected an integer", picture, "x"},
  {vs.nn.utils.clip_grad_norm_, "clip_grad_norm_: max_norm is missing, expected a number", {}},
}

describe("wrong arguments", function()
  for _, case in ipairs(cases) do
    it(case[2], function()
      local said = message(case[1], table.unpack(case, 3))
      assert(said:find(case[2], 1, true), said)
      assert(said:find("arguments_spec.lua:%d+: "), said)
    end)
  end
end)

describe("an option out of bounds", function()
  it("tells whole bounds", function()
    local said = message(vocab.encode, vocab, "a", {max_len = 0})
    local want = "max_len': expected a whole number from 1 to 9223372036854775807, got 0"
    assert(said:find(want, 1, true), said)
  end)
end)
