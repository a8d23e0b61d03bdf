-- Texts of the reference: image-text models.
return {
  {"models", "Image-text models; each is a module class.",
    {"models.Baseline", "options:table", "Baseline",
      "Classification of the image alone: {classes, width = 256, channels = {32, 64, 128, 256}, "
        .. "hidden = width, dropout = 0.2, norm = true: a layer norm of v before the classifier}. "
        .. "Called with a batch it returns {v [B,D], logits "
        .. "[B,C], image_logits}.",
      "batch:table"},
    {"Baseline:loss", "batch:table", "Tensor, table, table",
      "Cross-entropy with batch.label; the loss terms as numbers; the outputs."},
    {"Baseline:param_groups", "lr:num, factors:table?, options:table?", "list",
      "Parameter groups for an optimizer; see VSE:param_groups."},
    {"Baseline:classify_image", "images:value", "Tensor",
      "Class probabilities [B,C] of images uint8 [B,3,H,W]."},
    {"models.TextOnly", "options:table", "TextOnly",
      "Classification of the text alone, for comparison: the mean of the word vectors and one "
        .. "linear layer. {classes, text = {vectors = [V,E], or vocab_size and word_dim = 300; "
        .. "freeze = false, dropout = 0}}. Called with a batch it returns {logits [B,C]}.",
      "batch:table"},
    {"TextOnly:loss", "batch:table", "Tensor, table, table",
      "Cross-entropy with batch.label; the loss terms as numbers; the outputs."},
    {"TextOnly:param_groups", "lr:num, factors:table?, options:table?", "list",
      "Parameter groups for an optimizer; see VSE:param_groups."},
    {"TextOnly:classify_text", "tokens:index, lengths:index", "Tensor",
      "Class probabilities [B,C] of tokens int64 [B,T] and lengths int64 [B]."},
    {"models.VSE", "options:table", "VSE",
      "Images and texts in a shared space: {classes (default: none, no classifier), width = 256, "
        .. "image = module or channels and image_pooling, text = options of TextEncoder or a "
        .. "module, hidden, weights = {classify = 1 (without classes 0), rank = 1, contrast = 0, "
        .. "sigmoid = 0, cosine = 0, unicl = 0, text = 0}, margin = 0.2, warmup = 1, "
        .. "temperature = 0.07, scale = 20, dropout = 0.2, norm = true: layer norms of v and t "
        .. "before classifiers}. Called with a batch (image or regions, tokens, lengths) it "
        .. "returns {v [B,D], t [B,D], logits [B,C] or nil}. Faghri et al., VSE++, BMVC 2018.",
      "batch:table"},
    {"VSE:loss", "batch:table, epoch:int=1", "Tensor, table, table",
      "The weighted sum of the loss terms; the terms as numbers; the outputs. rank is "
        .. "nn.HingeRanking, contrast nn.InfoNCE, sigmoid nn.SigmoidLoss, unicl nn.UniCL."},
    {"VSE:terms", "batch:table, out:table, epoch:int", "list",
      "The loss terms {name, tensor} whose weight is not 0; subclasses append their own."},
    {"VSE:setup", "options:table, more:table", "table",
      "Creates encoders, fusion and losses from the options; init of every subclass calls it. more "
        .. "is a table of further options with their defaults. Returns all options."},
    {"VSE:mlp", "from:int, hidden:int, to:int, dropout:num", "Module",
      "Linear, ReLU, Dropout, Linear."},
    {"VSE.cosine_objective", "v:tensor, t:tensor, label:index, margin:num", "Tensor",
      "The cosine embedding loss of v, t [B,D]: cosines of pairs with the same label are raised, "
        .. "those of other pairs lowered below margin."},
    {"VSE:encode_image", "images:value", "Tensor, Tensor, value",
      "uint8 [B,3,H,W], or a batch -> v [B,D], regions [B,R,C], and {height, width} of their grid "
        .. "or their counts int64 [B]."},
    {"VSE:encode_text", "tokens:index, lengths:index", "Tensor, Tensor, Tensor",
      "int64 [B,T] and [B] -> t [B,D], word embeddings [B,T,E], states [B,T,S]."},
    {"VSE:param_groups", "lr:num, factors:table?, options:table?", "list",
      "Groups of the parameters that are not frozen, for an optimizer: the parts named in factors, "
        .. "such as {image = 0.3}, get the rate lr times their factor, all others lr. {decay = x}: "
        .. "x is the weight_decay of the weights; parameters with fewer than two dimensions "
        .. "(biases, gains of norms, temperatures) are in groups of their own, without decay."},
    {"VSE:embed_text", "batch:table", "Tensor",
      "The text embeddings for retrieval, [B,D]."},
    {"VSE:normed", "v:tensor, t:tensor", "Tensor, Tensor",
      "What classifiers read in place of v, t [B,D]: their layer norms, unless norm = false."},
    {"VSE:fit_readout", "loader:Loader|function, "
        .. "{val:Loader|function?, kinds:list?}", "string, table",
      "Fits readouts of classes from the image embedding alone and keeps one. linear: multinomial "
        .. "logistic regression on v; prototype: cosines to the mean text embedding of each class. "
        .. "kinds are those to choose from. With val the one that is right for more of its images "
        .. "is kept, else the linear one. Returns the kind, and the accuracies on val by kind. "
        .. "train.fit calls it at its end."},
    {"VSE:load_state_dict", "dict:table, {strict:bool=true}", "table",
      "As Module:load_state_dict; a linear readout comes with the state, and is removed where the "
        .. "state has none."},
    {"VSE:readout_kind", "", "string", "The readout in use: linear, prototype, or nil."},
    {"VSE:clear_readout", "", nil, "Forgets the readout; train.fit does so at its start."},
    {"VSE:fit_prototypes", "loader:Loader|function", nil,
      "Sets the class prototypes to the mean text embedding of each class, and makes them the "
        .. "readout."},
    {"VSE:class_cosines", "e:tensor", "Tensor",
      "Cosines [B,C] of embeddings [B,D] to the prototypes; -1 for classes without texts."},
    {"VSE:text_logits", "t:tensor", "Tensor",
      "The logits [B,C] of text embeddings [B,D]; needs weights.text > 0."},
    {"VSE:classify_image", "images:value", "Tensor",
      "Class probabilities [B,C] from images, or a batch, by the readout of fit_readout or the "
        .. "names of set_classes; without either it raises."},
    {"VSE:classify_text", "tokens:index, lengths:index", "Tensor",
      "Class probabilities [B,C] from the text; needs weights.text > 0."},
    {"models.CIM", "options:table", "CIM",
      "VSE whose image vector is computed by models.IntraAttention: options of VSE, heads = 4, "
        .. "attention_dropout = 0.1.",
      "batch:table"},
    {"CIM:encode_image", "images:value", "Tensor, Tensor, value",
      "As VSE:encode_image: the image without its text, for retrieval."},
    {"CIM:attention_map", "batch:table", "Tensor, value",
      "The attention of each word over the regions, [B,T,R], and the grid {height, width} or the "
        .. "region counts."},
    {"models.COOT", "options:table", "COOT",
      "VSE whose fusion is models.InterAttention: options of VSE, iterations = 3, low = width / 4, "
        .. "memory = {\"image\"} (also \"regions\" and \"words\"), over_regions = false. "
        .. "The output has scores, a list of [B,N] over the memory of each iteration k: the k "
        .. "image vectors, the regions, the words.",
      "batch:table"},
    {"models.AttentionPooling", "options:table", "AttentionPooling",
      "VSE that classifies the image combined with a summary of the words to which its regions "
        .. "attend: options of VSE, heads = 4, best = false or k (only the k best words).",
      "batch:table"},
    {"AttentionPooling:summarise", "U:tensor, where:value?, W:tensor, lengths:index, "
        .. "need_weights:bool=false", "Tensor, Tensor|nil",
      "Regions U [B,R,C] with their grid or counts and words W [B,T,E] -> the summary [B,D], and "
        .. "with need_weights the attention of the regions over the words [B,R,T]."},
    {"AttentionPooling:attention_map", "batch:table", "Tensor, value",
      "The attention of each region over the words, as [B,T,R], and the grid or the counts."},
    {"models.DenseProjection", "options:table", "DenseProjection",
      "VSE that classifies the image combined with the mean of its words, each mapped into the "
        .. "visual space by an MLP: options of VSE.",
      "batch:table"},
    {"models.BERTFusion", "options:table", "BERTFusion",
      "VSE with a pre-trained BERT in addition to its encoders: options of VSE, bert = a BERT with "
        .. "its tokenizer, max_words = 32, visual = true (the image is a token of BERT's input), "
        .. "weights.match = 0, weights.masked = 0. Batches must have text.",
      "batch:table"},
    {"BERTFusion:start_from", "vse:Module", "BERTFusion",
      "Copies the encoders of a trained VSE; returns the model."},
    {"BERTFusion:param_groups", "lr:num, factors:table?, options:table?", "list",
      "As VSE:param_groups; the default factor of BERT's parameters is 0.1."},
    {"BERTFusion:embed_text", "batch:table", "Tensor",
      "The text embeddings for retrieval, [B,D]."},
    {"BERTFusion:terms", "batch:table, out:table, epoch:int", "list",
      "The terms of VSE, match and masked."},
    {"models.DPM", "options:table", "DPM",
      "BERTFusion with category-specific retrieval; options of BERTFusion.",
      "batch:table"},
    {"DPM:index", "loader:Loader|function, {known:bool=false}", "table",
      "The images of a loader for retrieve, each once: {v [N,D], category int64 [N], sample = "
        .. "list}; the category is that of the readout, or the label with known; sample[i] is the "
        .. "number of image i's first sample."},
    {"DPM:ask", "query:table", "Tensor, Tensor",
      "Encodes queries (image, or text and tokens, or both): embeddings [Q,D] and probabilities of "
        .. "the categories [Q,C]."},
    {"DPM:retrieve", "query:table, index:table, {categories:int=3, k:int=10, shift:num?}",
      "Tensor, Tensor", "The k nearest images of each query, int64 [Q,k], and their scores [Q,k]. "
        .. "One search for each of the query's most probable categories, among its images, with "
        .. "the query moved by shift toward its prototype; merged by score times probability. "
        .. "shift is that of choose_shift, at first 0."},
    {"DPM:choose_shift", "loader:Loader|function, {shifts:list?, categories:int=3, k:int=10}",
      "number, list", "Chooses how far queries move: of shifts, by default {0, 0.1, 0.2, 0.5, 1}, "
        .. "the one with which the most texts of a validation loader find their own image among "
        .. "the k best. Sets model.shift; returns it and a list of {shift, own, precision}."},
    {"DPM:measure", "loader:Loader|function, {categories:int=3, k:int=10, shift:num?}", "table",
      "Retrieval by the texts of a loader, {off = {own, precision}, on = {own, precision}} in "
        .. "percent: queries whose own image is among the k best, and images among these of the "
        .. "own image's category by the readout; off are the nearest images, on is retrieve."},
    {"models.IntraAttention", "width:int, {region_width:int, word_width:int?, heads:int=4, "
        .. "dropout:num=0.1}", "Module",
      "Attention of words over regions: (U, where, W, lengths, need_weights) -> image vector "
        .. "[B,D], and with need_weights the attention [B,T,R]; without W only the regions are "
        .. "used."},
    {"models.InterAttention", "width:int, {iterations:int=3, low:int=width/4, dropout:num=0.2, "
        .. "memory:list?, region_width:int?, word_width:int?, over_regions:bool=false, "
        .. "norm:bool=true}", "Module",
      "Attention of the fused vector over a memory, by default the image vectors of all "
        .. "iterations so far: (v, t, U, where, W, lengths) -> m [B,D], and the scores of each "
        .. "iteration. memory lists \"image\", \"regions\" and \"words\"."},
    {"models.BERT", "config:table", "BERT",
      "A transformer encoder over word pieces with the parameter names of Hugging Face's "
        .. "BertModel. config takes its names and defaults: {vocab_size = 30522, hidden_size = "
        .. "768, num_hidden_layers = 12, num_attention_heads = 12, intermediate_size = 3072, "
        .. "max_position_embeddings = 512, type_vocab_size = 2, hidden_act = \"gelu\", "
        .. "layer_norm_eps = 1e-12, hidden_dropout_prob = 0.1, attention_probs_dropout_prob = "
        .. "0.1, pad_token_id = 0 (from 0, as in files), add_pooling_layer = true, pooling = "
        .. "\"mean\" (of embed; or cls, max)}. Called with "
        .. "ids int64 [B,T] from 1, mask? bool [B,T] (true at tokens) or lengths int64 [B], types? "
        .. "int64 [B,T], and extra? [B,1,D], the embedding of an additional token after [CLS]. "
        .. "Returns hidden [B,T,D] ([B,T+1,D] with extra), zeros at padding, and pooled [B,D]. "
        .. "Devlin et al., NAACL 2019.",
      "ids:index, mask:any?, types:index?, extra:tensor?"},
    {"BERT.from_pretrained", "folder:string, {max_len:int?, lowercase:bool?, strip_accents:bool?, "
        .. "invalid:error|replace=error, pooler:bool=true, pooling:mean|cls|max?}", "BERT?",
      "A model in evaluation mode from config.json, vocab.txt or tokenizer.json, and "
        .. "model.safetensors or pytorch_model.bin; its tokenizer is bert.tokenizer. If tensors "
        .. "do not fit, the message lists the missing, the unexpected and those of other shapes. "
        .. "Task heads are skipped; pooler = false skips the pooler. Settings in the folder that "
        .. "change ids or embeddings are obeyed (do_lower_case, strip_accents, model_max_length; "
        .. "max_seq_length and the pooling of sentence-transformers) or refused by name."},
    {"BERT:embed", "texts:list, {batch_size:int=32, max_len:int?}", "Tensor",
      "Sentence embeddings [#texts,D] as sentence-transformers computes them: the mean over the "
        .. "tokens (or the vector of [CLS] or the maximum, by config.pooling), normalised. Runs in "
        .. "evaluation mode without gradients."},
    {"BERT.mean_pool", "hidden:tensor, mask:value?", "Tensor",
      "The mean of hidden [B,T,D] over the tokens, [B,D]; zeros for a row without tokens; mask as "
        .. "in the call of the model."},
    {"BERT:freeze_layers", "n:int", "BERT",
      "Freezes the embeddings and the first n layers (0: only the embeddings); returns the model."},
    {"models.SmallCNN", "width:int, {channels:list?, pooling:mean|max|gpo=mean}", "Module",
      "Blocks of 3x3 convolution, batch norm, ReLU and max pooling: uint8 [B,3,H,W] -> "
        .. "[B,width], regions [B,R,C], {height, width} of their grid.",
      "images:any"},
    {"models.ResNet18", "{num_classes:int=1000, width:int?, size:value?, mean:list?, std:list?}",
      "Module", "Called with images uint8 or float 0..255 [B,3,H,W] it returns v [B,C] and regions "
        .. "[B,R,C]. num_classes: size of the head, 0 for none; width: adds a linear map of v to "
        .. "this width; size: images are resized to it; mean and std for normalisation, by default "
        .. "ImageNet's. He et al., CVPR 2016, with torchvision's names.",
      "images:any"},
    {"ResNet18.from_pretrained", "path:string, {num_classes:int?, key:string?, "
        .. "strip_prefix:string?, width:int?, size:value?, mean:list?, std:list?}", "Module?",
      "Loads weights from a .safetensors file or one of torch.save (key: the entry with the state "
        .. "dictionary; strip_prefix: as in vs.load_pth). num_classes: by default that of the "
        .. "file; with another number the head is newly initialised. If tensors do not fit, the "
        .. "message lists the missing, the unexpected and those of other shapes."},
    {"models.ResNet34", "{num_classes:int=1000, width:int?, size:value?, mean:list?, std:list?}",
      "Module", "As ResNet18.",
      "images:any"},
    {"ResNet34.from_pretrained", "path:string, {num_classes:int?, key:string?, "
        .. "strip_prefix:string?, width:int?, size:value?, mean:list?, std:list?}", "Module?",
      "As ResNet18.from_pretrained."},
    {"models.ResNet50", "{num_classes:int=1000, width:int?, size:value?, mean:list?, std:list?}",
      "Module", "As ResNet18, with bottleneck blocks and C = 2048.",
      "images:any"},
    {"ResNet50.from_pretrained", "path:string, {num_classes:int?, key:string?, "
        .. "strip_prefix:string?, width:int?, size:value?, mean:list?, std:list?}", "Module?",
      "As ResNet18.from_pretrained."},
    {"models.ResNet", "{block:value?, layers:list?, base:int=64, num_classes:int=1000, "
        .. "width:int?, size:value?, mean:list?, std:list?}", "Module",
      "Any ResNet: layers is the number of blocks of each stage, base the number of channels of "
        .. "the first stage.",
      "images:any"},
    {"ResNet:features", "images:any", "Tensor", "The last feature map [B,C,H',W']."},
    {"ResNet:logits", "images:any", "Tensor", "The logits of the head [B,num_classes]."},
    {"models.EfficientNetLite0", "{num_classes:int=1000, dropout:num=0.2, drop_connect:num=0.2, "
        .. "width:int?, size:value?, mean:list?, std:list?, blocks:list?, stem:int=32, "
        .. "head:int=1280}", "Module",
      "As ResNet18, with C = 1280; mean and std default to 127/255 and 128/255, for the published "
        .. "weights. Tan and Le, ICML 2019, with ReLU6 and without squeeze-and-excitation.",
      "images:any"},
    {"EfficientNetLite0.from_pretrained", "path:string, {num_classes:int?, key:string?, "
        .. "strip_prefix:string?, width:int?, size:value?, mean:list?, std:list?}", "Module?",
      "As ResNet18.from_pretrained."},
    {"EfficientNetLite0:features", "images:any", "Tensor", "The last feature map [B,C,H',W']."},
    {"EfficientNetLite0:logits", "images:any", "Tensor",
      "The logits of the head [B,num_classes]."},
    {"models.RegionEncoder", "width:int, {region_width:int=2048, pooling:mean|max|gpo=mean, "
        .. "hidden:int?, dropout:num=0, positions:string?}",
      "Module", "Encodes precomputed features of a data set (regions [B,R,C] and region_count "
        .. "int64 [B], or feature [B,C]) -> [B,width], the regions, their counts. hidden: adds an "
        .. "MLP with this number of hidden units to the linear map. positions = \"boxes\": adds a "
        .. "learned linear map of each region's box, its width, height and area to the region.",
      "x:tensor, count:index?, boxes:tensor?"},
    {"models.LandmarkEncoder", "width:int, {points:int, hidden:int?}", "Module",
      "An MLP over the landmarks [B,points,3] (x, y, visibility) of a data set -> [B,width], and "
        .. "the points [B,points,4]; part of a JoinedEncoder beside a CNN.", "landmark:tensor"},
    {"LandmarkEncoder:encode_batch", "batch:table", "Tensor, Tensor",
      "The same from batch.landmark."},
    {"RegionEncoder:encode_batch", "batch:table", "Tensor, Tensor, Tensor?",
      "v [B,D], U [B,R,C] and the region counts, from the batch's regions or feature. Your own "
        .. "image encoder gets the whole batch if it has this method, otherwise batch.image."},
    {"models.JoinedEncoder", "encoders:list", "Module",
      "The sum of the vectors of several image encoders, such as a RegionEncoder and a SmallCNN; "
        .. "the regions are those of the first."},
    {"JoinedEncoder:encode_batch", "batch:table", "Tensor, Tensor, any",
      "v [B,D], U [B,R,C], and the grid or the region counts."},
    {"models.TextEncoder", "width:int, {vectors:tensor?, vocab_size:int?, word_dim:int=300, "
        .. "freeze:bool=false, rnn:LSTM|GRU=LSTM, hidden:int?, num_layers:int=1, "
        .. "bidirectional:bool=false, pooling:last|mean|max|gpo=last, projection:bool=true, "
        .. "dropout:num=0}",
      "Module", "Word embeddings and an RNN: tokens int64 [B,T], lengths int64 [B] -> "
        .. "[B,width], word embeddings [B,T,E], states [B,T,hidden].",
      "tokens:index, lengths:index"},
    {"models.save", "model:Module, folder:string, {set:Dataset?, vocab:value?, classes:list?, "
        .. "image_size:value?, max_words:int?, licence:string?, source:string?}", "true?",
      "Writes a model into a folder, which is replaced as a whole: model.json has its class, the "
        .. "options of its constructor, vocabulary, class names, picture size, licence and source "
        .. "of the data; model.safetensors has weights and buffers. The options are those of "
        .. "models.describe. Only one process may write a folder at a time."},
    {"models.load", "folder:string, {modules:table?, classes:list?}", "Module?",
      "The model of a folder in evaluation mode. Nothing in the folder is run, and a damaged "
        .. "folder is refused with file and reason. modules = {MyTower = MyTower} has classes of "
        .. "your own by their names; classes = names calls set_classes."},
    {"models.describe", "model:Module, {set:Dataset?, vocab:value?, classes:list?, "
        .. "image_size:value?, max_words:int?, licence:string?, source:string?}", "Module",
      "States what the model was trained on; later calls replace what they name. set: a data set, "
        .. "which has all of it; vocab: words in the order of their ids, or a text.Vocab; "
        .. "image_size: n or {height, width}; max_words: of a text. Afterwards model.about has the "
        .. "values and model.class_names the classes. Returns the model."},
    {"Baseline:describe", "options:table", "Baseline", "As models.describe."},
    {"Baseline:encode_images", "images:list, {batch_size:int=64, workers:int?, "
        .. "apply_exif_orientation:bool=false}", "Tensor?",
      "As VSE:encode_images."},
    {"VSE:describe", "options:table", "VSE", "As models.describe."},
    {"VSE:encode_texts", "texts:list, {batch_size:int=64}", "Tensor",
      "Embeddings of length 1 of a list of strings, [#texts,D], in evaluation mode without "
        .. "gradients. They are tokenized with the model's vocabulary, as in a data set."},
    {"VSE:encode_images", "images:list, {batch_size:int=64, workers:int?, "
        .. "apply_exif_orientation:bool=false}", "Tensor?",
      "Embeddings of length 1 of a list of pictures, [#images,D]: paths of files, or tensors uint8 "
        .. "[3,H,W]. They are resized to the picture size of the training data. workers: threads "
        .. "that decode."},
    {"VSE:set_classes", "names:list, {templates:list?}", "VSE",
      "Sets the classes of classify_image by their names, also those that were never seen: the "
        .. "prototype of a class is the normalised mean of the embeddings of the templates, such "
        .. "as {\"a photo of a {}\"}, filled with its name. Returns the model."},
    {"VSE:get_extra_state", "", "table", "What models.save writes beside the weights."},
    {"VSE:set_extra_state", "extra:table", nil, "Restores what get_extra_state returned."},
    {"DPM:get_extra_state", "", "table", "As VSE:get_extra_state, and the shift."},
    {"DPM:set_extra_state", "extra:table", nil, "Restores what get_extra_state returned."},
    {"BERT:get_extra_state", "", "table|nil", "The tokenizer for models.save."},
    {"BERT:set_extra_state", "extra:table", nil, "Restores the tokenizer of get_extra_state."},
  },
}
