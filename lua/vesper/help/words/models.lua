-- Words of the reference: image-text models.
return {
  {"models", "Image-text models; each is a module class.",
    {"models.Baseline", "options:table", "Baseline",
      "Classes from the image alone: {classes, width = 256, channels = {32, 64, 128, 256}, "
        .. "hidden = width, dropout = 0.2}. Called with a batch it returns {v [B,D], logits "
        .. "[B,C], image_logits}."},
    {"Baseline:loss", "batch:table", "Tensor, table, table",
      "Cross-entropy on batch.label, its parts as numbers, the outputs."},
    {"Baseline:param_groups", "lr:num, factors:table?", "list",
      "Groups for an optimizer, as VSE:param_groups."},
    {"Baseline:classify_image", "images:any", "Tensor",
      "Class probabilities [B,C] of images uint8 [B,3,H,W]."},
    {"models.VSE", "options:table", "VSE",
      "Images and texts in one space: {classes, width = 256, image = module or channels and "
        .. "image_pooling, text = options of TextEncoder or a module, hidden, weights = {classify "
        .. "= 1, rank = 1, contrast = 0, cosine = 0, text = 0}, margin = 0.2, warmup = 1, "
        .. "temperature = 0.07, scale = 20, dropout = 0.2}. Called with a batch (image or regions, "
        .. "tokens, lengths) it returns {v [B,D], t [B,D], logits [B,C]}. Faghri et al., VSE++, "
        .. "BMVC 2018."},
    {"VSE:loss", "batch:table, epoch:int=1", "Tensor, table, table",
      "The weighted sum, its parts as numbers, the outputs. rank is nn.HingeRanking, contrast "
        .. "nn.InfoNCE."},
    {"VSE:terms", "batch:table, out:table, epoch:int", "list",
      "The terms {name, tensor} of the loss that have a weight; a model of your own adds to them."},
    {"VSE:setup", "options:table, more:table", "table",
      "What init of every model that extends VSE does: encoders, fusion and losses by the options; "
        .. "more are further options with their defaults. Returns all options."},
    {"VSE:mlp", "from:int, hidden:int, to:int, dropout:num", "Module",
      "Linear, ReLU, Dropout, Linear."},
    {"VSE.cosine_objective", "v:tensor, t:tensor, label:index, margin:num", "Tensor",
      "Pairs [B,D] of one label pulled together, of different labels pushed below margin."},
    {"VSE:encode_image", "images:any", "Tensor, Tensor, value",
      "uint8 [B,3,H,W], or a batch -> v [B,D], regions [B,R,C], and {height, width} of their grid "
        .. "or their numbers int64 [B]."},
    {"VSE:encode_text", "tokens:index, lengths:index", "Tensor, Tensor, Tensor",
      "int64 [B,T] and [B] -> t [B,D], word embeddings [B,T,E], states [B,T,S]."},
    {"VSE:param_groups", "lr:num, factors:table?", "list",
      "Groups for an optimizer, without what is frozen: the parts named in factors, such as {image "
        .. "= 0.3}, learn at lr times their factor, all others at lr."},
    {"VSE:embed_text", "batch:table", "Tensor",
      "What retrieval compares of a batch's texts, [B,D]."},
    {"VSE:fit_prototypes", "loader:Loader", nil,
      "Sets the class prototypes to the mean text embedding of each class."},
    {"VSE:class_cosines", "e:tensor", "Tensor",
      "Cosines [B,C] of embeddings [B,D] to the prototypes; -1 to classes that had no text."},
    {"VSE:classify_image", "images:any", "Tensor",
      "Class probabilities [B,C] from the image (or a batch) and the prototypes."},
    {"VSE:classify_text", "tokens:index, lengths:index", "Tensor",
      "Class probabilities [B,C] from the text (weights.text > 0)."},
    {"models.CIM", "options:table", "CIM",
      "VSE whose image vector comes out of models.IntraAttention: options of VSE, heads = 4, "
        .. "attention_dropout = 0.1."},
    {"CIM:encode_image", "images:any", "Tensor, Tensor, value",
      "As VSE:encode_image; the image without its text, as retrieval compares it."},
    {"CIM:attention_map", "batch:table", "Tensor, value",
      "How much each word looks at each region, [B,T,R], and the grid {height, width} or the "
        .. "numbers of regions."},
    {"models.COOT", "options:table", "COOT",
      "VSE whose fusion is models.InterAttention: options of VSE, iterations = 3, low = width / 4, "
        .. "over_regions = false. The output has scores, a list of [B,k]."},
    {"models.AttentionPooling", "options:table", "AttentionPooling",
      "VSE whose classes come from an image informed by a summary of the words that its regions "
        .. "attend to: options of VSE, heads = 4, best = false or k (only the k best words)."},
    {"AttentionPooling:summarise", "U:tensor, where:value, W:tensor, lengths:index, "
        .. "need_weights:bool=false", "Tensor, Tensor|nil",
      "Regions U [B,R,C] with their grid or numbers and words W [B,T,E] -> the summary [B,D], and "
        .. "how much each region takes of each word [B,R,T]."},
    {"AttentionPooling:attention_map", "batch:table", "Tensor, value",
      "How much each region takes of each word, as [B,T,R], and the grid or the numbers."},
    {"models.DenseProjection", "options:table", "DenseProjection",
      "VSE whose classes come from an image informed by the mean of its words, each mapped into "
        .. "the visual space by a small net: options of VSE."},
    {"models.BERTFusion", "options:table", "BERTFusion",
      "VSE with a pre-trained BERT beside its encoders: options of VSE, bert = a BERT with its "
        .. "tokenizer, max_words = 32, visual = true (the image is a position of BERT's input), "
        .. "weights.match = 0, weights.masked = 0. Batches have text."},
    {"BERTFusion:start_from", "vse:Module", "BERTFusion",
      "Takes over the encoders of a trained VSE."},
    {"BERTFusion:param_groups", "lr:num, factors:table?", "list",
      "Groups for an optimizer, as VSE:param_groups; BERT's parameters learn at a tenth of lr "
        .. "where factors do not say otherwise."},
    {"BERTFusion:embed_text", "batch:table", "Tensor",
      "What retrieval compares of a batch's texts, [B,D]."},
    {"BERTFusion:terms", "batch:table, out:table, epoch:int", "list",
      "Those of VSE, and match and masked."},
    {"models.DPM", "options:table", "DPM",
      "BERTFusion with category-specific retrieval; options of BERTFusion."},
    {"DPM:index", "loader:Loader, {known:bool=false}", "table",
      "The images of a loader for retrieve: {v [N,D], category int64 [N]}; the category is what "
        .. "the image is taken for, or its label with known."},
    {"DPM:ask", "query:table", "Tensor, Tensor",
      "What is known of queries (image, or text and tokens, or both): embeddings [Q,D], "
        .. "probabilities of the categories [Q,C]."},
    {"DPM:retrieve", "query:table, index:table, {categories:int=3, k:int=10, shift:num=0.5}",
      "Tensor, Tensor", "The k nearest images of each query, int64 [Q,k], and scores: asked once "
        .. "for each of its most probable categories, moved by shift toward the category's "
        .. "prototype, merged by score times probability."},
    {"models.IntraAttention", "width:int, {region_width:int, word_width:int, heads:int=4, "
        .. "dropout:num=0.1}", "Module",
      "Words choose among regions: (U, where, W, lengths, need_weights) -> image vector [B,D], and "
        .. "[B,T,R] with need_weights; without W the regions are alone."},
    {"models.InterAttention", "width:int, {iterations:int=3, low:int=width/4, dropout:num=0.2, "
        .. "region_width:int?}", "Module",
      "The fused vector asks all image vectors it has made: (v, t, U, where) -> m [B,D], and the "
        .. "scores of each iteration."},
    {"models.BERT", "config:table", "BERT",
      "A transformer encoder over word pieces with the parameter names of Hugging Face's "
        .. "BertModel. config takes its names and defaults: {vocab_size = 30522, hidden_size = "
        .. "768, num_hidden_layers = 12, num_attention_heads = 12, intermediate_size = 3072, "
        .. "max_position_embeddings = 512, type_vocab_size = 2, hidden_act = \"gelu\", "
        .. "layer_norm_eps = 1e-12, hidden_dropout_prob = 0.1, attention_probs_dropout_prob = "
        .. "0.1, pad_token_id = 0 (from 0, as in files), add_pooling_layer = true}. Called with "
        .. "ids int64 [B,T] from 1, and as far as given mask bool [B,T], true where a piece is, "
        .. "or lengths int64 [B]; types int64 [B,T]; extra [B,1,D], which enters behind [CLS] as "
        .. "the embedding of one piece more. Returns hidden [B,T,D], with extra [B,T+1,D], zeros "
        .. "at padding, and pooled [B,D]. Devlin et al., NAACL 2019."},
    {"BERT.from_pretrained", "folder:string, {max_len:int?, lowercase:bool?, "
        .. "invalid:error|replace=error, pooler:bool=true}", "BERT?",
      "A model in evaluation mode from config.json, vocab.txt or tokenizer.json, and "
        .. "model.safetensors or pytorch_model.bin; its tokenizer is bert.tokenizer. Where "
        .. "tensors do not fit, the message lists the missing, unexpected and misshapen. Heads "
        .. "are left out; pooler = false leaves out the pooler."},
    {"BERT:embed", "texts:list, {batch_size:int=32, max_len:int?}", "Tensor",
      "Sentence embeddings [#texts,D] as sentence-transformers computes them for "
        .. "all-MiniLM-L6-v2: the mean over the pieces, normalised. In evaluation, without "
        .. "gradients."},
    {"BERT.mean_pool", "hidden:tensor, mask:value?", "Tensor",
      "The mean of hidden [B,T,D] over the pieces, zeros where there are none; mask as when "
        .. "called."},
    {"BERT:freeze_layers", "n:int", "BERT",
      "No gradients for the embeddings and the first n layers; 0: the embeddings alone."},
    {"models.SmallCNN", "width:int, {channels:list?, pooling:mean|max|gpo=mean}", "Module",
      "Blocks of 3x3 convolution, batch norm, ReLU and max pooling: uint8 [B,3,H,W] -> "
        .. "[B,width], regions [B,R,C], {height, width} of their grid."},
    {"models.ResNet18", "{num_classes:int=1000, width:int?, size:value?, mean:list?, std:list?}",
      "Module", "Called with images uint8 or float 0..255 [B,3,H,W] it returns v [B,C] and regions "
        .. "[B,R,C]. num_classes: of the head, 0 for none; width: a linear map of v to that width; "
        .. "size: what images are resized to; mean and std: of the normalisation, those of "
        .. "ImageNet. He et al., CVPR 2016, with torchvision's names."},
    {"ResNet18.from_pretrained", "path:string, {num_classes:int?, key:string?, width:int?, "
        .. "size:value?, mean:list?, std:list?}", "Module?",
      "With the weights of a .safetensors file or one of torch.save (key: the entry they are "
        .. "under). num_classes: as in the file; another number leaves the head as it was made. "
        .. "nil and a message that lists what is missing, unexpected or misshapen."},
    {"models.ResNet34", "{num_classes:int=1000, width:int?, size:value?, mean:list?, std:list?}",
      "Module", "As ResNet18."},
    {"ResNet34.from_pretrained", "path:string, {num_classes:int?, key:string?, width:int?, "
        .. "size:value?, mean:list?, std:list?}", "Module?", "As ResNet18.from_pretrained."},
    {"models.ResNet50", "{num_classes:int=1000, width:int?, size:value?, mean:list?, std:list?}",
      "Module", "As ResNet18, of bottlenecks: C is 2048."},
    {"ResNet50.from_pretrained", "path:string, {num_classes:int?, key:string?, width:int?, "
        .. "size:value?, mean:list?, std:list?}", "Module?", "As ResNet18.from_pretrained."},
    {"models.ResNet", "{block:value?, layers:list?, base:int=64, num_classes:int=1000, "
        .. "width:int?, size:value?, mean:list?, std:list?}", "Module",
      "Any residual network of the family: layers says how many blocks a stage has, base how many "
        .. "channels the first."},
    {"ResNet:features", "images:any", "Tensor", "The last map [B,C,H',W']."},
    {"ResNet:logits", "images:any", "Tensor", "The scores of the head [B,num_classes]."},
    {"models.EfficientNetLite0", "{num_classes:int=1000, dropout:num=0.2, drop_connect:num=0.2, "
        .. "width:int?, size:value?, mean:list?, std:list?, blocks:list?, stem:int=32, "
        .. "head:int=1280}", "Module",
      "As ResNet18, with C = 1280; mean and std are 127 and 128 of 255, as the published weights "
        .. "want. Tan and Le, ICML 2019, without squeeze-and-excitation, with ReLU6."},
    {"EfficientNetLite0.from_pretrained", "path:string, {num_classes:int?, key:string?, "
        .. "width:int?, size:value?, mean:list?, std:list?}", "Module?",
      "As ResNet18.from_pretrained."},
    {"EfficientNetLite0:features", "images:any", "Tensor", "The last map [B,C,H',W']."},
    {"EfficientNetLite0:logits", "images:any", "Tensor",
      "The scores of the head [B,num_classes]."},
    {"models.RegionEncoder", "width:int, {region_width:int=2048, pooling:mean|max|gpo=mean, "
        .. "hidden:int?, dropout:num=0}",
      "Module", "For features that a data set brings along (regions [B,R,C] and region_count int64 "
        .. "[B], or feature [B,C]) -> [B,width], the regions, their numbers. hidden: an MLP of so "
        .. "many units beside the linear map."},
    {"RegionEncoder:encode_batch", "batch:table", "Tensor, Tensor, Tensor?",
      "v [B,D], U [B,R,C], their numbers, of the batch's regions or feature. An image encoder of "
        .. "one's own that has this method is given the batch, one that has not its images."},
    {"models.JoinedEncoder", "encoders:list", "Module",
      "Several image encoders whose vectors are added, such as a RegionEncoder and a SmallCNN; the "
        .. "regions are those of the first."},
    {"JoinedEncoder:encode_batch", "batch:table", "Tensor, Tensor, any",
      "v [B,D], U [B,R,C], and its grid or numbers."},
    {"models.TextEncoder", "width:int, {vectors:tensor?, vocab_size:int?, word_dim:int=300, "
        .. "freeze:bool=false, rnn:LSTM|GRU=LSTM, hidden:int?, num_layers:int=1, "
        .. "bidirectional:bool=false, pooling:last|mean|max|gpo=last, projection:bool=true, "
        .. "dropout:num=0}",
      "Module", "Word embeddings and a recurrent net: tokens int64 [B,T], lengths int64 [B] -> "
        .. "[B,width], word embeddings [B,T,E], states [B,T,hidden]."},
  },
}
