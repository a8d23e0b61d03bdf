-- TextOnly: classification of the text alone, for comparison with the models that use images: the
-- mean of the word vectors and one linear layer.
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local use = require "vesper.models.use"
local options = require "vesper.util.options"
local check = require "vesper.util.check"

local TextOnly = nn.Module:extend("TextOnly")

--- TextOnly{classes = C, text = {vectors = tensor [V,E], or vocab_size and word_dim = 300;
-- freeze = false; dropout = 0 (of the word vectors)}}
function TextOnly:init(given)
  local o = options.read("TextOnly", given, nil, {classes = true, text = "table"})
  check.kind("TextOnly", "classes", o.classes, "count")
  self.words, self.dropout = encoders.words("TextOnly text", o.text)
  self.head = nn.Linear(self.words.embedding_dim, o.classes)
end

--- batch with tokens and lengths -> {logits = [B,C]}
function TextOnly:forward(batch)
  local words = self.dropout(self.words(batch.tokens))
  return {logits = self.head(encoders.pool(words, batch.lengths, "mean"))}
end

--- Class probabilities [B,C] of tokens int64 [B,T] and lengths int64 [B].
function TextOnly:classify_text(tokens, lengths)
  return self {tokens = tokens, lengths = lengths}.logits:softmax(2)
end

use.of_labels(TextOnly)

return TextOnly
