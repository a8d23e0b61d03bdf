-- Options that several commands have, as command.run takes them; see recipe.lua.  Loads nothing, so
-- that --help is fast.
local options = {}

--- Options of a model and of its parts.
options.MODEL = {
  {"width", 128, "width of the shared space", min = 1},
  {"channels", {24, 48, 96, 192}, "channels of the small CNN", min = 1},
  {"cnn", "", "weights of an EfficientNet-Lite0 to fine-tune instead of the small CNN"},
  {"size", "96x72", "height x width of the images of --cnn", kind = {"HEIGHTxWIDTH",
    function(text) return text:match "^[1-9]%d*x[1-9]%d*$" end}},
  {"hidden", 0, "units of the layer over features; 0: four times the width", min = 0},
  {"glove", "", "initial word vectors"}, {"bert", "", "folder of a BERT, for DPM"},
  {"freeze", 4, "number of frozen layers of the BERT of DPM, which needs two that learn",
    min = 0},
  {"memory", {"image"}, "what COOT's memory holds, separated by commas",
    choices = {"image", "regions", "words"}},
  {"visual", true, "the image is a token of the BERT's input"},
  {"rnn", "LSTM", "recurrent layer over the words", choices = {"LSTM", "GRU"}},
  {"bidirectional", false, "use both directions"},
  {"pooling", "last", "pooling over the words", choices = {"last", "mean", "max", "gpo"}},
  {"dropwords", 0.0, "dropout of word embeddings", min = 0, max = 1},
}

--- Options of the training; the learning rate comes from the command.
options.TRAINING = {
  {"flip", 0.5, "probability of mirroring an image", min = 0, max = 1},
  {"crop", 0, "maximal shift in pixels", min = 0},
  {"objective", "infonce", "the ranking loss", choices = {"infonce", "hinge"}},
  {"classify", 1.0, "weight of the classification loss", min = 0},
  {"cnnrate", 0.3, "factor of the learning rate for the CNN of --cnn", min = 0},
  {"optimizer", "adamw", "adamw without --decay is adam; sgd has momentum 0.9",
    choices = {"adam", "adamw", "sgd"}},
  {"precision", "highest", "precision of matrix products",
    choices = {"highest", "high", "medium"}},
  {"decay", 0.0, "weight decay of weights; biases, norms and temperatures have none",
    min = 0},
  {"schedule", "step", "learning-rate schedule", choices = {"step", "cosine", "plateau"}},
}

--- Several lists in one.
function options.join(...)
  local all = {}
  for _, list in ipairs {...} do table.move(list, 1, #list, #all + 1, all) end
  return all
end

--- The models that a command can make, and what some of them are called in a table.
options.NAMES = {"Baseline", "TextOnly", "VSE", "CIM", "COOT", "DPM", "AttentionPooling",
  "DenseProjection", "FrozenBERT", "VSEWithoutNorm", "COOTOfAll"}
options.TITLES = {FrozenBERT = "VSE + frozen BERT", VSEWithoutNorm = "VSE without norms",
  COOTOfAll = "COOT, whole memory"}

--- What the models are, for a report.
options.ABOUT = {
  Baseline = "a CNN that classifies images; it reads no text",
  TextOnly = "the mean of the word vectors and one linear layer; it sees no image",
  VSE = "visual-semantic embedding: image and text are mapped to nearby vectors of one space; "
    .. "the class is predicted from both",
  VSEWithoutNorm = "VSE whose classifier reads the vectors without layer norm",
  CIM = "VSE with intra-attention: attention between words and image regions gives the weights of "
    .. "the regions",
  COOT = "VSE with inter-attention: the vector of image and text attends to a memory, three times",
  COOTOfAll = "COOT whose memory holds the image, its regions and the words",
  DPM = "VSE with a fine-tuned BERT; it goes on from the VSE of the same seed, with matching and "
    .. "masked words, and searches by categories",
  FrozenBERT = "VSE with a BERT that does not learn",
  AttentionPooling = "VSE whose image regions attend to the words",
  DenseProjection = "VSE with a network that maps the words into the space of the images",
}

--- Whether a model needs --bert.
function options.needs_bert(name) return name == "DPM" or name == "FrozenBERT" end

--- For machines.
options.JSON = {"json", false, "print the result as JSON"}

return options
