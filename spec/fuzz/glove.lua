-- Fuzz target: word vectors as text (GloVe, .vec) and the .bin of fastText, told apart by the
-- bytes; what starts as the .bin of word2vec is also read as such.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local dir = ...
local vocab = vs.text.Vocab.new {"<pad>", "<unk>", "the", "hat", "hats", "</s>", "übergröße",
  ("long"):rep(50), ""}

local function try(path, bytes)
  support.write(path, bytes)
  local vectors = support.try(vs.text.WordVectors, path)
  os.remove(path)
  if not vectors then return end
  local matrix, found = vectors:matrix(vocab, {seed = 1})
  assert(matrix.shape[1] == #vocab and matrix.shape[2] == vectors:dim() and found <= #vocab)
  support.read(matrix)
  local first = bytes:match "^[^%s%z]+" or "the"
  for _, word in ipairs {"hat", "unseen", first:sub(1, 100)} do
    local vector = vectors:vector(word)
    assert(vector or not vectors:has(word))
    local near = support.try(vectors.nearest, vectors, word, 3)
    assert(not near or #near <= 3)
  end
end

return function(bytes)
  try(dir .. "/x.vec", bytes)
  if bytes:find "^%d+ %d+\n" then try(dir .. "/x.bin", bytes) end
end
