-- Fuzz target: word vectors as text (GloVe, .vec) and fastText's .bin, told apart by the bytes.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.vec"
local vocab = vs.text.Vocab.new {"<pad>", "<unk>", "the", "hat", "hats", "</s>", "übergröße",
  ("long"):rep(50), ""}

return function(bytes)
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
