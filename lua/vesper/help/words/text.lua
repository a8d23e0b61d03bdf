-- Texts of the reference: tokenizers and vocabularies.
return {
  {"text", "Words, vocabularies, word vectors, WordPiece.  Ids start at 1; id 1 is padding.",
    {"text.tokenize", "s:string, {invalid:error|replace=error}", "list",
      "Lower-case words of a UTF-8 text: letters, digits and apostrophes. invalid: invalid UTF-8 "
        .. "is an error or is replaced."},
    {"text.Vocab.build", "texts:list, {min_count:int=1, max_size:int?, "
        .. "invalid:error|replace=error}",
      "Vocab", "<pad> (id 1), <unk> (id 2), then the words of the texts, most frequent first."},
    {"text.Vocab.new", "words:list", "Vocab",
      "From words in the order of their ids; the first two must be <pad> and <unk>."},
    {"text.WordVectors", "path:string", "WordVectors?",
      "Reads GloVe's text format, .vec, word2vec's .bin, or a fastText .bin, which also gives "
        .. "vectors for unknown words from their n-grams."},
    {"text.WordPiece", "path:value, {lowercase:bool?, strip_accents:bool?, "
        .. "max_len:int=512, invalid:error|replace=error}",
      "WordPiece?", "BERT's tokenizer, from vocab.txt, tokenizer.json, or a list of the pieces. "
        .. "lowercase: by default as tokenizer.json says, else true; strip_accents: by default as "
        .. "lowercase. Devlin et al. 2019."},
    {"Vocab:encode", "s:string, {max_len:int?, invalid:error|replace=error}", "Tensor",
      "Ids int64 [T]; unknown words are <unk>."},
    {"Vocab:encode_batch", "texts:list, {max_len:int?, invalid:error|replace=error}",
      "Tensor, Tensor", "tokens int64 [B,T], padded with 1, and lengths int64 [B]."},
    {"Vocab:decode", "ids:index", "string", "The words of ids [T], without padding."},
    {"Vocab:id", "word:string", "integer|nil", "The id of a word."},
    {"Vocab:word", "id:int", "string",
      "The word of an id; an error for an unknown id. #vocab is the number of words."},
    {"Vocab:words", "", "list", "The words in the order of their ids."},
    {"Vocab:count", "word:string", "integer|nil",
      "How often the word occurred in the texts; nil unless built from texts."},
    {"WordVectors:dim", "", "integer", "The size of a vector. #vectors is the number of words."},
    {"WordVectors:vector", "word:string", "Tensor|nil", "float32 [D]."},
    {"WordVectors:has", "word:string", "boolean", "Whether the word has a vector."},
    {"WordVectors:matrix", "vocab:Vocab, {scale:num=0.1, seed:int?}", "Tensor, integer",
      "float32 [V,D] for nn.Embedding.from_pretrained, and the number of words found. Rows of "
        .. "other words are normal with standard deviation scale; padding is 0."},
    {"WordVectors:nearest", "word:string, k:int=10", "list?",
      "{word, score} by cosine, best first."},
    {"WordPiece:tokenize", "s:string", "list", "The pieces, without [CLS] and [SEP]."},
    {"WordPiece:encode", "s:string, {pair:string?, max_len:int?}", "Tensor, Tensor",
      "ids int64 [T] with [CLS] and [SEP], and types int64 [T]: 1 for the first text, 2 for the "
        .. "second."},
    {"WordPiece:encode_batch", "texts:list, {pairs:list?, max_len:int?}",
      "Tensor, Tensor, Tensor, Tensor", "ids int64 [B,T], mask bool [B,T], lengths int64 [B], "
        .. "types int64 [B,T]."},
    {"WordPiece:decode", "ids:index, {special:bool=false}", "string",
      "The text of ids [T]; special keeps [CLS], [SEP], [PAD]."},
    {"WordPiece:tokens", "", "list", "The pieces in the order of their ids."},
    {"WordPiece:settings", "", "table", "{lowercase, strip_accents, max_len, invalid}, as "
        .. "options of text.WordPiece."},
    {"WordPiece:id", "token:string", "integer|nil", "The id of a piece."},
    {"WordPiece:token", "id:int", "string", "The piece of an id; an error for an unknown id."},
  },
}
