-- Texts of the reference: arrays on disk and data sets.
return {
  {"npy", "Arrays in numpy's .npy files: float32, float64, float16, int64, int32, uint8, bool.",
    {"npy.load", "path:string, {mmap:bool=true}", "Tensor?",
      "The array of a file. mmap: maps the file, so that only the parts that are used are read; "
        .. "writes do not reach the file, and an array in Fortran order is a strided view. Without "
        .. "mmap a contiguous copy. int8, int16, uint16, uint32 and uint64 are read as "
        .. "int64. Big-endian files, strings and records are not supported."},
    {"npy.save", "path:string, x:any", "true?",
      "Writes x in C order, as numpy does. The file is complete or absent."},
  },
  {"data", "Data sets, loaders, and writing your own files.",
    {"data.Loader", "set:Dataset, {batch_size:int=32, shuffle:bool=false, seed:int?, "
        .. "workers:int=0, drop_last:bool=false, crop:int=0, flip:num=0, jitter:num=0, "
        .. "erase:num=0, chunks:int=0, captions:all|first|random?, fields:list?, rank:int=0, "
        .. "ranks:int=1}",
      "Loader", "for batch in loader is one epoch; shuffle gives a new order each epoch, which "
        .. "depends only on (seed, epoch). workers: threads that prepare batches ahead, 0 to 64. "
        .. "Augmentation depends only on (seed, epoch, sample): images are shifted by up to crop "
        .. "pixels (the border is repeated), mirrored with probability flip, brightness, contrast "
        .. "and saturation are multiplied by 1 - jitter to 1 + jitter, and with probability erase "
        .. "a rectangle of 2 to 33 % is set to 0. chunks: for files with several samples per HDF5 "
        .. "chunk, above all compressed ones. Shuffles the chunks, then the samples within each "
        .. "group of this number of chunks, so that each chunk is read once per epoch; twice this "
        .. "number is kept in memory (at most 1 GiB). 0 shuffles all samples of the file. "
        .. "captions: what a sample is, instead of the set's own mode; the file is not opened "
        .. "again. fields: the names of the fields to read; what is not named is neither read from "
        .. "the file nor allocated. lengths comes with tokens, region_count with regions and "
        .. "boxes, index and image_index are always there. crop and flip also move boxes and "
        .. "landmark, which are fractions of width and height; flip exchanges the left and right "
        .. "landmarks of set:landmark_pairs(). rank, ranks: this loader gives part number rank, "
        .. "from 0, of each batch of ranks * batch_size samples; the loaders of all ranks together "
        .. "give each sample at most once, and leave out fewer than ranks samples of an epoch."},
    {"data.LuaDataset", "{size:int, get:function, images:int?, classes:list?, vocab:value?, "
        .. "tags:list?, landmark_pairs:list?}",
      "Dataset", "A data set whose samples a Lua function makes: get(i, epoch) returns sample i, "
        .. "1 to size, as a table of tensors, numbers (label, item and image_index: integers), "
        .. "lists of integers, and a string in text. A batch has the same names: rows of tensors, "
        .. "int64 of integers, float32 of other numbers; tokens is padded with 1 to the longest "
        .. "and gets lengths; index is added. All samples have the fields, dtypes and shapes of "
        .. "the first that is made. images: the number of images, if samples are captions. A "
        .. "Loader over it has no workers. get belongs to the data set until that is collected; a "
        .. "get that refers to its own data set keeps it alive."},
    {"data.Writer", "path:string, {name:string?, source:string?, note:string?, split_seed:int=0, "
        .. "classes:list?, tags:list?, vocab:value?, vectors:tensor?, image_size:list?, "
        .. "regions:int?, max_words:int?, compress:int=0, chunk:int=1, half:bool=false, "
        .. "landmark_pairs:list?, captions:list?, shard:int?, "
        .. "part:int?, parts:int?}",
      "Writer?", "Writes a vesper HDF5 file, which appears under its name at close. vocab is a "
        .. "Vocab or a list of words; image_size is {height, width}, without it encoded images "
        .. "are stored unchanged; compress 0..9; chunk: the number of images that are stored and "
        .. "compressed together, which saves space but is slow to read in any order except that "
        .. "of a Loader with chunks; half: features and regions are stored as float16; "
        .. "landmark_pairs: {{1, 2}, ...}, the landmarks that are left and right of each other; "
        .. "captions: names of splits that have captions though their first image may have none; "
        .. "note: a text that is kept with the attributes; "
        .. "shard: the data set is written to files NAME-00001.h5, NAME-00002.h5, ... of the path "
        .. "NAME.h5, and a new file begins when the rows of one have this number of bytes; "
        .. "part, parts: the number of this file, of how many that several writers make, so that "
        .. "data.open sees when one is missing."},
    {"data.permutation", "n:int, seed:int", "list",
      "1..n in an order that depends only on the seed."},
    {"data.find", "folder:string, ending:value", "list?",
      "The sorted paths below a folder that end in ending: a string such as '.jpg', or a list of "
        .. "strings."},
    {"data.files", "path:paths", "list?",
      "The files of a data set that data.open opens under that name: a path stands for itself; a "
        .. "pattern, \"part-*.h5\", for the files that match it, numbers in their names in "
        .. "numerical order; a list for all of its paths and patterns."},
    {"data.readers", "", "list", "Every reader: {name, args, doc}."},
    {"data.IMAGENET", nil, "table", "{mean, std} of ImageNet's images by channel, values 0..1."},
    {"data.normalize", "images:any, mean:list?, std:list?", "Tensor",
      "Images uint8 or float 0..255 [B,3,H,W] as (x / 255 - mean) / std by channel, float32; mean "
        .. "and std default to ImageNet's."},
    {"data.extract", "model:Module|function, source:paths, out:string, {splits:list?, "
        .. "batch_size:int=32, half:bool=true, regions:bool=true, images:bool=false, "
        .. "flip:bool=false, compress:int=0, progress:function?, rank:int?, size:int?, "
        .. "shards:int?}", "table?",
      "Runs model(images) -> v [B,D], U [B,R,C] over every image of a data set and writes "
        .. "a file with feature and regions instead of the images and everything else unchanged. "
        .. "half: stored as float16; flip: adds mirror images of train under id..'#flip'. "
        .. "rank and size: this process is number rank, from 0, of size processes that share the "
        .. "work, each with the same call. shards: they write that many files NAME-00001.h5, ... "
        .. "of the path NAME.h5, by default one each; a file that is there and whole is not "
        .. "written again. Returns counts by split, of the files of this process."},
    {"data.prepare.folder", "folder:string, out:string, {csv:string=products.csv, "
        .. "image:string=images/{id}.jpg, title:string=title, label:value=label, id:string=id, "
        .. "split:string?, size:value=64, min_count:int=2, max_words:int=16, seed:int=1, "
        .. "without_label_words:value=false, vectors:string|WordVectors?, "
        .. "skip_broken:bool=false, "
        .. "apply_exif_orientation:bool=false, compress:int=0, name:string?, "
        .. "source:string?, progress:function?}",
      "table?", "Writes a folder of images with a CSV table as a vesper HDF5 file. title, label, "
        .. "id and split are names of columns; label = false: no classes. Rows with the same image "
        .. "are one image with several captions. Without split, images are split 80/10/10 by seed, "
        .. "and images with the same title, except for case, punctuation and spaces, or with the "
        .. "same bytes share a split. without_label_words takes the words of the row's label out "
        .. "of its captions, in singular and plural (true), or those of the row's values in a list "
        .. "of columns, or those of all labels (\"all\"). Returns counts by name, as every "
        .. "preparer does; tostring(counts) is a line of text: images by split, captions, classes, "
        .. "words, what is left out and why. A split that should have images and has none is "
        .. "reported as a warning."},
    {"data.prepare.emoji", "folder:string, out:string, {size:value=64, keywords:int=4, "
        .. "min_count:int=2, max_words:int=16, min_class:int=10, seed:int=1, "
        .. "vectors:string|WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=emoji, source:string?, progress:function?}",
      "table?", "Writes the images, names and keywords of the Debian package ruby-gemojione, "
        .. "unpacked below folder, as a vesper HDF5 file. Returns counts by name."},
    {"data.prepare.openclipart", "folder:string, out:string, {size:value=64, keywords:int=4, "
        .. "min_count:int=2, max_words:int=16, min_class:int=10, max_title:int?, seed:int=1, "
        .. "vectors:string|WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=openclipart, source:string?, progress:function?}",
      "table?", "Writes the drawings of the Debian packages openclipart-png and openclipart-svg, "
        .. "unpacked below folder, as a vesper HDF5 file. The class is the topmost folder, the "
        .. "caption is title and keywords; drawings with the same title share a split. max_title: "
        .. "the maximal number of drawings per title. Returns counts by name."},
    {"data.prepare.visual_genome", "folder:string, out:string, {images:int=7034, regions:int=5, "
        .. "classes:int=20, objects:int=100, attributes:int=50, test:num=0.1, val:num=0.2, "
        .. "size:value=64, min_count:int=2, max_words:int=16, seed:int=1, "
        .. "vectors:string|WordVectors?, "
        .. "skip_broken:bool=false, "
        .. "apply_exif_orientation:bool=false, compress:int=0, name:string=visual_genome, "
        .. "source:string?, progress:function?}",
      "table?", "Writes a vesper HDF5 file from Visual Genome's JSON files, which are streamed, "
        .. "for a subset of images chosen by seed. Captions are region phrases, boxes their "
        .. "regions; the class is the image's most frequent object; tags are its objects and "
        .. "attributes. Returns counts by name."},
    {"data.prepare.inshop", "folder:string, out:string, {val:num=0.2, boxes:bool=true, "
        .. "landmarks:bool=true, size:value=64, min_count:int=2, max_words:int=32, seed:int=1, "
        .. "vectors:string|WordVectors?, skip_broken:bool=false, "
        .. "apply_exif_orientation:bool=false, compress:int=0, name:string=inshop, "
        .. "source:string?, progress:function?}",
      "table?", "Writes DeepFashion In-shop, a folder with Anno, Eval and Img, as a vesper HDF5 "
        .. "file with splits train, val, query and gallery, items, boxes and eight landmarks. "
        .. "Returns counts by name."},
    {"data.prepare.fashiongen", "train:string, validation:string, out:string, {text:string=both, "
        .. "val:num=0.2, size:value=64, min_count:int=2, max_words:int=32, seed:int=1, "
        .. "vectors:string|WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=fashiongen, source:string?, progress:function?}",
      "table?", "Writes Fashion-Gen's two HDF5 files as one vesper file: the first is split into "
        .. "train and val by product, the second is test; rows of the first with a product or a "
        .. "text of the second are left out. text: name, description or both. Returns "
        .. "counts by name."},
    {"data.prepare.karpathy", "json:string, folder:string, out:string, {captions:int=5, "
        .. "restval:train|val|test|restval=train, size:value=64, min_count:int=2, "
        .. "max_words:int=32, seed:int=1, vectors:string|WordVectors?, skip_broken:bool=false, "
        .. "apply_exif_orientation:bool=false, "
        .. "compress:int=0, name:string?, source:string?, progress:function?}",
      "table?", "Writes dataset_flickr8k.json, dataset_flickr30k.json or dataset_coco.json and the "
        .. "images in folder as a vesper HDF5 file with Karpathy's splits, without classes. "
        .. "Returns counts by name."},
    {"data.prepare.coco", "folder:string, out:string, {splits:value?, test:num=0, captions:int=5, "
        .. "images:bool=true, features:value?, half:bool=false, size:value=64, min_count:int=2, "
        .. "max_words:int=32, seed:int=1, vectors:string|WordVectors?, skip_broken:bool=false, "
        .. "compress:int=0, name:string=coco, source:string?, progress:function?}",
      "table?", "Writes COCO's own caption files, annotations/captions_train2017.json and "
        .. "captions_val2017.json or those of 2014, with the images in folder as a vesper HDF5 "
        .. "file, without classes. splits: {split = path of a caption file in the folder}. test: "
        .. "the fraction of val's images that become test, by seed. features: {split = path of a "
        .. ".npy file} [N,D] or [N,R,D], rows in the order of the file's images, beside the images "
        .. "or, with images = false, in their place. Returns counts by name."},
    {"data.prepare.precomputed", "folder:string, out:string, {splits:value?, captions:int=5, "
        .. "repeated:bool?, dev:value=5000, boxes:bool=true, half:bool=false, min_count:int=4, "
        .. "max_words:int=32, seed:int=1, vectors:string|WordVectors?, compress:int=0, "
        .. "name:string?, source:string?, progress:function?}",
      "table?", "Writes the precomputed features of VSE++ and SCAN (train_ims.npy [N,D] or "
        .. "[N,R,D], train_caps.txt, ...) as a vesper HDF5 file; arrays are mapped and read row by "
        .. "row. splits = {train = 'train', val = 'dev', test = 'test'}: the prefixes of the "
        .. "files. repeated: whether the arrays repeat each image for each of its captions; "
        .. "default: decided by the ids or the rows. dev: how many captions of dev to take, false "
        .. "for all. Returns counts by name."},
    {"Dataset:batch", "samples:value, epoch:int=0, {fields:list?}", "table",
      "The batch of these samples: a list or an int64 tensor [B], from 1 or negative from the end. "
        .. "fields: the names of the fields to read, as for data.Loader. set[i] is one sample, "
        .. "#set the number of samples. print(batch) lists the fields."},
    {"Dataset:fields", "", "list", "The names of the fields of the set's batches."},
    {"Dataset:view", "{captions:all|first|random?, seed:int?}", "Dataset",
      "The same data set with another mode of captions, or another seed for random ones, on the "
        .. "same open file. Either may be closed before the other."},
    {"Dataset:files", "", "list", "The paths of its files, in the order of their samples."},
    {"Dataset:landmark_pairs", "", "list",
      "{{left, right}, ...}: the landmarks that are exchanged where an image is mirrored."},
    {"Dataset:classes", "", "list", "The class names; label l is entry l."},
    {"Dataset:tags", "", "list", "The tag names; column g of a batch's tags is entry g."},
    {"Dataset:vocab", "", "list", "Words in the order of their ids: text.Vocab.new(set:vocab())."},
    {"Dataset:vectors", "", "Tensor|nil", "Word vectors float32 [V,D], if the file has them."},
    {"Dataset:attrs", "", "table", "The file's attributes."},
    {"Dataset:captions", "i:int", "list", "All captions of the sample's image."},
    {"Dataset:text", "i:int", "string|nil", "The sample's own caption."},
    {"Dataset:id", "i:int", "string|nil", "The id of the sample's image in its source."},
    {"Dataset.name", nil, "string|nil", "The name of the data set."},
    {"Dataset.split", nil, "string|nil", "The split: \"train\", \"val\" or \"test\"."},
    {"Dataset.path", nil, "string|nil",
      "The path of its file; of several files the pattern, or the first path of the list."},
    {"Dataset.images", nil, "integer", "The number of images of the samples."},
    {"Loader:batches", "", "function",
      "for batch in loader:batches(): an independent epoch, for nested loops."},
    {"Loader:part", "rank:int, ranks:int, blocks:bool=false", "Loader",
      "A loader of that part of the samples, as by the options rank and ranks, at the same epoch. "
        .. "blocks: of the samples in order, cut into ranks parts that differ by one at most."},
    {"Loader:state", "", "table",
      "{seed, epoch, batch}: epochs started, batches returned in the current one; and the settings "
        .. "that determine the batches: samples, batch_size, shuffle, drop_last, chunks, crop, "
        .. "flip, jitter, erase, captions, fields (\"tokens,label\", or \"all\")."},
    {"Loader:load_state", "state:table", nil,
      "The next loop continues where the state was taken. An error if a setting in the state "
        .. "differs from the loader's."},
    {"Loader:close", "", nil, "Stops the workers; the next loop starts a new epoch."},
    {"Loader.epoch", nil, "integer",
      "The number of epochs started; may be set. #loader is the number of batches per epoch."},
    {"Loader.batch_size", nil, "integer", "Samples per batch."},
    {"Loader.seed", nil, "integer", "The seed of the order and of augmentation."},
    {"Loader.workers", nil, "integer", "Threads that prepare batches ahead."},
    {"Loader.shuffle", nil, "boolean", "Whether the order is shuffled."},
    {"Loader.drop_last", nil, "boolean", "Whether a smaller last batch is dropped."},
    {"Loader.chunks", nil, "integer", "Chunks that are shuffled together, 0 for all samples."},
    {"Loader.samples", nil, "integer", "Samples of the data set."},
    {"Loader.crop", nil, "integer", "Maximal shift of images in pixels."},
    {"Loader.flip", nil, "number", "Probability of mirroring."},
    {"Loader.jitter", nil, "number", "Maximal change of brightness, contrast and saturation."},
    {"Loader.erase", nil, "number", "Probability of setting a rectangle to 0."},
    {"Loader.set", nil, "Dataset", "The data set; with captions, a view of it."},
    {"Loader.captions", nil, "string|nil", "What a sample is: all, first or random."},
    {"Loader.fields", nil, "list", "The names of the fields of its batches."},
    {"Writer:add", "split:string, item:table", "true?",
      "Adds an image. item has image uint8 [3,H,W] or image_bytes (an encoded JPEG or PNG), label "
        .. "from 1, item (the number, from 1, of the thing shown, the same in all splits), tags (a "
        .. "list of positions in the Writer's tags), id, captions (texts, or {text, tokens}), "
        .. "landmark [K,3], regions [R,D], boxes [R,4] (also without regions), feature "
        .. "[D]. The image may be omitted if there are regions or a feature."},
    {"Writer:count", "split:string", "integer", "The number of images added to a split."},
    {"Writer:files", "", "list", "The paths of the files that it writes, so far."},
    {"Writer:close", "", "true?",
      "Finishes the files and moves them to their paths; without close no file is left. Of shards, "
        .. "files with the next numbers, of an older set, are removed."},
  },
}
