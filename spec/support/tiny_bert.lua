-- A BERT of two layers with a tokenizer, small enough for specs of the models that read with it.
local vs = require "vesper"
local with = require "spec.support.with"

local VOCABULARY = "spec/fixtures/bert/vocab.txt"

-- more: further entries of the config.
return function(more)
  local tokenizer = assert(vs.text.WordPiece(VOCABULARY))
  local config = with({vocab_size = #tokenizer, hidden_size = 16, num_hidden_layers = 2,
    num_attention_heads = 4, intermediate_size = 24, max_position_embeddings = 12,
    hidden_dropout_prob = 0, attention_probs_dropout_prob = 0}, more)
  local bert = vs.models.BERT(config)
  bert.tokenizer = tokenizer
  return bert
end
