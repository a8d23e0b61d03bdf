---@meta vesper
-- Annotations for editors, made by `make docs`; nothing loads this file.
-- luacheck: ignore

---@class vesper
local vs = {}

---@class vesper.Tensor
---@operator add(vesper.Tensor|number): vesper.Tensor
---@operator sub(vesper.Tensor|number): vesper.Tensor
---@operator mul(vesper.Tensor|number): vesper.Tensor
---@operator div(vesper.Tensor|number): vesper.Tensor
---@operator pow(vesper.Tensor|number): vesper.Tensor
---@operator unm: vesper.Tensor
---@operator len: integer
---@field [integer] vesper.Tensor
---The sizes.
---@field shape any[]
---float32, float64, float16, bfloat16, int64, int32, uint8 or bool.
---@field dtype string
---The number of dimensions.
---@field ndim integer
---Whether backward computes its gradient; may be set on leaves.
---@field requires_grad boolean
---Whether it is not the result of a recorded op.
---@field is_leaf boolean
---The gradient that backward accumulated, a tensor of the same shape, or nil. May be set.
---@field grad vesper.Tensor|nil
local Tensor = {}

---@class vesper.Hook
local Hook = {}

---@class vesper.InfoNCE
local InfoNCE = {}

---@class vesper.Module
---@overload fun(...: any): any
---@field [string] any
---Whether it is in training mode.
---@field training boolean
local Module = {}

---@class vesper.Layer: vesper.Module
---The class: "Linear". The constructor's arguments are fields too.
---@field name string
local Layer = {}

---@class vesper.Optimizer
---@field [string] any
---The groups, each with params and its settings, which may be assigned; opt.lr = v sets lr in all
---of them.
---@field param_groups any[]
---The class: "Adam".
---@field name string
local Optimizer = {}

---@class vesper.EMA
local EMA = {}

---@class vesper.Scheduler
---@field [string] any
---The number of steps so far.
---@field last_epoch integer
---The class: "StepLR".
---@field name string
local Scheduler = {}

---@class vesper.Dataset
---@operator len: integer
---The name of the data set.
---@field name string|nil
---The split: "train", "val" or "test".
---@field split string|nil
---The path of its file; of several files the pattern, or the first path of the list.
---@field path string|nil
---The number of images of the samples.
---@field images integer
local Dataset = {}

---@class vesper.Loader
---@operator len: integer
---The number of epochs started; may be set. #loader is the number of batches per epoch.
---@field epoch integer
---Samples per batch.
---@field batch_size integer
---The seed of the order and of augmentation.
---@field seed integer
---Threads that prepare batches ahead.
---@field workers integer
---Whether the order is shuffled.
---@field shuffle boolean
---Whether a smaller last batch is dropped.
---@field drop_last boolean
---Chunks that are shuffled together, 0 for all samples.
---@field chunks integer
---Samples of the data set.
---@field samples integer
---Maximal shift of images in pixels.
---@field crop integer
---Probability of mirroring.
---@field flip number
---Maximal change of brightness, contrast and saturation.
---@field jitter number
---Probability of setting a rectangle to 0.
---@field erase number
---The data set; with captions, a view of it.
---@field set vesper.Dataset
---What a sample is: all, first or random.
---@field captions string|nil
---The names of the fields of its batches.
---@field fields any[]
local Loader = {}

---@class vesper.Writer
local Writer = {}

---@class vesper.Vocab
---@operator len: integer
local Vocab = {}

---@class vesper.WordVectors
---@operator len: integer
local WordVectors = {}

---@class vesper.WordPiece
---@operator len: integer
local WordPiece = {}

---@class vesper.CsvReader
local CsvReader = {}

---@class vesper.JsonItems
local JsonItems = {}

---@class vesper.H5File
local H5File = {}

---@class vesper.Baseline: vesper.Module
local Baseline = {}

---@class vesper.TextOnly
local TextOnly = {}

---@class vesper.VSE: vesper.Module
local VSE = {}

---@class vesper.CIM: vesper.VSE
local CIM = {}

---@class vesper.COOT: vesper.VSE
local COOT = {}

---@class vesper.AttentionPooling
local AttentionPooling = {}

---@class vesper.BERTFusion
local BERTFusion = {}

---@class vesper.DPM: vesper.VSE
local DPM = {}

---@class vesper.BERT: vesper.Module
local BERT = {}

---@class vesper.ResNet18
local ResNet18 = {}

---@class vesper.ResNet34
local ResNet34 = {}

---@class vesper.ResNet50
local ResNet50 = {}

---@class vesper.ResNet
local ResNet = {}

---@class vesper.EfficientNetLite0
local EfficientNetLite0 = {}

---@class vesper.LandmarkEncoder
local LandmarkEncoder = {}

---@class vesper.RegionEncoder
local RegionEncoder = {}

---@class vesper.JoinedEncoder
local JoinedEncoder = {}

---@class vesper.SummaryWriter
local SummaryWriter = {}

---@class vesper.DataParallel
local DataParallel = {}

vs.autograd = {}
vs.nn = {}
---@overload fun(num_embeddings, embedding_dim, padding_idx?, sparse?): vesper.Layer
vs.nn.Embedding = {}
vs.nn.init = {}
vs.optim = {}
vs.optim.lr_scheduler = {}
vs.npy = {}
vs.data = {}
vs.data.prepare = {}
vs.text = {}
vs.text.Vocab = {}
vs.image = {}
vs.io = {}
vs.metrics = {}
vs.plot = {}
vs.report = {}
vs.experiment = {}
vs.models = {}
vs.train = {}
vs.tensorboard = {}
vs.checkpoint = {}
vs.dist = {}

---@class vesper.options.tensor
---@field dtype? string default float32
---@field requires_grad? boolean default false

---From a number, a boolean or nested lists, which must not be ragged. Booleans give dtype bool.
---@param data any
---@param options? vesper.options.tensor
---@return vesper.Tensor
function vs.tensor(data, options) end

---@class vesper.options.zeros
---@field dtype? string default float32
---@field requires_grad? boolean default false

---Zeros; sizes as numbers or one list: vs.zeros(2, 3), vs.zeros{2, 3}.
---@param ... any sizes, then options
---@return vesper.Tensor
function vs.zeros(...) end

---@class vesper.options.ones
---@field dtype? string default float32
---@field requires_grad? boolean default false

---Ones; see vs.zeros.
---@param ... any sizes, then options
---@return vesper.Tensor
function vs.ones(...) end

---@class vesper.options.empty
---@field dtype? string default float32
---@field requires_grad? boolean default false

---Uninitialised: write it before you read it.
---@param ... any sizes, then options
---@return vesper.Tensor
function vs.empty(...) end

---@class vesper.options.full
---@field dtype? string default float32
---@field requires_grad? boolean default false

---Every element is value; the sizes are a list: vs.full({2, 3}, 7).
---@param sizes any[]
---@param value number
---@param options? vesper.options.full
---@return vesper.Tensor
function vs.full(sizes, value, options) end

---Zeros of x's shape and dtype.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.zeros_like(x) end

---Ones of x's shape and dtype.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.ones_like(x) end

---Every element is value; x's shape and dtype.
---@param x vesper.Tensor
---@param value number
---@return vesper.Tensor
function vs.full_like(x, value) end

---Uniform in [0, 1), of x's shape; float32.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.rand_like(x) end

---Normal with mean 0 and deviation 1, of x's shape; float32.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.randn_like(x) end

---@class vesper.options.arange
---@field dtype? string

---first, first + step, ... up to last, both ends included; vs.arange(n) is 1..n. int64 when all are
---integers, else float32.
---@param first number
---@param last? number
---@param step? number default 1
---@param options? vesper.options.arange
---@return vesper.Tensor
---@overload fun(first, o: vesper.options.arange): vesper.Tensor
function vs.arange(first, last, step, options) end

---@class vesper.options.linspace
---@field dtype? string default float32

---n values from first to last.
---@param first number
---@param last number
---@param n integer
---@param options? vesper.options.linspace
---@return vesper.Tensor
function vs.linspace(first, last, n, options) end

---@class vesper.options.logspace
---@field dtype? string default float32

---n values from base^first to base^last, their exponents evenly spaced.
---@param first number
---@param last number
---@param n integer
---@param base? number default 10
---@param options? vesper.options.logspace
---@return vesper.Tensor
---@overload fun(first, last, n, o: vesper.options.logspace): vesper.Tensor
function vs.logspace(first, last, n, base, options) end

---The identity matrix [n,n].
---@param n integer
---@return vesper.Tensor
function vs.eye(n) end

---@class vesper.options.rand
---@field requires_grad? boolean default false

---Uniform in [0, 1).
---@param ... any sizes, then options
---@return vesper.Tensor
function vs.rand(...) end

---@class vesper.options.randn
---@field requires_grad? boolean default false

---Normal with mean 0 and deviation 1.
---@param ... any sizes, then options
---@return vesper.Tensor
function vs.randn(...) end

---int64, uniform in low..high, both included.
---@param low integer
---@param high integer
---@param ... any sizes
---@return vesper.Tensor
function vs.randint(low, high, ...) end

---int64 [n]: 1..n in random order.
---@param n integer
---@return vesper.Tensor
function vs.randperm(n) end

---Seeds the process-wide generator: the same seed gives the same numbers.
---@param seed integer
function vs.manual_seed(seed) end

---{seed, counter} of the process-wide generator, for vs.set_rng_state.
---@return table
function vs.get_rng_state() end

---Restores the state that vs.get_rng_state returned.
---@param state table
function vs.set_rng_state(state) end

---Calls fn(args...) without recording a graph and returns its results. Without fn returns a guard:
---local guard <close> = vs.no_grad().
---@param fn? function
---@param ... any args
---@return any
function vs.no_grad(fn, ...) end

---Records a graph again inside vs.no_grad; arguments and results as there.
---@param fn? function
---@param ... any args
---@return any
function vs.enable_grad(fn, ...) end

---Sets whether ops record a graph; returns the previous setting.
---@param on boolean
---@return boolean
function vs.set_grad_enabled(on) end

---Whether ops record a graph.
---@return boolean
function vs.is_grad_enabled() end

---One grid per vector, whose sizes are the vectors' sizes; vector i varies along dimension i. xy
---swaps the first two dimensions.
---@param vectors any[]
---@param indexing? "ij"|"xy" default ij
---@return vesper.Tensor ...
function vs.meshgrid(vectors, indexing) end

---Einstein summation: vs.einsum("bij,bjk->bik", {x, y}). One letter per dimension; letters missing
---after the arrow are summed over. Without an arrow the result has the letters that occur once, in
---alphabetical order. A letter twice in a term is a diagonal. ... stands for further dimensions,
---which broadcast, and comes first where there is no arrow. Evaluated from left to right as matrix
---products.
---@param equation string
---@param operands any[]
---@return vesper.Tensor
function vs.einsum(equation, operands) end

---Writes {name = tensor} as safetensors; metadata is {key = text}. The file is complete or absent.
---@param path string
---@param tensors table
---@param metadata? table
---@return true?
---@return string? message
function vs.save(path, tensors, metadata) end

---@class vesper.options.load
---@field mmap? boolean default true

---The tensors {name = tensor} and the metadata {key = text} of a safetensors file. mmap: maps the
---file, so that only the parts that are used are read; writes do not reach the file. If another
---program shortens a mapped file, reading the tensors ends the process (SIGBUS): for files that are
---overwritten in place mmap = false makes copies. int8, int16, uint16, uint32 and uint64 are read
---as int64. A path NAME.index.json reads the files that its weight_map names, which are in the same
---folder.
---@param path string
---@param options? vesper.options.load
---@return table?
---@return string? message
---@return table
function vs.load(path, options) end

---@class vesper.options.load_pth
---@field key? string
---@field strip_prefix? string

---The tensors {name = tensor} and the plain values {name = number, boolean or string} of a file
---that torch.save wrote, as zip archive or in the older format; no code in it is run. Names of
---nested dictionaries and lists are joined by dots: state_dict.fc.bias. key: only the contents of
---that entry; objects of any class may stand beside it. strip_prefix: cut off names that begin with
---it, as "module." of DataParallel. int8 and int16 are read as int64. A path NAME.index.json reads
---all files of its weight_map. Returns nil and a message, with name and byte, if what is read
---contains anything that is not part of a state dict.
---@param path string
---@param options? vesper.options.load_pth
---@return table?
---@return string? message
---@return table
function vs.load_pth(path, options) end

---Whether x is a tensor.
---@param x any
---@return boolean
function vs.is_tensor(x) end

---Whether x is a layer implemented in C (not a module written in Lua).
---@param x any
---@return boolean
function vs.is_layer(x) end

---Threads of all ops, 1..1024.
---@param n integer
function vs.set_num_threads(n) end

---Threads in use. By default OMP_NUM_THREADS, or else one for each processor that affinity mask and
---cgroup (cpu.max) leave to the process.
---@return integer
function vs.get_num_threads() end

---The precision of matrix products: matmul, linear, recurrent layers, attention and their
---gradients; not convolutions. highest (the default): float32. medium: operands rounded to bfloat16
---(8 bits), sums in float32; fast if vs.build.bf16. high: float32 too. See docs/performance.md.
---@param precision "highest"|"high"|"medium"
function vs.set_matmul_precision(precision) end

---highest, high or medium.
---@return string
function vs.get_matmul_precision() end

---Calls fn(args...) with products at medium precision and returns its results; the gradients of
---these products use it too, wherever backward is called. Products, convolutions and attention
---return bfloat16. Activations, additions, pooling and batch norm of bfloat16 return bfloat16;
---losses, softmax, layer norm and reductions return float32. Parameters, gradients and the
---optimizer's state stay float32. Without fn returns a guard: local guard <close> = vs.autocast().
---@param fn? function
---@param ... any args
---@return any
function vs.autocast(fn, ...) end

---Turns autocast on or off; vs.autocast restores the previous setting.
---@param on boolean
function vs.set_autocast_enabled(on) end

---Whether autocast is on.
---@return boolean
function vs.is_autocast_enabled() end

---{live, cached, peak, limit} in bytes of tensor memory, and {blocks, allocations,
---system_requests}: blocks in use now, allocations and requests to the system so far.
---@return table
function vs.memory() end

---Collects garbage and returns the cached blocks to the system.
function vs.empty_cache() end

---How many freed bytes stay cached; by default half of the machine's memory.
---@param bytes integer
function vs.set_cache_limit(bytes) end

---Prints a warning on standard error with the line of the script, "vesper warning: train.lua:12:
---message"; once for each text and line. Vesper's own warnings go the same way.
---@param message string
function vs.warn(message) end

---Turns warnings on or off and returns whether they were on. What was printed once may be printed
---again.
---@param on boolean
---@return boolean
function vs.set_warnings(on) end

---Seconds of a monotonic clock.
---@return number
function vs.now() end

---@class vesper.options.profile
---@field top? integer default 20

---Calls fn() and measures each op: p.rows, a list of {name, pass = "forward", "backward" or
---"other", calls, seconds, share, bytes, gbs, allocated}, slowest first; p.seconds, their sum;
---p.memory = {asked, requests, peak}, bytes and blocks requested from the system and the peak of
---bytes in use; p.results, the packed results of fn. tostring(p) is a table of the first top rows.
---bytes counts each tensor that was read or written once.
---@param fn function
---@param options? vesper.options.profile
---@return table
function vs.profile(fn, options) end

---Whether standard output (1) or error (2) is a terminal.
---@param stream integer
---@return boolean
function vs.is_terminal(stream) end

---Prints the documentation of a name, function, layer or object; for several words, the names of
---all whose text has them.
---@param what? any
function vs.help(what) end

---@class vesper.options.progress
---@field quiet? boolean default false

---for batch, bar in vs.progress(loader, "epoch 1"): a progress bar with rate, time left and the
---mean of bar.loss; other fields of bar are shown unchanged. bar:mean_loss() is the mean so far.
---@param loader vesper.Loader
---@param label? string
---@param options? vesper.options.progress
---@return function
---@overload fun(loader, o: vesper.options.progress): function
function vs.progress(loader, label, options) end

---Every op: {name, args, signature, outputs, doc, nograd, inplace, random, kink, view, hidden}.
---@return any[]
function vs.ops() end

---Every layer: {name, args, signature, inputs, outputs, doc}.
---@return any[]
function vs.list_layers() end

---Every optimizer: {name, args, signature, doc}.
---@return any[]
function vs.list_optims() end

---The version of vesper, as in "0.2.0".
---@type string
vs.version = nil

---{version, real = "float" or "double", isa = "generic", "avx2", "avx512" or "amx", amx = whether
---isa is "amx", bf16 = whether the processor has an instruction that multiplies bfloat16, jpeg =
---what decodes JPEG files: "libjpeg" or "stb_image"}.
---@type table
vs.build = nil

---The only element as a Lua number or boolean; an error unless there is exactly one.
---@return any
function Tensor:item() end

---Nested lists of Lua values.
---@return any[]
function Tensor:tolist() end

---The size of a dimension, or the list of all.
---@param dim? integer
---@return any
function Tensor:size(dim) end

---The number of elements.
---@return integer
function Tensor:numel() end

---Whether the elements are in row-major order in memory, without gaps.
---@return boolean
function Tensor:is_contiguous() end

---As float32; x itself if it is float32.
---@return vesper.Tensor
function Tensor:float() end

---As int64.
---@return vesper.Tensor
function Tensor:long() end

---As uint8.
---@return vesper.Tensor
function Tensor:byte() end

---As bool: whether each element is not 0.
---@return vesper.Tensor
function Tensor:bool() end

---The transposed matrix, a view; an error unless there are 2 dimensions.
---@return vesper.Tensor
function Tensor:t() end

---Views of size positions each along dim, the last possibly smaller; or of the sizes in a list,
---whose sum must be the size of dim. Also vs.split(x, ...).
---@param size any
---@param dim? integer default 1
---@return vesper.Tensor ...
function Tensor:split(size, dim) end

---At most n views of equal size along dim, the last possibly smaller.
---@param n integer
---@param dim? integer default 1
---@return vesper.Tensor ...
function Tensor:chunk(n, dim) end

---One view per position along dim, without that dimension.
---@param dim? integer default 1
---@return vesper.Tensor ...
function Tensor:unbind(dim) end

---Moves dimension from to position to; the others keep their order; a view.
---@param from integer
---@param to integer
---@return vesper.Tensor
function Tensor:movedim(from, to) end

---Dimensions a and b swapped; a view.
---@param a integer
---@param b integer
---@return vesper.Tensor
function Tensor:swapaxes(a, b) end

---Where x is NaN: bool of x's shape.
---@return vesper.Tensor
function Tensor:isnan() end

---Where x is inf or -inf.
---@return vesper.Tensor
function Tensor:isinf() end

---Where x is neither NaN nor infinite.
---@return vesper.Tensor
function Tensor:isfinite() end

---x with NaN, inf and -inf replaced by numbers; posinf and neginf default to the largest and the
---lowest float32.
---@param nan? number default 0
---@param posinf? number
---@param neginf? number
---@return vesper.Tensor
function Tensor:nan_to_num(nan, posinf, neginf) end

---x - trunc(x).
---@return vesper.Tensor
function Tensor:frac() end

---clamp with only a lower bound.
---@param min number
---@return vesper.Tensor
function Tensor:clamp_min(min) end

---clamp with only an upper bound.
---@param max number
---@return vesper.Tensor
function Tensor:clamp_max(max) end

---x + weight (y - x), exactly y where weight is 1.
---@param y vesper.Tensor
---@param weight vesper.Tensor|number
---@return vesper.Tensor
function Tensor:lerp(y, weight) end

---x + value a b.
---@param a vesper.Tensor|number
---@param b vesper.Tensor|number
---@param value? number default 1
---@return vesper.Tensor
function Tensor:addcmul(a, b, value) end

---x + value a / b.
---@param a vesper.Tensor|number
---@param b vesper.Tensor|number
---@param value? number default 1
---@return vesper.Tensor
function Tensor:addcdiv(a, b, value) end

---amin and amax.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:aminmax(dim, keepdim) end

---The count of elements that are not 0: int64.
---@param dim? integer|integer[]
---@return vesper.Tensor
function Tensor:count_nonzero(dim) end

---std and mean.
---@param dim? integer|integer[]
---@param unbiased? boolean default true
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:std_mean(dim, unbiased, keepdim) end

---var and mean.
---@param dim? integer|integer[]
---@param unbiased? boolean default true
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:var_mean(dim, unbiased, keepdim) end

---The k-th smallest along dim, and its index from 1; NaN counts as largest.
---@param k integer
---@param dim? integer default -1
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:kthvalue(k, dim, keepdim) end

---The median along dim (the lower of two middle values) and its index from 1; without dim over all
---elements, the index in row-major order. NaN counts as largest.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:median(dim, keepdim) end

---The distinct values in ascending order; the index of each element of x among them, in x's shape;
---the count of each value. No gradient.
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:unique() end

---As nonzero.
---@return vesper.Tensor
function Tensor:argwhere() end

---Whether shapes and all elements are equal.
---@param y vesper.Tensor
---@return boolean
function Tensor:equal(y) end

---Whether |x - y| <= atol + rtol |y| everywhere.
---@param y vesper.Tensor
---@param rtol? number default 1e-5
---@param atol? number default 1e-8
---@param equal_nan? boolean default false
---@return boolean
function Tensor:allclose(y, rtol, atol, equal_nan) end

---matmul of two matrices.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:mm(y) end

---matmul of [B,M,K] and [B,K,N].
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:bmm(y) end

---matmul of a matrix and a vector.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:mv(y) end

---The sum of products of two vectors.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:dot(y) end

---All products of two vectors [M] and [N]: [M,N].
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:outer(y) end

---beta input + alpha x y, with the matrix product x y.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@param beta? number default 1
---@param alpha? number default 1
---@return vesper.Tensor
function Tensor:addmm(x, y, beta, alpha) end

---addmm for batches [B,M,K] and [B,K,N].
---@param x vesper.Tensor
---@param y vesper.Tensor
---@param beta? number default 1
---@param alpha? number default 1
---@return vesper.Tensor
function Tensor:baddbmm(x, y, beta, alpha) end

---p-norm distances between all rows of x [...,P,D] and y [...,R,D]: [...,P,R]. Needs memory for P R
---D numbers.
---@param y vesper.Tensor
---@param p? number default 2
---@return vesper.Tensor
function Tensor:cdist(y, p) end

---x y / (max(|x|, eps) max(|y|, eps)) along dim, with broadcasting.
---@param y vesper.Tensor
---@param dim? integer default 2
---@param eps? number default 1e-8
---@return vesper.Tensor
function Tensor:cosine_similarity(y, dim, eps) end

---As reshape.
---@param shape integer|integer[]
---@return vesper.Tensor
function Tensor:view(shape) end

---reshape to the shape of other.
---@param other vesper.Tensor
---@return vesper.Tensor
function Tensor:view_as(other) end

---reshape to the shape of other.
---@param other vesper.Tensor
---@return vesper.Tensor
function Tensor:reshape_as(other) end

---expand to the shape of other.
---@param other vesper.Tensor
---@return vesper.Tensor
function Tensor:expand_as(other) end

---Equal for two handles of one tensor: a key for tables.
---@return any
function Tensor:id() end

---Sets requires_grad; float32 leaves only. Returns x.
---@param on? boolean default true
---@return vesper.Tensor
function Tensor:requires_grad_(on) end

---@class vesper.options.Tensor.backward
---@field retain? boolean default false

---Computes the gradients of all leaves with requires_grad and adds them to .grad. grad is the
---gradient of this tensor; it may be omitted only for a tensor of one element. Frees the graph
---unless retain. No second derivatives.
---@param grad? vesper.Tensor
---@param options? vesper.options.Tensor.backward
---@overload fun(self, o: vesper.options.Tensor.backward): nil
function Tensor:backward(grad, options) end

---Calls hook(gradient) in each backward with the complete gradient of this tensor; a tensor that
---hook returns replaces it. Hooks of an op's result are dropped with its graph; hooks of a leaf
---stay until they are removed.
---@param hook function
---@return vesper.Hook
function Tensor:register_hook(hook) end

---Calls hook(x) in each backward as soon as the whole gradient of x, a leaf, is in x.grad, while
---backward goes on.
---@param hook function
---@return vesper.Hook
function Tensor:register_post_accumulate_grad_hook(hook) end

---Removes the hook.
function Hook:remove() end

---@class vesper.options.autograd.Function
---@field name? string default function
---@field forward? function
---@field backward? function

---A differentiable function written in Lua. forward(ctx, ...) gets a new table and the arguments;
---its ops are not recorded. backward(ctx, ...) gets one gradient per result (zeros for an unused
---result) and returns one gradient per argument, or nil. ctx.needs_input_grad[i] says whether
---argument i needs a gradient.
---@param options? vesper.options.autograd.Function
---@return function
function vs.autograd.Function(options) end

---|x|, element by element. Integers give int64.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.abs(x) end

---|x|, element by element. Integers give int64.
---@return vesper.Tensor
function Tensor:abs() end

---The angle of a cosine, 0 to pi; NaN outside -1..1.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.acos(x) end

---The angle of a cosine, 0 to pi; NaN outside -1..1.
---@return vesper.Tensor
function Tensor:acos() end

---@class vesper.options.adaptive_avg_pool1d
---@field size? integer default 1

---Means of x [B,C,T] or [C,T] -> [..,size]; see adaptive_avg_pool2d.
---@param x vesper.Tensor
---@param size? integer default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.adaptive_avg_pool1d): vesper.Tensor
function vs.adaptive_avg_pool1d(x, size) end

---Means of x [B,C,T] or [C,T] -> [..,size]; see adaptive_avg_pool2d.
---@param size? integer default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.adaptive_avg_pool1d): vesper.Tensor
function Tensor:adaptive_avg_pool1d(size) end

---@class vesper.options.adaptive_avg_pool2d
---@field size? integer|integer[] default 1

---Means of x [B,C,H,W] or [C,H,W] -> [..,size]: output i averages rows floor(i H / H') up to
---ceil((i + 1) H / H'), counted from 0, and columns alike. size 1 is global average pooling.
---@param x vesper.Tensor
---@param size? integer|integer[] default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.adaptive_avg_pool2d): vesper.Tensor
function vs.adaptive_avg_pool2d(x, size) end

---Means of x [B,C,H,W] or [C,H,W] -> [..,size]: output i averages rows floor(i H / H') up to
---ceil((i + 1) H / H'), counted from 0, and columns alike. size 1 is global average pooling.
---@param size? integer|integer[] default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.adaptive_avg_pool2d): vesper.Tensor
function Tensor:adaptive_avg_pool2d(size) end

---@class vesper.options.adaptive_max_pool1d
---@field size? integer default 1

---The most of each window of x [B,C,T] or [C,T] -> [..,size]; see adaptive_max_pool2d.
---@param x vesper.Tensor
---@param size? integer default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.adaptive_max_pool1d): vesper.Tensor
function vs.adaptive_max_pool1d(x, size) end

---The most of each window of x [B,C,T] or [C,T] -> [..,size]; see adaptive_max_pool2d.
---@param size? integer default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.adaptive_max_pool1d): vesper.Tensor
function Tensor:adaptive_max_pool1d(size) end

---@class vesper.options.adaptive_max_pool2d
---@field size? integer|integer[] default 1

---The most of each window of x [B,C,H,W] or [C,H,W] -> [..,size], the windows being those of
---adaptive_avg_pool2d.
---@param x vesper.Tensor
---@param size? integer|integer[] default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.adaptive_max_pool2d): vesper.Tensor
function vs.adaptive_max_pool2d(x, size) end

---The most of each window of x [B,C,H,W] or [C,H,W] -> [..,size], the windows being those of
---adaptive_avg_pool2d.
---@param size? integer|integer[] default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.adaptive_max_pool2d): vesper.Tensor
function Tensor:adaptive_max_pool2d(size) end

---x + y with broadcasting; either may be a number. Same as x + y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.add(x, y) end

---x + y with broadcasting; either may be a number. Same as x + y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:add(y) end

---x = x + y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.add_(x, y) end

---x = x + y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:add_(y) end

---@class vesper.options.all
---@field dim? integer
---@field keepdim? boolean default false

---Whether every element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
---@overload fun(x, o: vesper.options.all): boolean|vesper.Tensor
---@overload fun(x, dim, o: vesper.options.all): boolean|vesper.Tensor
function vs.all(x, dim, keepdim) end

---Whether every element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
---@overload fun(self, o: vesper.options.all): boolean|vesper.Tensor
---@overload fun(self, dim, o: vesper.options.all): boolean|vesper.Tensor
function Tensor:all(dim, keepdim) end

---@class vesper.options.amax
---@field dim? integer|integer[]
---@field keepdim? boolean default false

---Largest value of all elements, or over the dimensions given; see max for where it is. Equal
---values share the gradient. NaN counts as both. Integers give int64.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.amax): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.amax): vesper.Tensor
function vs.amax(x, dim, keepdim) end

---Largest value of all elements, or over the dimensions given; see max for where it is. Equal
---values share the gradient. NaN counts as both. Integers give int64.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.amax): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.amax): vesper.Tensor
function Tensor:amax(dim, keepdim) end

---@class vesper.options.amin
---@field dim? integer|integer[]
---@field keepdim? boolean default false

---Smallest value of all elements, or over the dimensions given; see max for where it is. Equal
---values share the gradient. NaN counts as both. Integers give int64.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.amin): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.amin): vesper.Tensor
function vs.amin(x, dim, keepdim) end

---Smallest value of all elements, or over the dimensions given; see max for where it is. Equal
---values share the gradient. NaN counts as both. Integers give int64.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.amin): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.amin): vesper.Tensor
function Tensor:amin(dim, keepdim) end

---@class vesper.options.any
---@field dim? integer
---@field keepdim? boolean default false

---Whether some element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
---@overload fun(x, o: vesper.options.any): boolean|vesper.Tensor
---@overload fun(x, dim, o: vesper.options.any): boolean|vesper.Tensor
function vs.any(x, dim, keepdim) end

---Whether some element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
---@overload fun(self, o: vesper.options.any): boolean|vesper.Tensor
---@overload fun(self, dim, o: vesper.options.any): boolean|vesper.Tensor
function Tensor:any(dim, keepdim) end

---@class vesper.options.argmax
---@field dim? integer
---@field keepdim? boolean default false

---Where the largest values are, int64 from 1, along one dimension or over everything.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.argmax): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.argmax): vesper.Tensor
function vs.argmax(x, dim, keepdim) end

---Where the largest values are, int64 from 1, along one dimension or over everything.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.argmax): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.argmax): vesper.Tensor
function Tensor:argmax(dim, keepdim) end

---@class vesper.options.argmin
---@field dim? integer
---@field keepdim? boolean default false

---Where the smallest values are, int64 from 1, along one dimension or over everything.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.argmin): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.argmin): vesper.Tensor
function vs.argmin(x, dim, keepdim) end

---Where the smallest values are, int64 from 1, along one dimension or over everything.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.argmin): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.argmin): vesper.Tensor
function Tensor:argmin(dim, keepdim) end

---@class vesper.options.argsort
---@field dim? integer default -1
---@field descending? boolean default false

---The positions (int64, from 1) that put the values along dim in order; see sort.
---@param x vesper.Tensor
---@param dim? integer default -1
---@param descending? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.argsort): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.argsort): vesper.Tensor
function vs.argsort(x, dim, descending) end

---The positions (int64, from 1) that put the values along dim in order; see sort.
---@param dim? integer default -1
---@param descending? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.argsort): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.argsort): vesper.Tensor
function Tensor:argsort(dim, descending) end

---The angle of a sine, -pi/2 to pi/2; NaN outside -1..1.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.asin(x) end

---The angle of a sine, -pi/2 to pi/2; NaN outside -1..1.
---@return vesper.Tensor
function Tensor:asin() end

---The angle of a tangent, -pi/2 to pi/2.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.atan(x) end

---The angle of a tangent, -pi/2 to pi/2.
---@return vesper.Tensor
function Tensor:atan() end

---The angle of the point (y, x), x the height, in radians, -pi to pi; with broadcasting.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.atan2(x, y) end

---The angle of the point (y, x), x the height, in radians, -pi to pi; with broadcasting.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:atan2(y) end

---@class vesper.options.avg_pool1d
---@field stride? integer
---@field padding? integer default 0
---@field ceil_mode? boolean default false
---@field count_include_pad? boolean default true

---The mean of each window of x [B,C,T] or [C,T] -> [..,T']; see avg_pool2d.
---@param x vesper.Tensor
---@param kernel integer
---@param stride? integer
---@param padding? integer default 0
---@param ceil_mode? boolean default false
---@param count_include_pad? boolean default true
---@return vesper.Tensor
---@overload fun(x, kernel, o: vesper.options.avg_pool1d): vesper.Tensor
---@overload fun(x, kernel, stride, o: vesper.options.avg_pool1d): vesper.Tensor
function vs.avg_pool1d(x, kernel, stride, padding, ceil_mode, count_include_pad) end

---The mean of each window of x [B,C,T] or [C,T] -> [..,T']; see avg_pool2d.
---@param kernel integer
---@param stride? integer
---@param padding? integer default 0
---@param ceil_mode? boolean default false
---@param count_include_pad? boolean default true
---@return vesper.Tensor
---@overload fun(self, kernel, o: vesper.options.avg_pool1d): vesper.Tensor
---@overload fun(self, kernel, stride, o: vesper.options.avg_pool1d): vesper.Tensor
function Tensor:avg_pool1d(kernel, stride, padding, ceil_mode, count_include_pad) end

---@class vesper.options.avg_pool2d
---@field stride? integer|integer[]
---@field padding? integer|integer[] default 0
---@field ceil_mode? boolean default false
---@field count_include_pad? boolean default true

---The mean of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' as of max_pool2d. stride is
---the kernel unless given; padding counts as zeros, or not at all with count_include_pad = false.
---@param x vesper.Tensor
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@param ceil_mode? boolean default false
---@param count_include_pad? boolean default true
---@return vesper.Tensor
---@overload fun(x, kernel, o: vesper.options.avg_pool2d): vesper.Tensor
---@overload fun(x, kernel, stride, o: vesper.options.avg_pool2d): vesper.Tensor
function vs.avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad) end

---The mean of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' as of max_pool2d. stride is
---the kernel unless given; padding counts as zeros, or not at all with count_include_pad = false.
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@param ceil_mode? boolean default false
---@param count_include_pad? boolean default true
---@return vesper.Tensor
---@overload fun(self, kernel, o: vesper.options.avg_pool2d): vesper.Tensor
---@overload fun(self, kernel, stride, o: vesper.options.avg_pool2d): vesper.Tensor
function Tensor:avg_pool2d(kernel, stride, padding, ceil_mode, count_include_pad) end

---@class vesper.options.batch_norm
---@field weight? vesper.Tensor
---@field bias? vesper.Tensor
---@field running_mean? vesper.Tensor
---@field running_var? vesper.Tensor
---@field training? boolean default true
---@field momentum? number default 0.1
---@field eps? number default 1e-5
---@field activation? "none"|"relu"|"relu6" default none

---Batch normalisation (Ioffe and Szegedy, 2015) of each channel of x [B,C] or [B,C,...]: (x - mean)
---/ sqrt(var + eps) * weight + bias. In training mean and var are the batch's, and running_mean and
---running_var [C] move towards them by momentum (var unbiased); otherwise they are the running
---ones. Without running statistics they are always the batch's. activation is applied to the result
---in the same pass.
---@param x vesper.Tensor
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param running_mean? vesper.Tensor
---@param running_var? vesper.Tensor
---@param training? boolean default true
---@param momentum? number default 0.1
---@param eps? number default 1e-5
---@param activation? "none"|"relu"|"relu6" default none
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.batch_norm): vesper.Tensor
---@overload fun(x, weight, o: vesper.options.batch_norm): vesper.Tensor
function vs.batch_norm(x, weight, bias, running_mean, running_var, training, momentum, eps,
  activation) end

---Batch normalisation (Ioffe and Szegedy, 2015) of each channel of x [B,C] or [B,C,...]: (x - mean)
---/ sqrt(var + eps) * weight + bias. In training mean and var are the batch's, and running_mean and
---running_var [C] move towards them by momentum (var unbiased); otherwise they are the running
---ones. Without running statistics they are always the batch's. activation is applied to the result
---in the same pass.
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param running_mean? vesper.Tensor
---@param running_var? vesper.Tensor
---@param training? boolean default true
---@param momentum? number default 0.1
---@param eps? number default 1e-5
---@param activation? "none"|"relu"|"relu6" default none
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.batch_norm): vesper.Tensor
---@overload fun(self, weight, o: vesper.options.batch_norm): vesper.Tensor
function Tensor:batch_norm(weight, bias, running_mean, running_var, training, momentum, eps,
  activation) end

---1 with probability x, else 0, element by element; of x's shape and dtype.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.bernoulli(x) end

---1 with probability x, else 0, element by element; of x's shape and dtype.
---@return vesper.Tensor
function Tensor:bernoulli() end

---@class vesper.options.binary_cross_entropy_with_logits
---@field weight? vesper.Tensor
---@field pos_weight? vesper.Tensor
---@field reduction? "mean"|"sum"|"none" default mean

----w (pos_weight y log s(x) + (1-y) log(1-s(x))), s the sigmoid, y = target in 0..1 of x's shape;
---weight and pos_weight are broadcast to x.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param pos_weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.binary_cross_entropy_with_logits): vesper.Tensor
---@overload fun(x, target, weight, o: vesper.options.binary_cross_entropy_with_logits): vesper.Tensor
function vs.binary_cross_entropy_with_logits(x, target, weight, pos_weight, reduction) end

----w (pos_weight y log s(x) + (1-y) log(1-s(x))), s the sigmoid, y = target in 0..1 of x's shape;
---weight and pos_weight are broadcast to x.
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param pos_weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.binary_cross_entropy_with_logits): vesper.Tensor
---@overload fun(self, target, weight, o: vesper.options.binary_cross_entropy_with_logits): vesper.Tensor
function Tensor:binary_cross_entropy_with_logits(target, weight, pos_weight, reduction) end

---@class vesper.options.cat
---@field dim? integer default 1

---A list of tensors joined along dim; their other sizes and dtypes are equal, but that bfloat16
---beside float32 becomes that.
---@param tensors vesper.Tensor[]
---@param dim? integer default 1
---@return vesper.Tensor
---@overload fun(tensors, o: vesper.options.cat): vesper.Tensor
function vs.cat(tensors, dim) end

---Smallest integer not below x. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.ceil(x) end

---Smallest integer not below x. No gradient.
---@return vesper.Tensor
function Tensor:ceil() end

---@class vesper.options.clamp
---@field min? number
---@field max? number

---x limited to [min, max]; either bound may be absent. No gradient where x was cut off. Integers
---give int64 between whole bounds, else float32.
---@param x vesper.Tensor
---@param min? number
---@param max? number
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.clamp): vesper.Tensor
---@overload fun(x, min, o: vesper.options.clamp): vesper.Tensor
function vs.clamp(x, min, max) end

---x limited to [min, max]; either bound may be absent. No gradient where x was cut off. Integers
---give int64 between whole bounds, else float32.
---@param min? number
---@param max? number
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.clamp): vesper.Tensor
---@overload fun(self, min, o: vesper.options.clamp): vesper.Tensor
function Tensor:clamp(min, max) end

---A copy with memory of its own.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.clone(x) end

---A copy with memory of its own.
---@return vesper.Tensor
function Tensor:clone() end

---x itself when its elements lie in row order, else a copy that does.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.contiguous(x) end

---x itself when its elements lie in row order, else a copy that does.
---@return vesper.Tensor
function Tensor:contiguous() end

---@class vesper.options.conv1d
---@field b? vesper.Tensor
---@field stride? integer default 1
---@field padding? integer default 0
---@field dilation? integer default 1
---@field groups? integer default 1

---1-D cross-correlation. x [B,C,T], w [O,C/groups,k], b [O] -> [B,O,T'] with T' = floor((T + 2
---padding - dilation (k - 1) - 1) / stride) + 1.
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer default 1
---@param padding? integer default 0
---@param dilation? integer default 1
---@param groups? integer default 1
---@return vesper.Tensor
---@overload fun(x, w, o: vesper.options.conv1d): vesper.Tensor
---@overload fun(x, w, b, o: vesper.options.conv1d): vesper.Tensor
function vs.conv1d(x, w, b, stride, padding, dilation, groups) end

---1-D cross-correlation. x [B,C,T], w [O,C/groups,k], b [O] -> [B,O,T'] with T' = floor((T + 2
---padding - dilation (k - 1) - 1) / stride) + 1.
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer default 1
---@param padding? integer default 0
---@param dilation? integer default 1
---@param groups? integer default 1
---@return vesper.Tensor
---@overload fun(self, w, o: vesper.options.conv1d): vesper.Tensor
---@overload fun(self, w, b, o: vesper.options.conv1d): vesper.Tensor
function Tensor:conv1d(w, b, stride, padding, dilation, groups) end

---@class vesper.options.conv2d
---@field b? vesper.Tensor
---@field stride? integer|integer[] default 1
---@field padding? integer|integer[] default 0
---@field dilation? integer|integer[] default 1
---@field groups? integer default 1

---2-D cross-correlation. x [B,C,H,W], w [O,C/groups,kH,kW], b [O] -> [B,O,H',W'] with H' = floor((H
---+ 2 padding - dilation (kH - 1) - 1) / stride) + 1.
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param dilation? integer|integer[] default 1
---@param groups? integer default 1
---@return vesper.Tensor
---@overload fun(x, w, o: vesper.options.conv2d): vesper.Tensor
---@overload fun(x, w, b, o: vesper.options.conv2d): vesper.Tensor
function vs.conv2d(x, w, b, stride, padding, dilation, groups) end

---2-D cross-correlation. x [B,C,H,W], w [O,C/groups,kH,kW], b [O] -> [B,O,H',W'] with H' = floor((H
---+ 2 padding - dilation (kH - 1) - 1) / stride) + 1.
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param dilation? integer|integer[] default 1
---@param groups? integer default 1
---@return vesper.Tensor
---@overload fun(self, w, o: vesper.options.conv2d): vesper.Tensor
---@overload fun(self, w, b, o: vesper.options.conv2d): vesper.Tensor
function Tensor:conv2d(w, b, stride, padding, dilation, groups) end

---@class vesper.options.conv_transpose1d
---@field b? vesper.Tensor
---@field stride? integer default 1
---@field padding? integer default 0
---@field output_padding? integer default 0
---@field groups? integer default 1
---@field dilation? integer default 1

---1-D transposed convolution: x [B,C,T], w [C,O/groups,k], b [O] -> [B,O,T'] with T' = (T - 1)
---stride - 2 padding + dilation (k - 1) + output_padding + 1.
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer default 1
---@param padding? integer default 0
---@param output_padding? integer default 0
---@param groups? integer default 1
---@param dilation? integer default 1
---@return vesper.Tensor
---@overload fun(x, w, o: vesper.options.conv_transpose1d): vesper.Tensor
---@overload fun(x, w, b, o: vesper.options.conv_transpose1d): vesper.Tensor
function vs.conv_transpose1d(x, w, b, stride, padding, output_padding, groups, dilation) end

---1-D transposed convolution: x [B,C,T], w [C,O/groups,k], b [O] -> [B,O,T'] with T' = (T - 1)
---stride - 2 padding + dilation (k - 1) + output_padding + 1.
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer default 1
---@param padding? integer default 0
---@param output_padding? integer default 0
---@param groups? integer default 1
---@param dilation? integer default 1
---@return vesper.Tensor
---@overload fun(self, w, o: vesper.options.conv_transpose1d): vesper.Tensor
---@overload fun(self, w, b, o: vesper.options.conv_transpose1d): vesper.Tensor
function Tensor:conv_transpose1d(w, b, stride, padding, output_padding, groups, dilation) end

---@class vesper.options.conv_transpose2d
---@field b? vesper.Tensor
---@field stride? integer|integer[] default 1
---@field padding? integer|integer[] default 0
---@field output_padding? integer|integer[] default 0
---@field groups? integer default 1
---@field dilation? integer|integer[] default 1

---2-D transposed convolution: the gradient of conv2d by its input. x [B,C,H,W], w
---[C,O/groups,kH,kW], b [O] -> [B,O,H',W'] with H' = (H - 1) stride - 2 padding + dilation (kH - 1)
---+ output_padding + 1.
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param output_padding? integer|integer[] default 0
---@param groups? integer default 1
---@param dilation? integer|integer[] default 1
---@return vesper.Tensor
---@overload fun(x, w, o: vesper.options.conv_transpose2d): vesper.Tensor
---@overload fun(x, w, b, o: vesper.options.conv_transpose2d): vesper.Tensor
function vs.conv_transpose2d(x, w, b, stride, padding, output_padding, groups, dilation) end

---2-D transposed convolution: the gradient of conv2d by its input. x [B,C,H,W], w
---[C,O/groups,kH,kW], b [O] -> [B,O,H',W'] with H' = (H - 1) stride - 2 padding + dilation (kH - 1)
---+ output_padding + 1.
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param output_padding? integer|integer[] default 0
---@param groups? integer default 1
---@param dilation? integer|integer[] default 1
---@return vesper.Tensor
---@overload fun(self, w, o: vesper.options.conv_transpose2d): vesper.Tensor
---@overload fun(self, w, b, o: vesper.options.conv_transpose2d): vesper.Tensor
function Tensor:conv_transpose2d(w, b, stride, padding, output_padding, groups, dilation) end

---Copies src, broadcast and converted to x's dtype, into x. x[i] = src does the same to a row.
---@param x vesper.Tensor
---@param src vesper.Tensor|number
---@return vesper.Tensor
function vs.copy_(x, src) end

---Copies src, broadcast and converted to x's dtype, into x. x[i] = src does the same to a row.
---@param src vesper.Tensor|number
---@return vesper.Tensor
function Tensor:copy_(src) end

---Cosine; x in radians.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.cos(x) end

---Cosine; x in radians.
---@return vesper.Tensor
function Tensor:cos() end

---Hyperbolic cosine.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.cosh(x) end

---Hyperbolic cosine.
---@return vesper.Tensor
function Tensor:cosh() end

---@class vesper.options.cosine_embedding_loss
---@field margin? number default 0
---@field reduction? "mean"|"sum"|"none" default mean

---1 - cos(x1, x2) where y is 1 (a match), max(0, cos - margin) where y is -1. x1, x2 [B,D], y [B]
---of any dtype.
---@param x1 vesper.Tensor
---@param x2 vesper.Tensor
---@param y vesper.Tensor
---@param margin? number default 0
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(x1, x2, y, o: vesper.options.cosine_embedding_loss): vesper.Tensor
---@overload fun(x1, x2, y, margin, o: vesper.options.cosine_embedding_loss): vesper.Tensor
function vs.cosine_embedding_loss(x1, x2, y, margin, reduction) end

---1 - cos(x1, x2) where y is 1 (a match), max(0, cos - margin) where y is -1. x1, x2 [B,D], y [B]
---of any dtype.
---@param x2 vesper.Tensor
---@param y vesper.Tensor
---@param margin? number default 0
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(self, x2, y, o: vesper.options.cosine_embedding_loss): vesper.Tensor
---@overload fun(self, x2, y, margin, o: vesper.options.cosine_embedding_loss): vesper.Tensor
function Tensor:cosine_embedding_loss(x2, y, margin, reduction) end

---@class vesper.options.cross_entropy
---@field weight? vesper.Tensor
---@field reduction? "mean"|"sum"|"none" default mean
---@field ignore_index? integer
---@field label_smoothing? number default 0

---Negative log of softmax(x) at the target class. x [B,C], or [B,C,d1,...] or [C]; target int64 of
---1..C, [B], [B,d1,...] or []; weight [C] per class; the mean divides by the targets' weights. Rows
---with target ignore_index count nothing; if all do, the mean is 0. label_smoothing spreads that
---share over all classes. A float32 target of x's shape has probabilities of the classes: the loss
---of a row is the sum of its classes' losses times weight times probability, and the mean divides
---by the number of rows.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@param label_smoothing? number default 0
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.cross_entropy): vesper.Tensor
---@overload fun(x, target, weight, o: vesper.options.cross_entropy): vesper.Tensor
function vs.cross_entropy(x, target, weight, reduction, ignore_index, label_smoothing) end

---Negative log of softmax(x) at the target class. x [B,C], or [B,C,d1,...] or [C]; target int64 of
---1..C, [B], [B,d1,...] or []; weight [C] per class; the mean divides by the targets' weights. Rows
---with target ignore_index count nothing; if all do, the mean is 0. label_smoothing spreads that
---share over all classes. A float32 target of x's shape has probabilities of the classes: the loss
---of a row is the sum of its classes' losses times weight times probability, and the mean divides
---by the number of rows.
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@param label_smoothing? number default 0
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.cross_entropy): vesper.Tensor
---@overload fun(self, target, weight, o: vesper.options.cross_entropy): vesper.Tensor
function Tensor:cross_entropy(target, weight, reduction, ignore_index, label_smoothing) end

---Products of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give int64.
---@param x vesper.Tensor
---@param dim integer
---@return vesper.Tensor
function vs.cumprod(x, dim) end

---Products of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give int64.
---@param dim integer
---@return vesper.Tensor
function Tensor:cumprod(dim) end

---Sums of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give int64.
---@param x vesper.Tensor
---@param dim integer
---@return vesper.Tensor
function vs.cumsum(x, dim) end

---Sums of the first 1, 2, ... elements along dim, of x's shape. Integers and masks give int64.
---@param dim integer
---@return vesper.Tensor
function Tensor:cumsum(dim) end

---The same memory, outside the graph: no gradient flows back through it.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.detach(x) end

---The same memory, outside the graph: no gradient flows back through it.
---@return vesper.Tensor
function Tensor:detach() end

---The main diagonal of a matrix [M,N] -> [min(M,N)], as a view.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.diagonal(x) end

---The main diagonal of a matrix [M,N] -> [min(M,N)], as a view.
---@return vesper.Tensor
function Tensor:diagonal() end

---@class vesper.options.div
---@field rounding_mode? "floor"|"trunc"

---x / y with broadcasting; either may be a number. Same as x / y. rounding_mode: rounded down or
---towards 0, exact, of integers int64; the gradient is then 0.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@param rounding_mode? "floor"|"trunc"
---@return vesper.Tensor
---@overload fun(x, y, o: vesper.options.div): vesper.Tensor
function vs.div(x, y, rounding_mode) end

---x / y with broadcasting; either may be a number. Same as x / y. rounding_mode: rounded down or
---towards 0, exact, of integers int64; the gradient is then 0.
---@param y vesper.Tensor|number
---@param rounding_mode? "floor"|"trunc"
---@return vesper.Tensor
---@overload fun(self, y, o: vesper.options.div): vesper.Tensor
function Tensor:div(y, rounding_mode) end

---x = x / y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.div_(x, y) end

---x = x / y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:div_(y) end

---@class vesper.options.dropout
---@field p? number default 0.5
---@field training? boolean default true

---Zeroes each element with probability p and scales the others by 1/(1-p); training = false returns
---x as it is. Srivastava et al. 2014.
---@param x vesper.Tensor
---@param p? number default 0.5
---@param training? boolean default true
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.dropout): vesper.Tensor
---@overload fun(x, p, o: vesper.options.dropout): vesper.Tensor
function vs.dropout(x, p, training) end

---Zeroes each element with probability p and scales the others by 1/(1-p); training = false returns
---x as it is. Srivastava et al. 2014.
---@param p? number default 0.5
---@param training? boolean default true
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.dropout): vesper.Tensor
---@overload fun(self, p, o: vesper.options.dropout): vesper.Tensor
function Tensor:dropout(p, training) end

---@class vesper.options.elu
---@field alpha? number default 1

---x above 0, alpha * (exp(x) - 1) below. Clevert et al., 2016.
---@param x vesper.Tensor
---@param alpha? number default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.elu): vesper.Tensor
function vs.elu(x, alpha) end

---x above 0, alpha * (exp(x) - 1) below. Clevert et al., 2016.
---@param alpha? number default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.elu): vesper.Tensor
function Tensor:elu(alpha) end

---@class vesper.options.embedding
---@field padding_idx? integer
---@field sparse? boolean default false

---Rows of a table. weight [V,D], ids [...] of 1..V -> [...,D]. The row padding_idx gets no
---gradient. An id outside the table is an error that names it and its position. sparse: the
---gradient takes memory and time only for the rows of ids; optimizers and clipping then leave all
---other rows, and their state, as they are.
---@param weight vesper.Tensor
---@param ids vesper.Tensor
---@param padding_idx? integer
---@param sparse? boolean default false
---@return vesper.Tensor
---@overload fun(weight, ids, o: vesper.options.embedding): vesper.Tensor
---@overload fun(weight, ids, padding_idx, o: vesper.options.embedding): vesper.Tensor
function vs.embedding(weight, ids, padding_idx, sparse) end

---Rows of a table. weight [V,D], ids [...] of 1..V -> [...,D]. The row padding_idx gets no
---gradient. An id outside the table is an error that names it and its position. sparse: the
---gradient takes memory and time only for the rows of ids; optimizers and clipping then leave all
---other rows, and their state, as they are.
---@param ids vesper.Tensor
---@param padding_idx? integer
---@param sparse? boolean default false
---@return vesper.Tensor
---@overload fun(self, ids, o: vesper.options.embedding): vesper.Tensor
---@overload fun(self, ids, padding_idx, o: vesper.options.embedding): vesper.Tensor
function Tensor:embedding(ids, padding_idx, sparse) end

---x == y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.eq(x, y) end

---x == y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:eq(y) end

---The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.erf(x) end

---The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
---@return vesper.Tensor
function Tensor:erf() end

---e to the power x, element by element.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.exp(x) end

---e to the power x, element by element.
---@return vesper.Tensor
function Tensor:exp() end

---Broadcast to a larger shape without copying; -1 keeps a size. The view is not writable.
---@param x vesper.Tensor
---@param shape integer|integer[]
---@return vesper.Tensor
---@overload fun(x, ...: integer): vesper.Tensor
function vs.expand(x, shape) end

---Broadcast to a larger shape without copying; -1 keeps a size. The view is not writable.
---@param shape integer|integer[]
---@return vesper.Tensor
---@overload fun(self, ...: integer): vesper.Tensor
function Tensor:expand(shape) end

---exp(x) - 1, exact for small x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.expm1(x) end

---exp(x) - 1, exact for small x.
---@return vesper.Tensor
function Tensor:expm1() end

---Sets every element to value.
---@param x vesper.Tensor
---@param value number
---@return vesper.Tensor
function vs.fill_(x, value) end

---Sets every element to value.
---@param value number
---@return vesper.Tensor
function Tensor:fill_(value) end

---@class vesper.options.flatten
---@field first? integer default 1
---@field last? integer default -1

---Dimensions first to last become one. nn.Flatten starts at 2 and so keeps the batch.
---@param x vesper.Tensor
---@param first? integer default 1
---@param last? integer default -1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.flatten): vesper.Tensor
---@overload fun(x, first, o: vesper.options.flatten): vesper.Tensor
function vs.flatten(x, first, last) end

---Dimensions first to last become one. nn.Flatten starts at 2 and so keeps the batch.
---@param first? integer default 1
---@param last? integer default -1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.flatten): vesper.Tensor
---@overload fun(self, first, o: vesper.options.flatten): vesper.Tensor
function Tensor:flatten(first, last) end

---@class vesper.options.flip
---@field dims? integer|integer[]

---A copy with the order along the dimensions reversed; along all when none is given.
---@param x vesper.Tensor
---@param dims? integer|integer[]
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.flip): vesper.Tensor
function vs.flip(x, dims) end

---A copy with the order along the dimensions reversed; along all when none is given.
---@param dims? integer|integer[]
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.flip): vesper.Tensor
function Tensor:flip(dims) end

---Largest integer not above x. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.floor(x) end

---Largest integer not above x. No gradient.
---@return vesper.Tensor
function Tensor:floor() end

---x / y rounded down, exact, with broadcasting. Same as x // y. No gradient.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.floor_divide(x, y) end

---x / y rounded down, exact, with broadcasting. Same as x // y. No gradient.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:floor_divide(y) end

---What is left of x / y rounded towards 0: x's sign, exact, as math.fmod; with broadcasting.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.fmod(x, y) end

---What is left of x / y rounded towards 0: x's sign, exact, as math.fmod; with broadcasting.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:fmod(y) end

---One element of x per element of index, looked up along dim. index has x's shape but for dim.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function vs.gather(x, dim, index) end

---One element of x per element of index, looked up along dim. index has x's shape but for dim.
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function Tensor:gather(dim, index) end

---x >= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.ge(x, y) end

---x >= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:ge(y) end

---@class vesper.options.gelu
---@field approximate? "none"|"tanh" default none

---x * Phi(x), Phi the normal distribution function, exact, by erf; approximate = "tanh": x / 2 * (1
---+ tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). Hendrycks and Gimpel, 2016.
---@param x vesper.Tensor
---@param approximate? "none"|"tanh" default none
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.gelu): vesper.Tensor
function vs.gelu(x, approximate) end

---x * Phi(x), Phi the normal distribution function, exact, by erf; approximate = "tanh": x / 2 * (1
---+ tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). Hendrycks and Gimpel, 2016.
---@param approximate? "none"|"tanh" default none
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.gelu): vesper.Tensor
function Tensor:gelu(approximate) end

---@class vesper.options.group_norm
---@field weight? vesper.Tensor
---@field bias? vesper.Tensor
---@field eps? number default 1e-5

---Group normalisation (Wu and He, 2018) of x [B,C] or [B,C,...]: each sample's channels in
---num_groups groups, (x - mean) / sqrt(var + eps) over a group, times weight [C] plus bias [C].
---@param x vesper.Tensor
---@param num_groups integer
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param eps? number default 1e-5
---@return vesper.Tensor
---@overload fun(x, num_groups, o: vesper.options.group_norm): vesper.Tensor
---@overload fun(x, num_groups, weight, o: vesper.options.group_norm): vesper.Tensor
function vs.group_norm(x, num_groups, weight, bias, eps) end

---Group normalisation (Wu and He, 2018) of x [B,C] or [B,C,...]: each sample's channels in
---num_groups groups, (x - mean) / sqrt(var + eps) over a group, times weight [C] plus bias [C].
---@param num_groups integer
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param eps? number default 1e-5
---@return vesper.Tensor
---@overload fun(self, num_groups, o: vesper.options.group_norm): vesper.Tensor
---@overload fun(self, num_groups, weight, o: vesper.options.group_norm): vesper.Tensor
function Tensor:group_norm(num_groups, weight, bias, eps) end

---@class vesper.options.gru
---@field b_ih? vesper.Tensor
---@field b_hh? vesper.Tensor
---@field lengths? vesper.Tensor
---@field reverse? boolean default false
---@field h0? vesper.Tensor

---One layer of GRU in one direction. x [B,T,I], w_ih [3H,I], w_hh [3H,H], biases [3H] (gates r, z,
---n), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H]: the last valid state.
---reverse reads each row from its last valid step to its first; h0 [B,H] is the state to begin
---with, zeros when absent. Cho et al. 2014.
---@param x vesper.Tensor
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@param h0? vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, w_ih, w_hh, o: vesper.options.gru): vesper.Tensor
---@overload fun(x, w_ih, w_hh, b_ih, o: vesper.options.gru): vesper.Tensor
function vs.gru(x, w_ih, w_hh, b_ih, b_hh, lengths, reverse, h0) end

---One layer of GRU in one direction. x [B,T,I], w_ih [3H,I], w_hh [3H,H], biases [3H] (gates r, z,
---n), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H]: the last valid state.
---reverse reads each row from its last valid step to its first; h0 [B,H] is the state to begin
---with, zeros when absent. Cho et al. 2014.
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@param h0? vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, w_ih, w_hh, o: vesper.options.gru): vesper.Tensor
---@overload fun(self, w_ih, w_hh, b_ih, o: vesper.options.gru): vesper.Tensor
function Tensor:gru(w_ih, w_hh, b_ih, b_hh, lengths, reverse, h0) end

---x > y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.gt(x, y) end

---x > y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:gt(y) end

---x / 6 + 1/2 limited to [0, 1].
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.hardsigmoid(x) end

---x / 6 + 1/2 limited to [0, 1].
---@return vesper.Tensor
function Tensor:hardsigmoid() end

---x * hardsigmoid(x). Howard et al., 2019.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.hardswish(x) end

---x * hardsigmoid(x). Howard et al., 2019.
---@return vesper.Tensor
function Tensor:hardswish() end

---@class vesper.options.hinge_ranking
---@field margin? number default 0.2
---@field negatives? "sum"|"hardest" default sum
---@field reduction? "mean"|"sum" default mean
---@field same? vesper.Tensor

---Hinge ranking of a similarity matrix, scores [B,B] with the matches on the diagonal: max(0,
---margin + s_ij - s_ii) over each row and max(0, margin + s_ij - s_jj) over each column, summed
---over all negatives (Kiros et al. 2014) or the hardest one alone (Faghri et al. 2018, VSE++). same
---[B,B] marks pairs that are no negatives, such as pairs with one label. mean divides by B.
---@param scores vesper.Tensor
---@param margin? number default 0.2
---@param negatives? "sum"|"hardest" default sum
---@param reduction? "mean"|"sum" default mean
---@param same? vesper.Tensor
---@return vesper.Tensor
---@overload fun(scores, o: vesper.options.hinge_ranking): vesper.Tensor
---@overload fun(scores, margin, o: vesper.options.hinge_ranking): vesper.Tensor
function vs.hinge_ranking(scores, margin, negatives, reduction, same) end

---Hinge ranking of a similarity matrix, scores [B,B] with the matches on the diagonal: max(0,
---margin + s_ij - s_ii) over each row and max(0, margin + s_ij - s_jj) over each column, summed
---over all negatives (Kiros et al. 2014) or the hardest one alone (Faghri et al. 2018, VSE++). same
---[B,B] marks pairs that are no negatives, such as pairs with one label. mean divides by B.
---@param margin? number default 0.2
---@param negatives? "sum"|"hardest" default sum
---@param reduction? "mean"|"sum" default mean
---@param same? vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.hinge_ranking): vesper.Tensor
---@overload fun(self, margin, o: vesper.options.hinge_ranking): vesper.Tensor
function Tensor:hinge_ranking(margin, negatives, reduction, same) end

---@class vesper.options.huber_loss
---@field reduction? "mean"|"sum"|"none" default mean
---@field delta? number default 1

---d = |x - target|: d^2 / 2 below delta, delta (d - delta / 2) above. Huber, 1964.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param delta? number default 1
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.huber_loss): vesper.Tensor
---@overload fun(x, target, reduction, o: vesper.options.huber_loss): vesper.Tensor
function vs.huber_loss(x, target, reduction, delta) end

---d = |x - target|: d^2 / 2 below delta, delta (d - delta / 2) above. Huber, 1964.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param delta? number default 1
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.huber_loss): vesper.Tensor
---@overload fun(self, target, reduction, o: vesper.options.huber_loss): vesper.Tensor
function Tensor:huber_loss(target, reduction, delta) end

---x at the positions of a list of int64 tensors, one for each of the first dimensions: out[p] =
---x[index[1][p], index[2][p], ...]. The index tensors broadcast to one shape, which takes the place
---of the dimensions that they index. Same as x[{i, j}].
---@param x vesper.Tensor
---@param index vesper.Tensor[]
---@return vesper.Tensor
function vs.index(x, index) end

---x at the positions of a list of int64 tensors, one for each of the first dimensions: out[p] =
---x[index[1][p], index[2][p], ...]. The index tensors broadcast to one shape, which takes the place
---of the dimensions that they index. Same as x[{i, j}].
---@param index vesper.Tensor[]
---@return vesper.Tensor
function Tensor:index(index) end

---@class vesper.options.index_add
---@field alpha? number default 1

---A copy of x with alpha * src added at the positions of index [K] along dim. src has x's shape
---with K in place of dim.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor
---@param alpha? number default 1
---@return vesper.Tensor
---@overload fun(x, dim, index, src, o: vesper.options.index_add): vesper.Tensor
function vs.index_add(x, dim, index, src, alpha) end

---A copy of x with alpha * src added at the positions of index [K] along dim. src has x's shape
---with K in place of dim.
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor
---@param alpha? number default 1
---@return vesper.Tensor
---@overload fun(self, dim, index, src, o: vesper.options.index_add): vesper.Tensor
function Tensor:index_add(dim, index, src, alpha) end

---@class vesper.options.index_put
---@field accumulate? boolean default false

---A copy of x with src, a number or a tensor that broadcasts to x:index(index), at those positions,
---converted to x's dtype; the last of several for one place stays. accumulate adds src to what is
---there, all of several: x is then of the compute type or int64.
---@param x vesper.Tensor
---@param index vesper.Tensor[]
---@param src vesper.Tensor|number
---@param accumulate? boolean default false
---@return vesper.Tensor
---@overload fun(x, index, src, o: vesper.options.index_put): vesper.Tensor
function vs.index_put(x, index, src, accumulate) end

---A copy of x with src, a number or a tensor that broadcasts to x:index(index), at those positions,
---converted to x's dtype; the last of several for one place stays. accumulate adds src to what is
---there, all of several: x is then of the compute type or int64.
---@param index vesper.Tensor[]
---@param src vesper.Tensor|number
---@param accumulate? boolean default false
---@return vesper.Tensor
---@overload fun(self, index, src, o: vesper.options.index_put): vesper.Tensor
function Tensor:index_put(index, src, accumulate) end

---@class vesper.options.index_put_
---@field accumulate? boolean default false

---index_put, written into x. Same as x[{i, j}] = src.
---@param x vesper.Tensor
---@param index vesper.Tensor[]
---@param src vesper.Tensor|number
---@param accumulate? boolean default false
---@return vesper.Tensor
---@overload fun(x, index, src, o: vesper.options.index_put_): vesper.Tensor
function vs.index_put_(x, index, src, accumulate) end

---index_put, written into x. Same as x[{i, j}] = src.
---@param index vesper.Tensor[]
---@param src vesper.Tensor|number
---@param accumulate? boolean default false
---@return vesper.Tensor
---@overload fun(self, index, src, o: vesper.options.index_put_): vesper.Tensor
function Tensor:index_put_(index, src, accumulate) end

---The positions of index [K] along dim, in that order, repeats allowed. x[index] for dimension 1.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function vs.index_select(x, dim, index) end

---The positions of index [K] along dim, in that order, repeats allowed. x[index] for dimension 1.
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function Tensor:index_select(dim, index) end

---@class vesper.options.interpolate
---@field size? integer|integer[]
---@field scale_factor? number|number[]
---@field mode? "nearest"|"nearest-exact"|"bilinear"|"bicubic" default nearest
---@field align_corners? boolean default false
---@field antialias? boolean default false

---x [B,C,H,W] at another size [B,C,H',W']: size, or floor of H and W times scale_factor. Positions
---are middles of pixels, but for nearest, which rounds the corners down (as PyTorch; nearest-exact
---is right). bicubic: cubic convolution with a = -0.75 (Keys, 1981), which may overshoot. For
---bilinear and bicubic: with align_corners the corners of both fall together; with antialias a
---smaller picture is smoothed as by PIL, which takes bicubic with a = -0.5.
---@param x vesper.Tensor
---@param size? integer|integer[]
---@param scale_factor? number|number[]
---@param mode? "nearest"|"nearest-exact"|"bilinear"|"bicubic" default nearest
---@param align_corners? boolean default false
---@param antialias? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.interpolate): vesper.Tensor
---@overload fun(x, size, o: vesper.options.interpolate): vesper.Tensor
function vs.interpolate(x, size, scale_factor, mode, align_corners, antialias) end

---x [B,C,H,W] at another size [B,C,H',W']: size, or floor of H and W times scale_factor. Positions
---are middles of pixels, but for nearest, which rounds the corners down (as PyTorch; nearest-exact
---is right). bicubic: cubic convolution with a = -0.75 (Keys, 1981), which may overshoot. For
---bilinear and bicubic: with align_corners the corners of both fall together; with antialias a
---smaller picture is smoothed as by PIL, which takes bicubic with a = -0.5.
---@param size? integer|integer[]
---@param scale_factor? number|number[]
---@param mode? "nearest"|"nearest-exact"|"bilinear"|"bicubic" default nearest
---@param align_corners? boolean default false
---@param antialias? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.interpolate): vesper.Tensor
---@overload fun(self, size, o: vesper.options.interpolate): vesper.Tensor
function Tensor:interpolate(size, scale_factor, mode, align_corners, antialias) end

---@class vesper.options.kl_div
---@field reduction? "mean"|"sum"|"none"|"batchmean" default mean
---@field log_target? boolean default false

---Kullback-Leibler divergence target (log target - x), x being log-probabilities and target of its
---shape probabilities, or logarithms of them with log_target. batchmean divides the sum by the
---first size: the divergence a sample, where mean divides by all elements.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none"|"batchmean" default mean
---@param log_target? boolean default false
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.kl_div): vesper.Tensor
---@overload fun(x, target, reduction, o: vesper.options.kl_div): vesper.Tensor
function vs.kl_div(x, target, reduction, log_target) end

---Kullback-Leibler divergence target (log target - x), x being log-probabilities and target of its
---shape probabilities, or logarithms of them with log_target. batchmean divides the sum by the
---first size: the divergence a sample, where mean divides by all elements.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none"|"batchmean" default mean
---@param log_target? boolean default false
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.kl_div): vesper.Tensor
---@overload fun(self, target, reduction, o: vesper.options.kl_div): vesper.Tensor
function Tensor:kl_div(target, reduction, log_target) end

---@class vesper.options.l1_loss
---@field reduction? "mean"|"sum"|"none" default mean

---|x - target|, both of one shape.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.l1_loss): vesper.Tensor
function vs.l1_loss(x, target, reduction) end

---|x - target|, both of one shape.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.l1_loss): vesper.Tensor
function Tensor:l1_loss(target, reduction) end

---@class vesper.options.layer_norm
---@field weight? vesper.Tensor
---@field bias? vesper.Tensor
---@field eps? number default 1e-5

---Layer normalisation (Ba et al., 2016) over the last dimensions of x [...,shape]: (x - mean) /
---sqrt(var + eps) * weight + bias, weight and bias of that shape.
---@param x vesper.Tensor
---@param shape integer|integer[]
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param eps? number default 1e-5
---@return vesper.Tensor
---@overload fun(x, shape, o: vesper.options.layer_norm): vesper.Tensor
---@overload fun(x, shape, weight, o: vesper.options.layer_norm): vesper.Tensor
function vs.layer_norm(x, shape, weight, bias, eps) end

---Layer normalisation (Ba et al., 2016) over the last dimensions of x [...,shape]: (x - mean) /
---sqrt(var + eps) * weight + bias, weight and bias of that shape.
---@param shape integer|integer[]
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param eps? number default 1e-5
---@return vesper.Tensor
---@overload fun(self, shape, o: vesper.options.layer_norm): vesper.Tensor
---@overload fun(self, shape, weight, o: vesper.options.layer_norm): vesper.Tensor
function Tensor:layer_norm(shape, weight, bias, eps) end

---x <= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.le(x, y) end

---x <= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:le(y) end

---@class vesper.options.leaky_relu
---@field negative_slope? number default 0.01

---x above 0, negative_slope * x below.
---@param x vesper.Tensor
---@param negative_slope? number default 0.01
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.leaky_relu): vesper.Tensor
function vs.leaky_relu(x, negative_slope) end

---x above 0, negative_slope * x below.
---@param negative_slope? number default 0.01
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.leaky_relu): vesper.Tensor
function Tensor:leaky_relu(negative_slope) end

---@class vesper.options.linear
---@field b? vesper.Tensor

---x w^T + b. x [...,I], w [O,I], b [O] -> [...,O].
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, w, o: vesper.options.linear): vesper.Tensor
function vs.linear(x, w, b) end

---x w^T + b. x [...,I], w [O,I], b [O] -> [...,O].
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, w, o: vesper.options.linear): vesper.Tensor
function Tensor:linear(w, b) end

---Natural logarithm; -inf at 0, NaN below.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.log(x) end

---Natural logarithm; -inf at 0, NaN below.
---@return vesper.Tensor
function Tensor:log() end

---log(1 + x), exact for small x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.log1p(x) end

---log(1 + x), exact for small x.
---@return vesper.Tensor
function Tensor:log1p() end

---Logarithm to base 2; -inf at 0, NaN below.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.log2(x) end

---Logarithm to base 2; -inf at 0, NaN below.
---@return vesper.Tensor
function Tensor:log2() end

---@class vesper.options.log_softmax
---@field dim? integer default -1

---log(softmax(x)) along dim, any shape, computed without overflow.
---@param x vesper.Tensor
---@param dim? integer default -1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.log_softmax): vesper.Tensor
function vs.log_softmax(x, dim) end

---log(softmax(x)) along dim, any shape, computed without overflow.
---@param dim? integer default -1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.log_softmax): vesper.Tensor
function Tensor:log_softmax(dim) end

---x and y of two masks -> bool.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.logical_and(x, y) end

---x and y of two masks -> bool.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:logical_and(y) end

---not x, of a mask -> bool.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.logical_not(x) end

---not x, of a mask -> bool.
---@return vesper.Tensor
function Tensor:logical_not() end

---x or y of two masks -> bool.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.logical_or(x, y) end

---x or y of two masks -> bool.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:logical_or(y) end

---Either but not both of two masks -> bool.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.logical_xor(x, y) end

---Either but not both of two masks -> bool.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:logical_xor(y) end

---@class vesper.options.logsumexp
---@field dim? integer|integer[] default -1
---@field keepdim? boolean default false

---log(sum(exp(x))) over a dimension or a list of them, computed without overflow; keepdim leaves
---them as 1.
---@param x vesper.Tensor
---@param dim? integer|integer[] default -1
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.logsumexp): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.logsumexp): vesper.Tensor
function vs.logsumexp(x, dim, keepdim) end

---log(sum(exp(x))) over a dimension or a list of them, computed without overflow; keepdim leaves
---them as 1.
---@param dim? integer|integer[] default -1
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.logsumexp): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.logsumexp): vesper.Tensor
function Tensor:logsumexp(dim, keepdim) end

---@class vesper.options.lstm
---@field b_ih? vesper.Tensor
---@field b_hh? vesper.Tensor
---@field lengths? vesper.Tensor
---@field reverse? boolean default false
---@field h0? vesper.Tensor
---@field c0? vesper.Tensor

---One layer of LSTM in one direction. x [B,T,I], w_ih [4H,I], w_hh [4H,H], biases [4H] (gates i, f,
---g, o), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H], c_n [B,H]: the last
---valid state and cell. reverse reads each row from its last valid step to its first; h0, c0 [B,H]
---are the state and cell to begin with, zeros when absent. Hochreiter & Schmidhuber 1997.
---@param x vesper.Tensor
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@param h0? vesper.Tensor
---@param c0? vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, w_ih, w_hh, o: vesper.options.lstm): vesper.Tensor
---@overload fun(x, w_ih, w_hh, b_ih, o: vesper.options.lstm): vesper.Tensor
function vs.lstm(x, w_ih, w_hh, b_ih, b_hh, lengths, reverse, h0, c0) end

---One layer of LSTM in one direction. x [B,T,I], w_ih [4H,I], w_hh [4H,H], biases [4H] (gates i, f,
---g, o), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H], c_n [B,H]: the last
---valid state and cell. reverse reads each row from its last valid step to its first; h0, c0 [B,H]
---are the state and cell to begin with, zeros when absent. Hochreiter & Schmidhuber 1997.
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@param h0? vesper.Tensor
---@param c0? vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, w_ih, w_hh, o: vesper.options.lstm): vesper.Tensor
---@overload fun(self, w_ih, w_hh, b_ih, o: vesper.options.lstm): vesper.Tensor
function Tensor:lstm(w_ih, w_hh, b_ih, b_hh, lengths, reverse, h0, c0) end

---x < y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.lt(x, y) end

---x < y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:lt(y) end

---x with `value` where mask (broadcast to x) is true; no gradient flows there.
---@param x vesper.Tensor
---@param mask vesper.Tensor
---@param value number
---@return vesper.Tensor
function vs.masked_fill(x, mask, value) end

---x with `value` where mask (broadcast to x) is true; no gradient flows there.
---@param mask vesper.Tensor
---@param value number
---@return vesper.Tensor
function Tensor:masked_fill(mask, value) end

---Writes src where mask, broadcast to x, is set: one number, or a tensor with an element for each
---such place in row order. Same as x[mask] = src.
---@param x vesper.Tensor
---@param mask vesper.Tensor
---@param src vesper.Tensor|number
---@return vesper.Tensor
function vs.masked_scatter_(x, mask, src) end

---Writes src where mask, broadcast to x, is set: one number, or a tensor with an element for each
---such place in row order. Same as x[mask] = src.
---@param mask vesper.Tensor
---@param src vesper.Tensor|number
---@return vesper.Tensor
function Tensor:masked_scatter_(mask, src) end

---The elements of x where mask, broadcast to x's shape, is set: [K], in row order.
---@param x vesper.Tensor
---@param mask vesper.Tensor
---@return vesper.Tensor
function vs.masked_select(x, mask) end

---The elements of x where mask, broadcast to x's shape, is set: [K], in row order.
---@param mask vesper.Tensor
---@return vesper.Tensor
function Tensor:masked_select(mask) end

---Matrix product. [M,K] x [K,N] -> [M,N]; batches [...,M,K] x [...,K,N] broadcast; a vector on the
---left counts as a row, on the right as a column.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.matmul(x, y) end

---Matrix product. [M,K] x [K,N] -> [M,N]; batches [...,M,K] x [...,K,N] broadcast; a vector on the
---left counts as a row, on the right as a column.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:matmul(y) end

---@class vesper.options.max
---@field dim? integer
---@field keepdim? boolean default false

---Largest values and where they are (int64, from 1; the first of equals), along one dimension or
---over everything (then the place counts in row order). NaN counts as largest.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.max): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.max): vesper.Tensor
function vs.max(x, dim, keepdim) end

---Largest values and where they are (int64, from 1; the first of equals), along one dimension or
---over everything (then the place counts in row order). NaN counts as largest.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.max): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.max): vesper.Tensor
function Tensor:max(dim, keepdim) end

---@class vesper.options.max_pool1d
---@field stride? integer
---@field padding? integer default 0
---@field ceil_mode? boolean default false

---The most of each window of x [B,C,T] or [C,T] -> [..,T']; see max_pool2d.
---@param x vesper.Tensor
---@param kernel integer
---@param stride? integer
---@param padding? integer default 0
---@param ceil_mode? boolean default false
---@return vesper.Tensor
---@overload fun(x, kernel, o: vesper.options.max_pool1d): vesper.Tensor
---@overload fun(x, kernel, stride, o: vesper.options.max_pool1d): vesper.Tensor
function vs.max_pool1d(x, kernel, stride, padding, ceil_mode) end

---The most of each window of x [B,C,T] or [C,T] -> [..,T']; see max_pool2d.
---@param kernel integer
---@param stride? integer
---@param padding? integer default 0
---@param ceil_mode? boolean default false
---@return vesper.Tensor
---@overload fun(self, kernel, o: vesper.options.max_pool1d): vesper.Tensor
---@overload fun(self, kernel, stride, o: vesper.options.max_pool1d): vesper.Tensor
function Tensor:max_pool1d(kernel, stride, padding, ceil_mode) end

---@class vesper.options.max_pool2d
---@field stride? integer|integer[]
---@field padding? integer|integer[] default 0
---@field ceil_mode? boolean default false

---The most of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding -
---kernel) / stride) + 1, or with ceil_mode one more where a last window is cut off. stride is the
---kernel unless given; padding never wins. The gradient goes to the first of equal values.
---@param x vesper.Tensor
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@param ceil_mode? boolean default false
---@return vesper.Tensor
---@overload fun(x, kernel, o: vesper.options.max_pool2d): vesper.Tensor
---@overload fun(x, kernel, stride, o: vesper.options.max_pool2d): vesper.Tensor
function vs.max_pool2d(x, kernel, stride, padding, ceil_mode) end

---The most of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding -
---kernel) / stride) + 1, or with ceil_mode one more where a last window is cut off. stride is the
---kernel unless given; padding never wins. The gradient goes to the first of equal values.
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@param ceil_mode? boolean default false
---@return vesper.Tensor
---@overload fun(self, kernel, o: vesper.options.max_pool2d): vesper.Tensor
---@overload fun(self, kernel, stride, o: vesper.options.max_pool2d): vesper.Tensor
function Tensor:max_pool2d(kernel, stride, padding, ceil_mode) end

---The larger of x and y, with broadcasting. Equal values share the gradient.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.maximum(x, y) end

---The larger of x and y, with broadcasting. Equal values share the gradient.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:maximum(y) end

---@class vesper.options.mean
---@field dim? integer|integer[]
---@field keepdim? boolean default false

---Mean over all elements, or over the dimensions given. Of nothing: NaN.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.mean): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.mean): vesper.Tensor
function vs.mean(x, dim, keepdim) end

---Mean over all elements, or over the dimensions given. Of nothing: NaN.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.mean): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.mean): vesper.Tensor
function Tensor:mean(dim, keepdim) end

---@class vesper.options.min
---@field dim? integer
---@field keepdim? boolean default false

---Smallest values and where they are; see max.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.min): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.min): vesper.Tensor
function vs.min(x, dim, keepdim) end

---Smallest values and where they are; see max.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.min): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.min): vesper.Tensor
function Tensor:min(dim, keepdim) end

---The smaller of x and y, with broadcasting. Equal values share the gradient.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.minimum(x, y) end

---The smaller of x and y, with broadcasting. Equal values share the gradient.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:minimum(y) end

---x * tanh(softplus(x)). Misra, 2019.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.mish(x) end

---x * tanh(softplus(x)). Misra, 2019.
---@return vesper.Tensor
function Tensor:mish() end

---@class vesper.options.mse_loss
---@field reduction? "mean"|"sum"|"none" default mean

---(x - target)^2, both of one shape.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.mse_loss): vesper.Tensor
function vs.mse_loss(x, target, reduction) end

---(x - target)^2, both of one shape.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.mse_loss): vesper.Tensor
function Tensor:mse_loss(target, reduction) end

---x * y with broadcasting; either may be a number. Same as x * y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.mul(x, y) end

---x * y with broadcasting; either may be a number. Same as x * y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:mul(y) end

---x = x * y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.mul_(x, y) end

---x = x * y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:mul_(y) end

---@class vesper.options.multinomial
---@field replacement? boolean default false

---n positions (int64, from 1) of each row of weights [N] or [B,N] -> [n] or [B,n], each drawn with
---a probability in proportion to its weight.
---@param x vesper.Tensor
---@param n integer
---@param replacement? boolean default false
---@return vesper.Tensor
---@overload fun(x, n, o: vesper.options.multinomial): vesper.Tensor
function vs.multinomial(x, n, replacement) end

---n positions (int64, from 1) of each row of weights [N] or [B,N] -> [n] or [B,n], each drawn with
---a probability in proportion to its weight.
---@param n integer
---@param replacement? boolean default false
---@return vesper.Tensor
---@overload fun(self, n, o: vesper.options.multinomial): vesper.Tensor
function Tensor:multinomial(n, replacement) end

---x ~= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.ne(x, y) end

---x ~= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:ne(y) end

----x, element by element. Integers give int64.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.neg(x) end

----x, element by element. Integers give int64.
---@return vesper.Tensor
function Tensor:neg() end

---@class vesper.options.nll_loss
---@field weight? vesper.Tensor
---@field reduction? "mean"|"sum"|"none" default mean
---@field ignore_index? integer

----x at the target class, x [B,C], [B,C,d1,...] or [C] being log-probabilities. target, weight,
---mean and ignore_index as in cross_entropy with a target of classes.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.nll_loss): vesper.Tensor
---@overload fun(x, target, weight, o: vesper.options.nll_loss): vesper.Tensor
function vs.nll_loss(x, target, weight, reduction, ignore_index) end

----x at the target class, x [B,C], [B,C,d1,...] or [C] being log-probabilities. target, weight,
---mean and ignore_index as in cross_entropy with a target of classes.
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.nll_loss): vesper.Tensor
---@overload fun(self, target, weight, o: vesper.options.nll_loss): vesper.Tensor
function Tensor:nll_loss(target, weight, reduction, ignore_index) end

---Where x is not 0, in row order: int64 [K, dimensions of x], positions from 1.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.nonzero(x) end

---Where x is not 0, in row order: int64 [K, dimensions of x], positions from 1.
---@return vesper.Tensor
function Tensor:nonzero() end

---@class vesper.options.norm
---@field p? number default 2
---@field dim? integer|integer[]
---@field keepdim? boolean default false

---(sum |x|^p)^(1/p) over all elements, or over the dimensions given. p = math.huge is the largest
---|x|, -math.huge the smallest, 0 counts what is not 0. No gradient where x is 0.
---@param x vesper.Tensor
---@param p? number default 2
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.norm): vesper.Tensor
---@overload fun(x, p, o: vesper.options.norm): vesper.Tensor
function vs.norm(x, p, dim, keepdim) end

---(sum |x|^p)^(1/p) over all elements, or over the dimensions given. p = math.huge is the largest
---|x|, -math.huge the smallest, 0 counts what is not 0. No gradient where x is 0.
---@param p? number default 2
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.norm): vesper.Tensor
---@overload fun(self, p, o: vesper.options.norm): vesper.Tensor
function Tensor:norm(p, dim, keepdim) end

---@class vesper.options.normal_
---@field mean? number default 0
---@field std? number default 1

---Fills x with normal random numbers.
---@param x vesper.Tensor
---@param mean? number default 0
---@param std? number default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.normal_): vesper.Tensor
---@overload fun(x, mean, o: vesper.options.normal_): vesper.Tensor
function vs.normal_(x, mean, std) end

---Fills x with normal random numbers.
---@param mean? number default 0
---@param std? number default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.normal_): vesper.Tensor
---@overload fun(self, mean, o: vesper.options.normal_): vesper.Tensor
function Tensor:normal_(mean, std) end

---@class vesper.options.normalize
---@field p? number default 2
---@field dim? integer default -1
---@field eps? number default 1e-12

---x / max(norm, eps), norm being the p-norm along dim: rows of length 1. A row of zeros stays
---zeros.
---@param x vesper.Tensor
---@param p? number default 2
---@param dim? integer default -1
---@param eps? number default 1e-12
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.normalize): vesper.Tensor
---@overload fun(x, p, o: vesper.options.normalize): vesper.Tensor
function vs.normalize(x, p, dim, eps) end

---x / max(norm, eps), norm being the p-norm along dim: rows of length 1. A row of zeros stays
---zeros.
---@param p? number default 2
---@param dim? integer default -1
---@param eps? number default 1e-12
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.normalize): vesper.Tensor
---@overload fun(self, p, o: vesper.options.normalize): vesper.Tensor
function Tensor:normalize(p, dim, eps) end

---@class vesper.options.one_hot
---@field classes? integer

---Classes from 1 as rows of 0 with one 1: int64 [..., classes]. classes is the largest of x when it
---is not given.
---@param x vesper.Tensor
---@param classes? integer
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.one_hot): vesper.Tensor
function vs.one_hot(x, classes) end

---Classes from 1 as rows of 0 with one 1: int64 [..., classes]. classes is the largest of x when it
---is not given.
---@param classes? integer
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.one_hot): vesper.Tensor
function Tensor:one_hot(classes) end

---@class vesper.options.pad
---@field mode? "constant"|"reflect"|"replicate" default constant
---@field value? number default 0

---x with elements added around it. pad is {before, after} of the last dimension, then of the one
---before it, ...: at most four; negative numbers cut away. reflect mirrors x without repeating its
---edge (less than a size), replicate repeats the edge.
---@param x vesper.Tensor
---@param pad integer|integer[]
---@param mode? "constant"|"reflect"|"replicate" default constant
---@param value? number default 0
---@return vesper.Tensor
---@overload fun(x, pad, o: vesper.options.pad): vesper.Tensor
---@overload fun(x, pad, mode, o: vesper.options.pad): vesper.Tensor
function vs.pad(x, pad, mode, value) end

---x with elements added around it. pad is {before, after} of the last dimension, then of the one
---before it, ...: at most four; negative numbers cut away. reflect mirrors x without repeating its
---edge (less than a size), replicate repeats the edge.
---@param pad integer|integer[]
---@param mode? "constant"|"reflect"|"replicate" default constant
---@param value? number default 0
---@return vesper.Tensor
---@overload fun(self, pad, o: vesper.options.pad): vesper.Tensor
---@overload fun(self, pad, mode, o: vesper.options.pad): vesper.Tensor
function Tensor:pad(pad, mode, value) end

---Dimensions in a new order: x:permute(3, 1, 2).
---@param x vesper.Tensor
---@param dims integer|integer[]
---@return vesper.Tensor
function vs.permute(x, dims) end

---Dimensions in a new order: x:permute(3, 1, 2).
---@param dims integer|integer[]
---@return vesper.Tensor
function Tensor:permute(dims) end

---x to the power y with broadcasting; either may be a number. Same as x ^ y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.pow(x, y) end

---x to the power y with broadcasting; either may be a number. Same as x ^ y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:pow(y) end

---x above 0, weight * x below; weight [1], or [C] for the channels of x [B,C,...]. He et al., 2015.
---@param x vesper.Tensor
---@param weight vesper.Tensor
---@return vesper.Tensor
function vs.prelu(x, weight) end

---x above 0, weight * x below; weight [1], or [C] for the channels of x [B,C,...]. He et al., 2015.
---@param weight vesper.Tensor
---@return vesper.Tensor
function Tensor:prelu(weight) end

---@class vesper.options.prod
---@field dim? integer|integer[]
---@field keepdim? boolean default false

---Product of all elements, or over the dimensions given. Integers and masks give int64. Of nothing:
---1.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.prod): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.prod): vesper.Tensor
function vs.prod(x, dim, keepdim) end

---Product of all elements, or over the dimensions given. Integers and masks give int64. Of nothing:
---1.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.prod): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.prod): vesper.Tensor
function Tensor:prod(dim, keepdim) end

---@class vesper.options.rank
---@field group? vesper.Tensor
---@field x? vesper.Tensor
---@field y? vesper.Tensor

---Rank from 1 of one column in each row, largest score first. scores [Q,N], target [Q] the column
----> int64 [Q]. Scores equal to the target's, and NaN, count as above it. With group [N] target
---names a group: the rank of its best column among those of other groups. x [Q,D] and y [N,D], rows
---of length 1 that the scores are products of: scores within 1e-5 are compared again in double
---precision, so that equal rows tie exactly.
---@param scores vesper.Tensor
---@param target vesper.Tensor
---@param group? vesper.Tensor
---@param x? vesper.Tensor
---@param y? vesper.Tensor
---@return vesper.Tensor
---@overload fun(scores, target, o: vesper.options.rank): vesper.Tensor
---@overload fun(scores, target, group, o: vesper.options.rank): vesper.Tensor
function vs.rank(scores, target, group, x, y) end

---Rank from 1 of one column in each row, largest score first. scores [Q,N], target [Q] the column
----> int64 [Q]. Scores equal to the target's, and NaN, count as above it. With group [N] target
---names a group: the rank of its best column among those of other groups. x [Q,D] and y [N,D], rows
---of length 1 that the scores are products of: scores within 1e-5 are compared again in double
---precision, so that equal rows tie exactly.
---@param target vesper.Tensor
---@param group? vesper.Tensor
---@param x? vesper.Tensor
---@param y? vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.rank): vesper.Tensor
---@overload fun(self, target, group, o: vesper.options.rank): vesper.Tensor
function Tensor:rank(target, group, x, y) end

---1 / x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.reciprocal(x) end

---1 / x.
---@return vesper.Tensor
function Tensor:reciprocal() end

---max(x, 0).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.relu(x) end

---max(x, 0).
---@return vesper.Tensor
function Tensor:relu() end

---min(max(x, 0), 6).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.relu6(x) end

---min(max(x, 0), 6).
---@return vesper.Tensor
function Tensor:relu6() end

---What is left of x / y rounded down: y's sign, exact, with broadcasting. Same as x % y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.remainder(x, y) end

---What is left of x / y rounded down: y's sign, exact, with broadcasting. Same as x % y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:remainder(y) end

---@class vesper.options.repeat_interleave
---@field dim? integer default 1

---Each position along dim so many times in a row: 1, 2 twice is 1, 1, 2, 2.
---@param x vesper.Tensor
---@param times integer
---@param dim? integer default 1
---@return vesper.Tensor
---@overload fun(x, times, o: vesper.options.repeat_interleave): vesper.Tensor
function vs.repeat_interleave(x, times, dim) end

---Each position along dim so many times in a row: 1, 2 twice is 1, 1, 2, 2.
---@param times integer
---@param dim? integer default 1
---@return vesper.Tensor
---@overload fun(self, times, o: vesper.options.repeat_interleave): vesper.Tensor
function Tensor:repeat_interleave(times, dim) end

---The same elements in another shape; one size may be -1. A view where strides allow, else a copy.
---@param x vesper.Tensor
---@param shape integer|integer[]
---@return vesper.Tensor
---@overload fun(x, ...: integer): vesper.Tensor
function vs.reshape(x, shape) end

---The same elements in another shape; one size may be -1. A view where strides allow, else a copy.
---@param shape integer|integer[]
---@return vesper.Tensor
---@overload fun(self, ...: integer): vesper.Tensor
function Tensor:reshape(shape) end

---@class vesper.options.rms_norm
---@field weight? vesper.Tensor
---@field eps? number default 1e-6
---@field shape? integer|integer[]

---x / sqrt(mean(x^2) + eps) over the last dimensions, times weight. x [...,shape], weight [shape]
----> [...,shape]; shape is weight's where it is not given, without weight the last dimension. Zhang
---and Sennrich, 2019.
---@param x vesper.Tensor
---@param weight? vesper.Tensor
---@param eps? number default 1e-6
---@param shape? integer|integer[]
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.rms_norm): vesper.Tensor
---@overload fun(x, weight, o: vesper.options.rms_norm): vesper.Tensor
---@overload fun(x, weight, eps, ...: integer): vesper.Tensor
function vs.rms_norm(x, weight, eps, shape) end

---x / sqrt(mean(x^2) + eps) over the last dimensions, times weight. x [...,shape], weight [shape]
----> [...,shape]; shape is weight's where it is not given, without weight the last dimension. Zhang
---and Sennrich, 2019.
---@param weight? vesper.Tensor
---@param eps? number default 1e-6
---@param shape? integer|integer[]
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.rms_norm): vesper.Tensor
---@overload fun(self, weight, o: vesper.options.rms_norm): vesper.Tensor
---@overload fun(self, weight, eps, ...: integer): vesper.Tensor
function Tensor:rms_norm(weight, eps, shape) end

---A copy shifted along each of dims by its number; what leaves at the end comes in at the start.
---@param x vesper.Tensor
---@param shifts integer|integer[]
---@param dims integer|integer[]
---@return vesper.Tensor
function vs.roll(x, shifts, dims) end

---A copy shifted along each of dims by its number; what leaves at the end comes in at the start.
---@param shifts integer|integer[]
---@param dims integer|integer[]
---@return vesper.Tensor
function Tensor:roll(shifts, dims) end

---Nearest integer, halves to even. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.round(x) end

---Nearest integer, halves to even. No gradient.
---@return vesper.Tensor
function Tensor:round() end

---1 / sqrt(x).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.rsqrt(x) end

---1 / sqrt(x).
---@return vesper.Tensor
function Tensor:rsqrt() end

---@class vesper.options.scaled_dot_product_attention
---@field mask? vesper.Tensor
---@field bias? vesper.Tensor
---@field dropout_p? number default 0
---@field is_causal? boolean default false
---@field scale? number
---@field num_heads? integer

---softmax(q k' * scale + bias) v. q [...,L,E], k [...,S,E], v [...,S,V] -> [...,L,V]; with
---num_heads the last dimensions are cut into that many heads side by side. mask (true: takes part)
---and bias broadcast to [...,L,S], with num_heads to [...,heads,L,S]; is_causal: row l sees columns
---up to l. A row that sees nothing is zeros. scale is 1/sqrt(E of a head) unless given. The scores
---are never held as a whole, in backward neither. Vaswani et al., 2017; Dao et al., 2022.
---@param q vesper.Tensor
---@param k vesper.Tensor
---@param v vesper.Tensor
---@param mask? vesper.Tensor
---@param bias? vesper.Tensor
---@param dropout_p? number default 0
---@param is_causal? boolean default false
---@param scale? number
---@param num_heads? integer
---@return vesper.Tensor
---@overload fun(q, k, v, o: vesper.options.scaled_dot_product_attention): vesper.Tensor
---@overload fun(q, k, v, mask, o: vesper.options.scaled_dot_product_attention): vesper.Tensor
function vs.scaled_dot_product_attention(q, k, v, mask, bias, dropout_p, is_causal, scale,
  num_heads) end

---softmax(q k' * scale + bias) v. q [...,L,E], k [...,S,E], v [...,S,V] -> [...,L,V]; with
---num_heads the last dimensions are cut into that many heads side by side. mask (true: takes part)
---and bias broadcast to [...,L,S], with num_heads to [...,heads,L,S]; is_causal: row l sees columns
---up to l. A row that sees nothing is zeros. scale is 1/sqrt(E of a head) unless given. The scores
---are never held as a whole, in backward neither. Vaswani et al., 2017; Dao et al., 2022.
---@param k vesper.Tensor
---@param v vesper.Tensor
---@param mask? vesper.Tensor
---@param bias? vesper.Tensor
---@param dropout_p? number default 0
---@param is_causal? boolean default false
---@param scale? number
---@param num_heads? integer
---@return vesper.Tensor
---@overload fun(self, k, v, o: vesper.options.scaled_dot_product_attention): vesper.Tensor
---@overload fun(self, k, v, mask, o: vesper.options.scaled_dot_product_attention): vesper.Tensor
function Tensor:scaled_dot_product_attention(k, v, mask, bias, dropout_p, is_causal, scale,
  num_heads) end

---A copy of x with out[.., index[.., i, ..], ..] = src[.., i, ..] along dim: the opposite of
---gather. index has x's shape but for dim, src that of index, or it is one number. The last of
---several for one place stays.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor|number
---@return vesper.Tensor
function vs.scatter(x, dim, index, src) end

---A copy of x with out[.., index[.., i, ..], ..] = src[.., i, ..] along dim: the opposite of
---gather. index has x's shape but for dim, src that of index, or it is one number. The last of
---several for one place stays.
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor|number
---@return vesper.Tensor
function Tensor:scatter(dim, index, src) end

---A copy of x with src[.., i, ..] added at index[.., i, ..] along dim. index has x's shape but for
---dim, src that of index; x and src are of the compute type or int64.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor
---@return vesper.Tensor
function vs.scatter_add(x, dim, index, src) end

---A copy of x with src[.., i, ..] added at index[.., i, ..] along dim. index has x's shape but for
---dim, src that of index; x and src are of the compute type or int64.
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor
---@return vesper.Tensor
function Tensor:scatter_add(dim, index, src) end

---@class vesper.options.scatter_reduce
---@field include_self? boolean default true

---A copy of x in which each place has the sum, product, mean, largest or smallest value of what was
---there and all src[.., i, ..] with index[.., i, ..] along dim naming it; without include_self of
---the latter alone. A place without any stays. Shapes and dtypes as in scatter_add; integers have
---no mean. Equal extremes share the gradient.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor
---@param reduce "sum"|"prod"|"mean"|"amax"|"amin"
---@param include_self? boolean default true
---@return vesper.Tensor
---@overload fun(x, dim, index, src, reduce, o: vesper.options.scatter_reduce): vesper.Tensor
function vs.scatter_reduce(x, dim, index, src, reduce, include_self) end

---A copy of x in which each place has the sum, product, mean, largest or smallest value of what was
---there and all src[.., i, ..] with index[.., i, ..] along dim naming it; without include_self of
---the latter alone. A place without any stays. Shapes and dtypes as in scatter_add; integers have
---no mean. Equal extremes share the gradient.
---@param dim integer
---@param index vesper.Tensor
---@param src vesper.Tensor
---@param reduce "sum"|"prod"|"mean"|"amax"|"amin"
---@param include_self? boolean default true
---@return vesper.Tensor
---@overload fun(self, dim, index, src, reduce, o: vesper.options.scatter_reduce): vesper.Tensor
function Tensor:scatter_reduce(dim, index, src, reduce, include_self) end

---One position along dim, which goes: x:select(2, 1) is the first column. x[i] is x:select(1, i).
---@param x vesper.Tensor
---@param dim integer
---@param index integer
---@return vesper.Tensor
function vs.select(x, dim, index) end

---One position along dim, which goes: x:select(2, 1) is the first column. x[i] is x:select(1, i).
---@param dim integer
---@param index integer
---@return vesper.Tensor
function Tensor:select(dim, index) end

---1.0507 times x above 0, times 1.6733 (exp(x) - 1) below: activations keep mean 0 and variance 1.
---Klambauer et al., 2017.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.selu(x) end

---1.0507 times x above 0, times 1.6733 (exp(x) - 1) below: activations keep mean 0 and variance 1.
---Klambauer et al., 2017.
---@return vesper.Tensor
function Tensor:selu() end

---1 / (1 + exp(-x)).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sigmoid(x) end

---1 / (1 + exp(-x)).
---@return vesper.Tensor
function Tensor:sigmoid() end

----1, 0 or 1; NaN of NaN. Integers give int64. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sign(x) end

----1, 0 or 1; NaN of NaN. Integers give int64. No gradient.
---@return vesper.Tensor
function Tensor:sign() end

---x * sigmoid(x). Elfwing et al., 2018.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.silu(x) end

---x * sigmoid(x). Elfwing et al., 2018.
---@return vesper.Tensor
function Tensor:silu() end

---Sine; x in radians.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sin(x) end

---Sine; x in radians.
---@return vesper.Tensor
function Tensor:sin() end

---Hyperbolic sine.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sinh(x) end

---Hyperbolic sine.
---@return vesper.Tensor
function Tensor:sinh() end

---@class vesper.options.slice
---@field first? integer default 1
---@field last? integer default -1
---@field step? integer default 1

---Positions first to last (both included, negative from the end) along dim, as a view. last = first
---- 1 gives an empty one.
---@param x vesper.Tensor
---@param dim integer
---@param first? integer default 1
---@param last? integer default -1
---@param step? integer default 1
---@return vesper.Tensor
---@overload fun(x, dim, o: vesper.options.slice): vesper.Tensor
---@overload fun(x, dim, first, o: vesper.options.slice): vesper.Tensor
function vs.slice(x, dim, first, last, step) end

---Positions first to last (both included, negative from the end) along dim, as a view. last = first
---- 1 gives an empty one.
---@param dim integer
---@param first? integer default 1
---@param last? integer default -1
---@param step? integer default 1
---@return vesper.Tensor
---@overload fun(self, dim, o: vesper.options.slice): vesper.Tensor
---@overload fun(self, dim, first, o: vesper.options.slice): vesper.Tensor
function Tensor:slice(dim, first, last, step) end

---@class vesper.options.smooth_l1_loss
---@field reduction? "mean"|"sum"|"none" default mean
---@field beta? number default 1

---d = |x - target|: d^2 / (2 beta) below beta, d - beta / 2 above; beta = 0 is l1_loss.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param beta? number default 1
---@return vesper.Tensor
---@overload fun(x, target, o: vesper.options.smooth_l1_loss): vesper.Tensor
---@overload fun(x, target, reduction, o: vesper.options.smooth_l1_loss): vesper.Tensor
function vs.smooth_l1_loss(x, target, reduction, beta) end

---d = |x - target|: d^2 / (2 beta) below beta, d - beta / 2 above; beta = 0 is l1_loss.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param beta? number default 1
---@return vesper.Tensor
---@overload fun(self, target, o: vesper.options.smooth_l1_loss): vesper.Tensor
---@overload fun(self, target, reduction, o: vesper.options.smooth_l1_loss): vesper.Tensor
function Tensor:smooth_l1_loss(target, reduction, beta) end

---@class vesper.options.softmax
---@field dim? integer default -1

---exp(x) / sum(exp(x)) along dim, any shape. A row of -inf alone (everything masked) gives zeros.
---@param x vesper.Tensor
---@param dim? integer default -1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.softmax): vesper.Tensor
function vs.softmax(x, dim) end

---exp(x) / sum(exp(x)) along dim, any shape. A row of -inf alone (everything masked) gives zeros.
---@param dim? integer default -1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.softmax): vesper.Tensor
function Tensor:softmax(dim) end

---log(1 + exp(x)).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.softplus(x) end

---log(1 + exp(x)).
---@return vesper.Tensor
function Tensor:softplus() end

---x / (1 + |x|).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.softsign(x) end

---x / (1 + |x|).
---@return vesper.Tensor
function Tensor:softsign() end

---@class vesper.options.sort
---@field dim? integer default -1
---@field descending? boolean default false

---The values along dim in order, and the positions (int64, from 1) that they had; both of x's
---shape. Equal values keep their order. NaN counts as largest.
---@param x vesper.Tensor
---@param dim? integer default -1
---@param descending? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.sort): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.sort): vesper.Tensor
function vs.sort(x, dim, descending) end

---The values along dim in order, and the positions (int64, from 1) that they had; both of x's
---shape. Equal values keep their order. NaN counts as largest.
---@param dim? integer default -1
---@param descending? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.sort): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.sort): vesper.Tensor
function Tensor:sort(dim, descending) end

---Square root; NaN below 0.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sqrt(x) end

---Square root; NaN below 0.
---@return vesper.Tensor
function Tensor:sqrt() end

---x * x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.square(x) end

---x * x.
---@return vesper.Tensor
function Tensor:square() end

---@class vesper.options.squeeze
---@field dim? integer

---Without dimensions of size 1: all of them, or just dim.
---@param x vesper.Tensor
---@param dim? integer
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.squeeze): vesper.Tensor
function vs.squeeze(x, dim) end

---Without dimensions of size 1: all of them, or just dim.
---@param dim? integer
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.squeeze): vesper.Tensor
function Tensor:squeeze(dim) end

---@class vesper.options.stack
---@field dim? integer default 1

---A list of tensors of one shape along a new dimension dim.
---@param tensors vesper.Tensor[]
---@param dim? integer default 1
---@return vesper.Tensor
---@overload fun(tensors, o: vesper.options.stack): vesper.Tensor
function vs.stack(tensors, dim) end

---@class vesper.options.std
---@field dim? integer|integer[]
---@field unbiased? boolean default true
---@field keepdim? boolean default false

---Standard deviation, the root of var. No gradient where it is 0.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean default true
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.std): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.std): vesper.Tensor
function vs.std(x, dim, unbiased, keepdim) end

---Standard deviation, the root of var. No gradient where it is 0.
---@param dim? integer|integer[]
---@param unbiased? boolean default true
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.std): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.std): vesper.Tensor
function Tensor:std(dim, unbiased, keepdim) end

---x - y with broadcasting; either may be a number. Same as x - y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.sub(x, y) end

---x - y with broadcasting; either may be a number. Same as x - y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:sub(y) end

---x = x - y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.sub_(x, y) end

---x = x - y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:sub_(y) end

---@class vesper.options.sum
---@field dim? integer|integer[]
---@field keepdim? boolean default false

---Sum over all elements, or over the dimensions given. Integers and masks give int64.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.sum): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.sum): vesper.Tensor
function vs.sum(x, dim, keepdim) end

---Sum over all elements, or over the dimensions given. Integers and masks give int64.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.sum): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.sum): vesper.Tensor
function Tensor:sum(dim, keepdim) end

---Tangent; x in radians.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.tan(x) end

---Tangent; x in radians.
---@return vesper.Tensor
function Tensor:tan() end

---Hyperbolic tangent.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.tanh(x) end

---Hyperbolic tangent.
---@return vesper.Tensor
function Tensor:tanh() end

---x repeated as a whole, so many times along each of the last dimensions: x:tile(2, 3). More
---numbers than dimensions add dimensions in front. expand does it without a copy where a size is 1.
---@param x vesper.Tensor
---@param times integer|integer[]
---@return vesper.Tensor
---@overload fun(x, ...: integer): vesper.Tensor
function vs.tile(x, times) end

---x repeated as a whole, so many times along each of the last dimensions: x:tile(2, 3). More
---numbers than dimensions add dimensions in front. expand does it without a copy where a size is 1.
---@param times integer|integer[]
---@return vesper.Tensor
---@overload fun(self, ...: integer): vesper.Tensor
function Tensor:tile(times) end

---x as another dtype, x itself when it has it. To integers: towards zero, clipped to their range.
---Gradients flow only between the compute type and bfloat16.
---@param x vesper.Tensor
---@param dtype string
---@return vesper.Tensor
function vs.to(x, dtype) end

---x as another dtype, x itself when it has it. To integers: towards zero, clipped to their range.
---Gradients flow only between the compute type and bfloat16.
---@param dtype string
---@return vesper.Tensor
function Tensor:to(dtype) end

---@class vesper.options.topk
---@field dim? integer default -1
---@field largest? boolean default true

---The k largest (or smallest) values along dim, best first, the earlier of equals first -> values
---and their positions (int64), both of x's shape with k in place of dim.
---@param x vesper.Tensor
---@param k integer
---@param dim? integer default -1
---@param largest? boolean default true
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(x, k, o: vesper.options.topk): vesper.Tensor
---@overload fun(x, k, dim, o: vesper.options.topk): vesper.Tensor
function vs.topk(x, k, dim, largest) end

---The k largest (or smallest) values along dim, best first, the earlier of equals first -> values
---and their positions (int64), both of x's shape with k in place of dim.
---@param k integer
---@param dim? integer default -1
---@param largest? boolean default true
---@return vesper.Tensor
---@return vesper.Tensor
---@overload fun(self, k, o: vesper.options.topk): vesper.Tensor
---@overload fun(self, k, dim, o: vesper.options.topk): vesper.Tensor
function Tensor:topk(k, dim, largest) end

---@class vesper.options.transpose
---@field a? integer default -2
---@field b? integer default -1

---Dimensions a and b swapped (the last two when not given).
---@param x vesper.Tensor
---@param a? integer default -2
---@param b? integer default -1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.transpose): vesper.Tensor
---@overload fun(x, a, o: vesper.options.transpose): vesper.Tensor
function vs.transpose(x, a, b) end

---Dimensions a and b swapped (the last two when not given).
---@param a? integer default -2
---@param b? integer default -1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.transpose): vesper.Tensor
---@overload fun(self, a, o: vesper.options.transpose): vesper.Tensor
function Tensor:transpose(a, b) end

---@class vesper.options.tril
---@field diagonal? integer default 0

---The lower triangle of each matrix [..., M, N], the rest 0. diagonal = 1 keeps one more diagonal
---above the main one, -1 one less.
---@param x vesper.Tensor
---@param diagonal? integer default 0
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.tril): vesper.Tensor
function vs.tril(x, diagonal) end

---The lower triangle of each matrix [..., M, N], the rest 0. diagonal = 1 keeps one more diagonal
---above the main one, -1 one less.
---@param diagonal? integer default 0
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.tril): vesper.Tensor
function Tensor:tril(diagonal) end

---@class vesper.options.triplet_margin_loss
---@field margin? number default 1
---@field eps? number default 1e-6
---@field swap? boolean default false
---@field reduction? "mean"|"sum"|"none" default mean

---max(0, |anchor - positive| - |anchor - negative| + margin), all [B,D], Euclidean, eps added to
---each difference. With swap the distance of positive and negative counts where it is less. Schroff
---et al., 2015; Balntas et al., 2016.
---@param anchor vesper.Tensor
---@param positive vesper.Tensor
---@param negative vesper.Tensor
---@param margin? number default 1
---@param eps? number default 1e-6
---@param swap? boolean default false
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(anchor, positive, negative, o: vesper.options.triplet_margin_loss): vesper.Tensor
---@overload fun(anchor, positive, negative, margin, o: vesper.options.triplet_margin_loss): vesper.Tensor
function vs.triplet_margin_loss(anchor, positive, negative, margin, eps, swap, reduction) end

---max(0, |anchor - positive| - |anchor - negative| + margin), all [B,D], Euclidean, eps added to
---each difference. With swap the distance of positive and negative counts where it is less. Schroff
---et al., 2015; Balntas et al., 2016.
---@param positive vesper.Tensor
---@param negative vesper.Tensor
---@param margin? number default 1
---@param eps? number default 1e-6
---@param swap? boolean default false
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
---@overload fun(self, positive, negative, o: vesper.options.triplet_margin_loss): vesper.Tensor
---@overload fun(self, positive, negative, margin, o: vesper.options.triplet_margin_loss): vesper.Tensor
function Tensor:triplet_margin_loss(positive, negative, margin, eps, swap, reduction) end

---@class vesper.options.triu
---@field diagonal? integer default 0

---The upper triangle of each matrix [..., M, N], the rest 0. diagonal = 1 leaves out the main
---diagonal, -1 keeps one more below it.
---@param x vesper.Tensor
---@param diagonal? integer default 0
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.triu): vesper.Tensor
function vs.triu(x, diagonal) end

---The upper triangle of each matrix [..., M, N], the rest 0. diagonal = 1 leaves out the main
---diagonal, -1 keeps one more below it.
---@param diagonal? integer default 0
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.triu): vesper.Tensor
function Tensor:triu(diagonal) end

---x without its fraction. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.trunc(x) end

---x without its fraction. No gradient.
---@return vesper.Tensor
function Tensor:trunc() end

---@class vesper.options.uniform_
---@field low? number default 0
---@field high? number default 1

---Fills x with numbers uniform in [low, high).
---@param x vesper.Tensor
---@param low? number default 0
---@param high? number default 1
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.uniform_): vesper.Tensor
---@overload fun(x, low, o: vesper.options.uniform_): vesper.Tensor
function vs.uniform_(x, low, high) end

---Fills x with numbers uniform in [low, high).
---@param low? number default 0
---@param high? number default 1
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.uniform_): vesper.Tensor
---@overload fun(self, low, o: vesper.options.uniform_): vesper.Tensor
function Tensor:uniform_(low, high) end

---With a new dimension of size 1 at position dim (-1: last).
---@param x vesper.Tensor
---@param dim integer
---@return vesper.Tensor
function vs.unsqueeze(x, dim) end

---With a new dimension of size 1 at position dim (-1: last).
---@param dim integer
---@return vesper.Tensor
function Tensor:unsqueeze(dim) end

---@class vesper.options.var
---@field dim? integer|integer[]
---@field unbiased? boolean default true
---@field keepdim? boolean default false

---Variance of all elements, or over the dimensions given: squares of the distances from the mean,
---over n - 1 when unbiased, else over n. NaN where that is below 1.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean default true
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(x, o: vesper.options.var): vesper.Tensor
---@overload fun(x, dim, o: vesper.options.var): vesper.Tensor
function vs.var(x, dim, unbiased, keepdim) end

---Variance of all elements, or over the dimensions given: squares of the distances from the mean,
---over n - 1 when unbiased, else over n. NaN where that is below 1.
---@param dim? integer|integer[]
---@param unbiased? boolean default true
---@param keepdim? boolean default false
---@return vesper.Tensor
---@overload fun(self, o: vesper.options.var): vesper.Tensor
---@overload fun(self, dim, o: vesper.options.var): vesper.Tensor
function Tensor:var(dim, unbiased, keepdim) end

---x where mask is true, y elsewhere, with broadcasting; x and y may be numbers. Integers stay
---integers when both are.
---@param mask vesper.Tensor
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.where(mask, x, y) end

---x where mask is true, y elsewhere, with broadcasting; x and y may be numbers. Integers stay
---integers when both are.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:where(x, y) end

---Sets every element to 0.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.zero_(x) end

---Sets every element to 0.
---@return vesper.Tensor
function Tensor:zero_() end

---@class vesper.options.nn.AdaptiveAvgPool1d
---@field output_size? integer default 1

---Means to a given size: x [B,C,T] -> [B,C,output_size]; 1 is the mean over time.
---Called with (x).
---@param output_size? integer default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.AdaptiveAvgPool1d): vesper.Layer
function vs.nn.AdaptiveAvgPool1d(output_size) end

---@class vesper.options.nn.AdaptiveAvgPool2d
---@field output_size? integer|integer[] default 1

---Means to a given size: x [B,C,H,W] -> [B,C,output_size]; 1 is global average pooling.
---Called with (x).
---@param output_size? integer|integer[] default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.AdaptiveAvgPool2d): vesper.Layer
function vs.nn.AdaptiveAvgPool2d(output_size) end

---@class vesper.options.nn.AdaptiveMaxPool1d
---@field output_size? integer default 1

---The most of each window, to a given size: x [B,C,T] -> [B,C,output_size].
---Called with (x).
---@param output_size? integer default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.AdaptiveMaxPool1d): vesper.Layer
function vs.nn.AdaptiveMaxPool1d(output_size) end

---@class vesper.options.nn.AdaptiveMaxPool2d
---@field output_size? integer|integer[] default 1

---The most of each window, to a given size: x [B,C,H,W] -> [B,C,output_size].
---Called with (x).
---@param output_size? integer|integer[] default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.AdaptiveMaxPool2d): vesper.Layer
function vs.nn.AdaptiveMaxPool2d(output_size) end

---@class vesper.options.nn.AvgPool1d
---@field stride? integer
---@field padding? integer default 0
---@field ceil_mode? boolean default false
---@field count_include_pad? boolean default true

---The mean of each window: x [B,C,T] -> [B,C,T']. stride is kernel_size unless given.
---Called with (x).
---@param kernel_size integer
---@param stride? integer
---@param padding? integer default 0
---@param ceil_mode? boolean default false
---@param count_include_pad? boolean default true
---@return vesper.Layer
---@overload fun(kernel_size, o: vesper.options.nn.AvgPool1d): vesper.Layer
---@overload fun(kernel_size, stride, o: vesper.options.nn.AvgPool1d): vesper.Layer
function vs.nn.AvgPool1d(kernel_size, stride, padding, ceil_mode, count_include_pad) end

---@class vesper.options.nn.AvgPool2d
---@field stride? integer|integer[]
---@field padding? integer|integer[] default 0
---@field ceil_mode? boolean default false
---@field count_include_pad? boolean default true

---The mean of each window: x [B,C,H,W] -> [B,C,H',W']. stride is kernel_size unless given; padding
---counts as zeros, or not at all with count_include_pad = false.
---Called with (x).
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@param ceil_mode? boolean default false
---@param count_include_pad? boolean default true
---@return vesper.Layer
---@overload fun(kernel_size, o: vesper.options.nn.AvgPool2d): vesper.Layer
---@overload fun(kernel_size, stride, o: vesper.options.nn.AvgPool2d): vesper.Layer
function vs.nn.AvgPool2d(kernel_size, stride, padding, ceil_mode, count_include_pad) end

---@class vesper.options.nn.BCEWithLogitsLoss
---@field weight? vesper.Tensor
---@field reduction? "mean"|"sum"|"none" default mean
---@field pos_weight? vesper.Tensor

---binary_cross_entropy_with_logits of x and target in 0..1; the weights are buffers.
---Called with (x, target).
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param pos_weight? vesper.Tensor
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.BCEWithLogitsLoss): vesper.Layer
---@overload fun(weight, o: vesper.options.nn.BCEWithLogitsLoss): vesper.Layer
function vs.nn.BCEWithLogitsLoss(weight, reduction, pos_weight) end

---@class vesper.options.nn.BatchNorm1d
---@field eps? number default 1e-5
---@field momentum? number default 0.1
---@field affine? boolean default true
---@field track_running_stats? boolean default true

---Batch normalisation (Ioffe and Szegedy, 2015) of x [B,C] or [B,C,T]. In training the batch's own
---mean and variance of each channel, else the running ones, which are buffers: running_mean,
---running_var and num_batches_tracked. activation is applied to the result in the same pass.
---Called with (x, activation = none).
---@param num_features integer
---@param eps? number default 1e-5
---@param momentum? number default 0.1
---@param affine? boolean default true
---@param track_running_stats? boolean default true
---@return vesper.Layer
---@overload fun(num_features, o: vesper.options.nn.BatchNorm1d): vesper.Layer
---@overload fun(num_features, eps, o: vesper.options.nn.BatchNorm1d): vesper.Layer
function vs.nn.BatchNorm1d(num_features, eps, momentum, affine, track_running_stats) end

---@class vesper.options.nn.BatchNorm2d
---@field eps? number default 1e-5
---@field momentum? number default 0.1
---@field affine? boolean default true
---@field track_running_stats? boolean default true

---Batch normalisation (Ioffe and Szegedy, 2015) of x [B,C,H,W]. In training the batch's own mean
---and variance of each channel, else the running ones, which are buffers: running_mean, running_var
---and num_batches_tracked. activation is applied to the result in the same pass.
---Called with (x, activation = none).
---@param num_features integer
---@param eps? number default 1e-5
---@param momentum? number default 0.1
---@param affine? boolean default true
---@param track_running_stats? boolean default true
---@return vesper.Layer
---@overload fun(num_features, o: vesper.options.nn.BatchNorm2d): vesper.Layer
---@overload fun(num_features, eps, o: vesper.options.nn.BatchNorm2d): vesper.Layer
function vs.nn.BatchNorm2d(num_features, eps, momentum, affine, track_running_stats) end

---@class vesper.options.nn.Conv1d
---@field stride? integer default 1
---@field padding? integer default 0
---@field dilation? integer default 1
---@field groups? integer default 1
---@field bias? boolean default true
---@field padding_mode? "zeros"|"reflect"|"replicate" default zeros

---1-D convolution: x [B,in,T] -> [B,out,T'] with T' = floor((T + 2 padding - dilation (kernel - 1)
---- 1) / stride) + 1. weight [out,in/groups,k] and bias [out] start uniform within 1/sqrt(in/groups
---k).
---Called with (x).
---@param in_channels integer
---@param out_channels integer
---@param kernel_size integer
---@param stride? integer default 1
---@param padding? integer default 0
---@param dilation? integer default 1
---@param groups? integer default 1
---@param bias? boolean default true
---@param padding_mode? "zeros"|"reflect"|"replicate" default zeros
---@return vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, o: vesper.options.nn.Conv1d): vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, stride, o: vesper.options.nn.Conv1d): vesper.Layer
function vs.nn.Conv1d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups,
  bias, padding_mode) end

---@class vesper.options.nn.Conv2d
---@field stride? integer|integer[] default 1
---@field padding? integer|integer[] default 0
---@field dilation? integer|integer[] default 1
---@field groups? integer default 1
---@field bias? boolean default true
---@field padding_mode? "zeros"|"reflect"|"replicate" default zeros

---2-D convolution: x [B,in,H,W] -> [B,out,H',W'] with H' = floor((H + 2 padding - dilation (kernel
---- 1) - 1) / stride) + 1. weight [out,in/groups,kH,kW] and bias [out] start uniform within
---1/sqrt(in/groups kH kW).
---Called with (x).
---@param in_channels integer
---@param out_channels integer
---@param kernel_size integer|integer[]
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param dilation? integer|integer[] default 1
---@param groups? integer default 1
---@param bias? boolean default true
---@param padding_mode? "zeros"|"reflect"|"replicate" default zeros
---@return vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, o: vesper.options.nn.Conv2d): vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, stride, o: vesper.options.nn.Conv2d): vesper.Layer
function vs.nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups,
  bias, padding_mode) end

---@class vesper.options.nn.ConvTranspose1d
---@field stride? integer default 1
---@field padding? integer default 0
---@field output_padding? integer default 0
---@field groups? integer default 1
---@field bias? boolean default true
---@field dilation? integer default 1

---1-D transposed convolution: x [B,in,T] -> [B,out,T'] with T' = (T - 1) stride - 2 padding +
---dilation (kernel - 1) + output_padding + 1. weight [in,out/groups,k] and bias [out] start uniform
---within 1/sqrt(out/groups k).
---Called with (x).
---@param in_channels integer
---@param out_channels integer
---@param kernel_size integer
---@param stride? integer default 1
---@param padding? integer default 0
---@param output_padding? integer default 0
---@param groups? integer default 1
---@param bias? boolean default true
---@param dilation? integer default 1
---@return vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, o: vesper.options.nn.ConvTranspose1d): vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, stride, o: vesper.options.nn.ConvTranspose1d): vesper.Layer
function vs.nn.ConvTranspose1d(in_channels, out_channels, kernel_size, stride, padding,
  output_padding, groups, bias, dilation) end

---@class vesper.options.nn.ConvTranspose2d
---@field stride? integer|integer[] default 1
---@field padding? integer|integer[] default 0
---@field output_padding? integer|integer[] default 0
---@field groups? integer default 1
---@field bias? boolean default true
---@field dilation? integer|integer[] default 1

---2-D transposed convolution: x [B,in,H,W] -> [B,out,H',W'] with H' = (H - 1) stride - 2 padding +
---dilation (kernel - 1) + output_padding + 1. weight [in,out/groups,kH,kW] and bias [out] start
---uniform within 1/sqrt(out/groups kH kW).
---Called with (x).
---@param in_channels integer
---@param out_channels integer
---@param kernel_size integer|integer[]
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param output_padding? integer|integer[] default 0
---@param groups? integer default 1
---@param bias? boolean default true
---@param dilation? integer|integer[] default 1
---@return vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, o: vesper.options.nn.ConvTranspose2d): vesper.Layer
---@overload fun(in_channels, out_channels, kernel_size, stride, o: vesper.options.nn.ConvTranspose2d): vesper.Layer
function vs.nn.ConvTranspose2d(in_channels, out_channels, kernel_size, stride, padding,
  output_padding, groups, bias, dilation) end

---@class vesper.options.nn.CosineEmbeddingLoss
---@field margin? number default 0
---@field reduction? "mean"|"sum"|"none" default mean

---cosine_embedding_loss of x1, x2 [B,D] and y [B] of 1 (a match) or -1.
---Called with (x1, x2, y).
---@param margin? number default 0
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.CosineEmbeddingLoss): vesper.Layer
---@overload fun(margin, o: vesper.options.nn.CosineEmbeddingLoss): vesper.Layer
function vs.nn.CosineEmbeddingLoss(margin, reduction) end

---@class vesper.options.nn.CrossEntropyLoss
---@field weight? vesper.Tensor
---@field ignore_index? integer
---@field reduction? "mean"|"sum"|"none" default mean
---@field label_smoothing? number default 0

---cross_entropy of logits x [B,C] or [B,C,d1,...] and target: classes int64 [B] or [B,d1,...] of
---1..C, or probabilities of x's shape; weight [C] is a buffer.
---Called with (x, target).
---@param weight? vesper.Tensor
---@param ignore_index? integer
---@param reduction? "mean"|"sum"|"none" default mean
---@param label_smoothing? number default 0
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.CrossEntropyLoss): vesper.Layer
---@overload fun(weight, o: vesper.options.nn.CrossEntropyLoss): vesper.Layer
function vs.nn.CrossEntropyLoss(weight, ignore_index, reduction, label_smoothing) end

---@class vesper.options.nn.Dropout
---@field p? number default 0.5

---In training zeroes each element with probability p and scales the others by 1/(1-p); in
---evaluation gives x back. Srivastava et al. 2014.
---Called with (x).
---@param p? number default 0.5
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.Dropout): vesper.Layer
function vs.nn.Dropout(p) end

---@class vesper.options.nn.Dropout2d
---@field p? number default 0.5

---In training zeroes whole channels of x [B,C,H,W] with probability p and scales the others by
---1/(1-p); in evaluation gives x back. Tompson et al., 2015.
---Called with (x).
---@param p? number default 0.5
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.Dropout2d): vesper.Layer
function vs.nn.Dropout2d(p) end

---@class vesper.options.nn.ELU
---@field alpha? number default 1

---x where positive, alpha * (exp(x) - 1) elsewhere.
---Called with (x).
---@param alpha? number default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.ELU): vesper.Layer
function vs.nn.ELU(alpha) end

---@class vesper.options.nn.Flatten
---@field start_dim? integer default 2
---@field end_dim? integer default -1

---Makes the dimensions start_dim to end_dim (both included, from 1) into one: [B,C,H,W] ->
---[B,C*H*W] by default.
---Called with (x).
---@param start_dim? integer default 2
---@param end_dim? integer default -1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.Flatten): vesper.Layer
---@overload fun(start_dim, o: vesper.options.nn.Flatten): vesper.Layer
function vs.nn.Flatten(start_dim, end_dim) end

---@class vesper.options.nn.GELU
---@field approximate? "none"|"tanh" default none

---x times the normal distribution function of x, exact or approximated by tanh.
---Called with (x).
---@param approximate? "none"|"tanh" default none
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.GELU): vesper.Layer
function vs.nn.GELU(approximate) end

---@class vesper.options.nn.GRU
---@field num_layers? integer default 1
---@field bias? boolean default true
---@field bidirectional? boolean default false
---@field dropout? number default 0

---Gated recurrent unit (Cho et al. 2014). x [B,T,input], lengths [B] of 1..T (absent: T), h0
---[L*D,B,H] the states to begin with (absent: zeros) -> every state [B,T,D*H], zeros at padded
---steps; the last valid state of the last layer [B,D*H]; h_n [L*D,B,H], the last ones of all L
---layers, to begin with next time. D is 2 when bidirectional, directions lie side by side. dropout
---acts between layers.
---Called with (x, lengths?, h0?).
---@param input_size integer
---@param hidden_size integer
---@param num_layers? integer default 1
---@param bias? boolean default true
---@param bidirectional? boolean default false
---@param dropout? number default 0
---@return vesper.Layer
---@overload fun(input_size, hidden_size, o: vesper.options.nn.GRU): vesper.Layer
---@overload fun(input_size, hidden_size, num_layers, o: vesper.options.nn.GRU): vesper.Layer
function vs.nn.GRU(input_size, hidden_size, num_layers, bias, bidirectional, dropout) end

---@class vesper.options.nn.GroupNorm
---@field eps? number default 1e-5
---@field affine? boolean default true

---Group normalisation (Wu and He, 2018) of x [B,num_channels,...]: the channels of each sample in
---num_groups groups. weight and bias [num_channels].
---Called with (x).
---@param num_groups integer
---@param num_channels integer
---@param eps? number default 1e-5
---@param affine? boolean default true
---@return vesper.Layer
---@overload fun(num_groups, num_channels, o: vesper.options.nn.GroupNorm): vesper.Layer
---@overload fun(num_groups, num_channels, eps, o: vesper.options.nn.GroupNorm): vesper.Layer
function vs.nn.GroupNorm(num_groups, num_channels, eps, affine) end

---x / 6 + 1/2 limited to [0, 1], element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Hardsigmoid() end

---x * hardsigmoid(x), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Hardswish() end

---@class vesper.options.nn.HuberLoss
---@field reduction? "mean"|"sum"|"none" default mean
---@field delta? number default 1

---huber_loss: squares below delta, straight above.
---Called with (x, target).
---@param reduction? "mean"|"sum"|"none" default mean
---@param delta? number default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.HuberLoss): vesper.Layer
---@overload fun(reduction, o: vesper.options.nn.HuberLoss): vesper.Layer
function vs.nn.HuberLoss(reduction, delta) end

---Gives x back.
---Called with (x).
---@return vesper.Layer
function vs.nn.Identity() end

---@class vesper.options.nn.KLDivLoss
---@field reduction? "mean"|"sum"|"none"|"batchmean" default mean
---@field log_target? boolean default false

---kl_div of log-probabilities x and probabilities target, or their logarithms with log_target.
---Called with (x, target).
---@param reduction? "mean"|"sum"|"none"|"batchmean" default mean
---@param log_target? boolean default false
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.KLDivLoss): vesper.Layer
---@overload fun(reduction, o: vesper.options.nn.KLDivLoss): vesper.Layer
function vs.nn.KLDivLoss(reduction, log_target) end

---@class vesper.options.nn.L1Loss
---@field reduction? "mean"|"sum"|"none" default mean

---|x - target|.
---Called with (x, target).
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.L1Loss): vesper.Layer
function vs.nn.L1Loss(reduction) end

---@class vesper.options.nn.LSTM
---@field num_layers? integer default 1
---@field bias? boolean default true
---@field bidirectional? boolean default false
---@field dropout? number default 0

---Long short-term memory (Hochreiter & Schmidhuber 1997). x [B,T,input], lengths [B] of 1..T
---(absent: T), h0 and c0 [L*D,B,H] the states to begin with (absent: zeros) -> every state
---[B,T,D*H], zeros at padded steps; the last valid state of the last layer [B,D*H]; h_n and c_n
---[L*D,B,H], the last ones of all L layers, to begin with next time. D is 2 when bidirectional,
---directions lie side by side. dropout acts between layers.
---Called with (x, lengths?, h0?, c0?).
---@param input_size integer
---@param hidden_size integer
---@param num_layers? integer default 1
---@param bias? boolean default true
---@param bidirectional? boolean default false
---@param dropout? number default 0
---@return vesper.Layer
---@overload fun(input_size, hidden_size, o: vesper.options.nn.LSTM): vesper.Layer
---@overload fun(input_size, hidden_size, num_layers, o: vesper.options.nn.LSTM): vesper.Layer
function vs.nn.LSTM(input_size, hidden_size, num_layers, bias, bidirectional, dropout) end

---@class vesper.options.nn.LayerNorm
---@field eps? number default 1e-5
---@field elementwise_affine? boolean default true

---Layer normalisation (Ba et al., 2016) over the last dimensions of x [...,normalized_shape].
---Called with (x).
---@param normalized_shape integer|integer[]
---@param eps? number default 1e-5
---@param elementwise_affine? boolean default true
---@return vesper.Layer
---@overload fun(normalized_shape, o: vesper.options.nn.LayerNorm): vesper.Layer
---@overload fun(normalized_shape, eps, o: vesper.options.nn.LayerNorm): vesper.Layer
function vs.nn.LayerNorm(normalized_shape, eps, elementwise_affine) end

---@class vesper.options.nn.LeakyReLU
---@field negative_slope? number default 0.01

---x where positive, negative_slope * x elsewhere.
---Called with (x).
---@param negative_slope? number default 0.01
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.LeakyReLU): vesper.Layer
function vs.nn.LeakyReLU(negative_slope) end

---@class vesper.options.nn.Linear
---@field bias? boolean default true

---x W^T + b. x [...,in_features] -> [...,out_features]; weight [out,in], bias [out], both uniform
---within 1/sqrt(in_features).
---Called with (x).
---@param in_features integer
---@param out_features integer
---@param bias? boolean default true
---@return vesper.Layer
---@overload fun(in_features, out_features, o: vesper.options.nn.Linear): vesper.Layer
function vs.nn.Linear(in_features, out_features, bias) end

---@class vesper.options.nn.LogSoftmax
---@field dim? integer default -1

---log(softmax(x)) along dim.
---Called with (x).
---@param dim? integer default -1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.LogSoftmax): vesper.Layer
function vs.nn.LogSoftmax(dim) end

---@class vesper.options.nn.MSELoss
---@field reduction? "mean"|"sum"|"none" default mean

---(x - target)^2.
---Called with (x, target).
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.MSELoss): vesper.Layer
function vs.nn.MSELoss(reduction) end

---@class vesper.options.nn.MaxPool1d
---@field stride? integer
---@field padding? integer default 0
---@field ceil_mode? boolean default false

---The most of each window: x [B,C,T] -> [B,C,T']. stride is kernel_size unless given.
---Called with (x).
---@param kernel_size integer
---@param stride? integer
---@param padding? integer default 0
---@param ceil_mode? boolean default false
---@return vesper.Layer
---@overload fun(kernel_size, o: vesper.options.nn.MaxPool1d): vesper.Layer
---@overload fun(kernel_size, stride, o: vesper.options.nn.MaxPool1d): vesper.Layer
function vs.nn.MaxPool1d(kernel_size, stride, padding, ceil_mode) end

---@class vesper.options.nn.MaxPool2d
---@field stride? integer|integer[]
---@field padding? integer|integer[] default 0
---@field ceil_mode? boolean default false

---The most of each window: x [B,C,H,W] -> [B,C,H',W']. stride is kernel_size unless given;
---ceil_mode keeps a last window that is cut off.
---Called with (x).
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@param ceil_mode? boolean default false
---@return vesper.Layer
---@overload fun(kernel_size, o: vesper.options.nn.MaxPool2d): vesper.Layer
---@overload fun(kernel_size, stride, o: vesper.options.nn.MaxPool2d): vesper.Layer
function vs.nn.MaxPool2d(kernel_size, stride, padding, ceil_mode) end

---x * tanh(softplus(x)), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Mish() end

---@class vesper.options.nn.NLLLoss
---@field weight? vesper.Tensor
---@field ignore_index? integer
---@field reduction? "mean"|"sum"|"none" default mean

---nll_loss of log-probabilities x [B,C] or [B,C,d1,...] and classes target [B] or [B,d1,...] of
---1..C; weight [C] is a buffer.
---Called with (x, target).
---@param weight? vesper.Tensor
---@param ignore_index? integer
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.NLLLoss): vesper.Layer
---@overload fun(weight, o: vesper.options.nn.NLLLoss): vesper.Layer
function vs.nn.NLLLoss(weight, ignore_index, reduction) end

---@class vesper.options.nn.PReLU
---@field num_parameters? integer default 1
---@field init? number default 0.25

---x where positive, weight * x elsewhere; weight [num_parameters], one for all or one for each
---channel of x [B,C,...], is learned and starts at init. He et al., 2015.
---Called with (x).
---@param num_parameters? integer default 1
---@param init? number default 0.25
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.PReLU): vesper.Layer
---@overload fun(num_parameters, o: vesper.options.nn.PReLU): vesper.Layer
function vs.nn.PReLU(num_parameters, init) end

---@class vesper.options.nn.RMSNorm
---@field eps? number default 1e-6
---@field elementwise_affine? boolean default true

---x [...,size] over the root of its mean square along the last dimension, or the last ones where
---size is a list, times weight [size], which starts as ones. Zhang and Sennrich, 2019.
---Called with (x).
---@param size integer|integer[]
---@param eps? number default 1e-6
---@param elementwise_affine? boolean default true
---@return vesper.Layer
---@overload fun(size, o: vesper.options.nn.RMSNorm): vesper.Layer
---@overload fun(size, eps, o: vesper.options.nn.RMSNorm): vesper.Layer
function vs.nn.RMSNorm(size, eps, elementwise_affine) end

---max(x, 0), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.ReLU() end

---min(max(x, 0), 6), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.ReLU6() end

---Self-normalising: 1.0507 times x, or times 1.6733 (exp(x) - 1) below 0.
---Called with (x).
---@return vesper.Layer
function vs.nn.SELU() end

---x * sigmoid(x), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.SiLU() end

---1 / (1 + exp(-x)), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Sigmoid() end

---@class vesper.options.nn.SmoothL1Loss
---@field reduction? "mean"|"sum"|"none" default mean
---@field beta? number default 1

---smooth_l1_loss: squares below beta, straight above.
---Called with (x, target).
---@param reduction? "mean"|"sum"|"none" default mean
---@param beta? number default 1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.SmoothL1Loss): vesper.Layer
---@overload fun(reduction, o: vesper.options.nn.SmoothL1Loss): vesper.Layer
function vs.nn.SmoothL1Loss(reduction, beta) end

---@class vesper.options.nn.Softmax
---@field dim? integer default -1

---exp(x) / sum(exp(x)) along dim.
---Called with (x).
---@param dim? integer default -1
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.Softmax): vesper.Layer
function vs.nn.Softmax(dim) end

---log(1 + exp(x)), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Softplus() end

---x / (1 + |x|), element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Softsign() end

---Hyperbolic tangent, element by element.
---Called with (x).
---@return vesper.Layer
function vs.nn.Tanh() end

---@class vesper.options.nn.TripletMarginLoss
---@field margin? number default 1
---@field eps? number default 1e-6
---@field swap? boolean default false
---@field reduction? "mean"|"sum"|"none" default mean

---triplet_margin_loss of anchor, positive and negative [B,D].
---Called with (anchor, positive, negative).
---@param margin? number default 1
---@param eps? number default 1e-6
---@param swap? boolean default false
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.TripletMarginLoss): vesper.Layer
---@overload fun(margin, o: vesper.options.nn.TripletMarginLoss): vesper.Layer
function vs.nn.TripletMarginLoss(margin, eps, swap, reduction) end

---@class vesper.options.nn.Upsample
---@field size? integer|integer[]
---@field scale_factor? number|number[]
---@field mode? "nearest"|"nearest-exact"|"bilinear"|"bicubic" default nearest
---@field align_corners? boolean default false

---x [B,C,H,W] at another size, as interpolate: Upsample{scale_factor = 2, mode = "bilinear"}.
---Called with (x).
---@param size? integer|integer[]
---@param scale_factor? number|number[]
---@param mode? "nearest"|"nearest-exact"|"bilinear"|"bicubic" default nearest
---@param align_corners? boolean default false
---@return vesper.Layer
---@overload fun(o: vesper.options.nn.Upsample): vesper.Layer
---@overload fun(size, o: vesper.options.nn.Upsample): vesper.Layer
function vs.nn.Upsample(size, scale_factor, mode, align_corners) end

---A tensor to be trained: as a field of a module it is one of the module's parameters.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.nn.Parameter(x) end

---Calls modules or functions one after the other: nn.Sequential{a, b, c}.
---@param modules? any
---@return vesper.Module
function vs.nn.Sequential(modules) end

---The base class of your own modules: local Net = nn.Module:extend("Net").
---@type vesper.Module
vs.nn.Module = nil

---@class vesper.options.nn.Embedding.from_pretrained
---@field freeze? boolean default true
---@field padding_idx? integer
---@field sparse? boolean default false

---An Embedding whose table is weight [V,D]; not trained unless freeze = false.
---@param weight vesper.Tensor
---@param options? vesper.options.nn.Embedding.from_pretrained
---@return vesper.Layer
function vs.nn.Embedding.from_pretrained(weight, options) end

---Every op, under the same name as in vs: nn.functional.cross_entropy.
---@type table
vs.nn.functional = nil

---clip_grad_norm_ and clip_grad_value_, as in optim.
---@type table
vs.nn.utils = nil

---@class vesper.options.nn.InfoNCE
---@field learn? boolean default true

---The symmetric cross-entropy of scores [B,B] / temperature with the pairs on the diagonal:
---loss(scores, same?). Scores should be cosines. same, bool [B,B], marks pairs that are not
---negatives. The parameter logit_scale, log(1 / temperature), is learned and clamped to at most
---log(100); learn = false fixes it. Radford et al., 2021.
---Called with (scores, same?).
---@param temperature? number default 0.07
---@param options? vesper.options.nn.InfoNCE
---@return vesper.Module
---@overload fun(o: vesper.options.nn.InfoNCE): vesper.Module
function vs.nn.InfoNCE(temperature, options) end

---The current temperature.
---@return number
function InfoNCE:temperature() end

---@class vesper.options.nn.SigmoidLoss
---@field temperature? number default 0.1
---@field bias? number default -10
---@field learn? boolean default true

---The sigmoid loss of scores [B,B] with the pairs on the diagonal, loss(scores, same?): every pair
---is a binary decision with logit scores / temperature + bias; the sum over all pairs, divided by
---B. The parameters logit_scale and logit_bias are learned; learn = false fixes them. same, bool
---[B,B], marks pairs that are not negatives. Zhai et al., SigLIP, ICCV 2023.
---Called with (scores, same?).
---@param options? vesper.options.nn.SigmoidLoss
---@return vesper.Module
function vs.nn.SigmoidLoss(options) end

---@class vesper.options.nn.UniCL
---@field learn? boolean default true

---The supervised contrastive loss of scores [B,B] / temperature, loss(scores, positive?): as
---InfoNCE, but the targets of a row and of a column are shared equally by its positive pairs;
---positive is bool [B,B], such as equal labels, and the diagonal is positive. Yang et al., Unified
---Contrastive Learning, CVPR 2022.
---Called with (scores, positive?).
---@param temperature? number default 0.07
---@param options? vesper.options.nn.UniCL
---@return vesper.Module
---@overload fun(o: vesper.options.nn.UniCL): vesper.Module
function vs.nn.UniCL(temperature, options) end

---@class vesper.options.nn.HingeRanking
---@field margin? number default 0.2
---@field negatives? "hardest"|"sum" default hardest
---@field warmup? number default 1

---The hinge ranking loss of scores [B,B] with the pairs on the diagonal: loss(scores, epoch, same?)
---is the mean over pairs. Up to epoch warmup it uses all negatives, later only the hardest one;
---epoch may be omitted if warmup is 0, and may count steps if warmup does. same, bool [B,B], marks
---pairs that are not negatives. If the loss is stuck at 2 * margin for 100 training steps, the
---embeddings have collapsed into one point; the module reports this once on standard error. Faghri
---et al., VSE++, BMVC 2018.
---Called with (scores, epoch?, same?).
---@param options? vesper.options.nn.HingeRanking
---@return vesper.Module
function vs.nn.HingeRanking(options) end

---cosine_similarity of two tensors along dim.
---Called with (x, y).
---@param dim? integer default 2
---@param eps? number default 1e-8
---@return vesper.Module
function vs.nn.CosineSimilarity(dim, eps) end

---@class vesper.options.nn.MultiheadAttention
---@field dropout? number default 0
---@field bias? boolean default true
---@field kdim? integer
---@field vdim? integer

---Called with query [B,L,E], key [B,S,kdim] (default: query), value [B,S,vdim] (default: key) and
---options it returns [B,L,E]. key_padding_mask bool [B,S] and attn_mask bool [L,S] or [B*heads,L,S]
---are true at masked positions; a float attn_mask is added to the scores; is_causal; need_weights
---also returns the mean weights [B,L,S], or [B,heads,L,S] with average_attn_weights = false. A row
---with all positions masked is zero before out_proj. The scores are stored only with need_weights.
---Vaswani et al., 2017.
---@param embed_dim integer
---@param num_heads integer
---@param options? vesper.options.nn.MultiheadAttention
---@return vesper.Module
function vs.nn.MultiheadAttention(embed_dim, num_heads, options) end

---@class vesper.options.nn.TransformerEncoderLayer
---@field dim_feedforward? integer default 2048
---@field dropout? number default 0.1
---@field activation? string default relu
---@field layer_norm_eps? number default 1e-5
---@field norm_first? boolean default false

---Self-attention and a feed-forward net, each with a residual connection, followed by a layer norm
---(preceded by it with norm_first). Called with x [B,T,D] and the options key_padding_mask,
---attn_mask, is_causal of nn.MultiheadAttention it returns [B,T,D]. activation is the name of an
---op.
---@param d_model integer
---@param nhead integer
---@param options? vesper.options.nn.TransformerEncoderLayer
---@return vesper.Module
function vs.nn.TransformerEncoderLayer(d_model, nhead, options) end

---num_layers layers: the given one and newly initialised copies of it, then norm. Called like a
---layer.
---@param layer vesper.Module
---@param num_layers integer
---@param norm? vesper.Module
---@return vesper.Module
function vs.nn.TransformerEncoder(layer, num_layers, norm) end

---[n,d]: the sinusoids of positions 0..n-1; sin in odd, cos in even channels (from 1). Vaswani et
---al., 2017.
---@param n integer
---@param d integer
---@return vesper.Tensor
function vs.nn.positional_encoding(n, d) end

---[height*width,d], row by row: the first half of the channels encodes the row, the second the
---column.
---@param height integer
---@param width integer
---@param d integer
---@return vesper.Tensor
function vs.nn.positional_encoding2d(height, width, d) end

---Generalized pooling. Called with x [B,T,D] and lengths int64 [B] (default: T) it returns [B,D]
---and the weights of the ranks [B,T]: the values of each channel are sorted and summed with weights
---that a BiGRU computes for the ranks. A row of length 0 gives zeros. Chen et al., VSE-infinity,
---CVPR 2021.
---Called with (x, lengths?).
---@param d_pe? integer default 32
---@param d_hidden? integer default 32
---@return vesper.Module
function vs.nn.GPO(d_pe, d_hidden) end

---Runs the module once, in evaluation mode, without gradients: a list of {name=, kind=, depth=,
---output=, parameters=}, one per call in order, with the totals in the fields parameters and
---trained; print shows it as a table.
---@param module vesper.Module
---@param ... any inputs
---@return any[]
function vs.nn.summary(module, ...) end

---Fills x with uniform numbers. All of nn.init works in place, is not recorded and returns x.
---@param x vesper.Tensor
---@param low? number default 0
---@param high? number default 1
---@return vesper.Tensor
function vs.nn.init.uniform_(x, low, high) end

---Fills x with normal numbers.
---@param x vesper.Tensor
---@param mean? number default 0
---@param std? number default 1
---@return vesper.Tensor
function vs.nn.init.normal_(x, mean, std) end

---Sets every element of x to value.
---@param x vesper.Tensor
---@param value number
---@return vesper.Tensor
function vs.nn.init.constant_(x, value) end

---Sets every element of x to 0.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.nn.init.zeros_(x) end

---Sets every element of x to 1.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.nn.init.ones_(x) end

---Uniform in [-a, a], a = gain * sqrt(6 / (fan_in + fan_out)). x is [out,in,...]; the fans are in
---and out times the kernel's size. Glorot and Bengio, 2010.
---@param x vesper.Tensor
---@param gain? number default 1
---@return vesper.Tensor
function vs.nn.init.xavier_uniform_(x, gain) end

---Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)).
---@param x vesper.Tensor
---@param gain? number default 1
---@return vesper.Tensor
function vs.nn.init.xavier_normal_(x, gain) end

---@class vesper.options.nn.init.kaiming_uniform_
---@field a? number default 0
---@field mode? string default fan_in
---@field nonlinearity? string default leaky_relu

---Uniform in [-b, b], b = gain * sqrt(3 / fan); mode selects fan_in or fan_out, a is the negative
---slope of leaky_relu. He et al., 2015.
---@param x vesper.Tensor
---@param options? vesper.options.nn.init.kaiming_uniform_
---@return vesper.Tensor
function vs.nn.init.kaiming_uniform_(x, options) end

---@class vesper.options.nn.init.kaiming_normal_
---@field a? number default 0
---@field mode? string default fan_in
---@field nonlinearity? string default leaky_relu

---Normal with standard deviation gain / sqrt(fan); see kaiming_uniform_.
---@param x vesper.Tensor
---@param options? vesper.options.nn.init.kaiming_normal_
---@return vesper.Tensor
function vs.nn.init.kaiming_normal_(x, options) end

---gain times a random matrix with orthonormal rows, or columns if it has more rows than columns;
---dimensions after the first are flattened to columns. Saxe et al., 2014.
---@param x vesper.Tensor
---@param gain? number default 1
---@return vesper.Tensor
function vs.nn.init.orthogonal_(x, gain) end

---The recommended gain for linear, sigmoid, tanh, relu, leaky_relu (with this negative slope) or
---selu.
---@param nonlinearity string
---@param slope? number default 0.01
---@return number
function vs.nn.init.calculate_gain(nonlinearity, slope) end

---Creates a subclass. Define init(self, ...) and forward(self, ...); calling the class creates an
---instance, calling the instance runs forward.
---@param name string
---@return vesper.Module
function Module:extend(name) end

---Called when an instance is created; sets layers, parameters and modules as fields.
---@param ... any args
function Module:init(...) end

---The computation, run by calling the module.
---@param ... any args
---@return any
function Module:forward(...) end

---Makes x a field that is saved but not trained; returns x.
---@param name string
---@param x vesper.Tensor
---@return vesper.Tensor
function Module:register_buffer(name, x) end

---The parameters, each once, for an optimizer; trainable: only those that are not frozen. Fields in
---sorted order.
---@param trainable? boolean default false
---@return any[]
function Module:parameters(trainable) end

---The parameters as {name, tensor}; names are PyTorch's: "0.weight".
---@return any[]
function Module:named_parameters() end

---The tensors that are saved but not trained (running statistics).
---@return any[]
function Module:buffers() end

---The buffers as {name, tensor}.
---@return any[]
function Module:named_buffers() end

---This module (name "") and its submodules as {name, module}.
---@return any[]
function Module:named_modules() end

---The number of elements of all parameters; trainable: only of those that are not frozen.
---@param trainable? boolean default false
---@return integer
function Module:num_parameters(trainable) end

---{name = tensor} of parameters and buffers, which share memory with the module: training changes
---them too. To keep the best weights, copy: for name, t in pairs(net:state_dict()) do best[name] =
---t:clone() end; load_state_dict(best) copies them back.
---@return table
function Module:state_dict() end

---@class vesper.options.Module.load_state_dict
---@field strict? boolean default true

---Copies the tensors of a state dictionary into the module. If names are missing or unexpected or
---shapes differ, raises an error that lists them and changes nothing; strict = false checks only
---shapes. Returns {missing, unexpected}.
---@param dict table
---@param options? vesper.options.Module.load_state_dict
---@return table
function Module:load_state_dict(dict, options) end

---Sets training mode, which Dropout and BatchNorm use, for this module and its submodules.
---@param on? boolean default true
---@return vesper.Module
function Module:train(on) end

---Sets evaluation mode for this module and its submodules.
---@return vesper.Module
function Module:eval() end

---Turns off gradients of the parameters and sets evaluation mode, which train() does not change:
---running statistics of batch norms stay too.
---@return vesper.Module
function Module:freeze() end

---Turns on gradients of the parameters; train() then sets training mode again.
---@return vesper.Module
function Module:unfreeze() end

---Sets the gradients to nil.
function Module:zero_grad() end

---Calls fn(module) for this module and its submodules.
---@param fn function
---@return vesper.Module
function Module:apply(fn) end

---Calls hook(module, inputs) before each call of the module; inputs is a list with field n, which
---the hook may change. module:forward(...) does not run hooks.
---@param hook function
---@return vesper.Hook
function Module:register_forward_pre_hook(hook) end

---Calls hook(module, inputs, outputs) after each call; it may change both lists.
---@param hook function
---@return vesper.Hook
function Module:register_forward_hook(hook) end

---Calls hook(module, grad_inputs, grad_outputs) in each backward through the module. The lists
---correspond to the tensors among arguments and results. The hook may change grad_inputs, which is
---empty if no input needs a gradient.
---@param hook function
---@return vesper.Hook
function Module:register_full_backward_hook(hook) end

---Parameters and buffers of a layer as {name, tensor, is_parameter}.
---@return any[]
function Layer:slots() end

---@class vesper.options.optim.Adagrad
---@field lr? number default 0.01
---@field lr_decay? number default 0
---@field weight_decay? number default 0
---@field initial_accumulator_value? number default 0
---@field eps? number default 1e-10

---Steps over the root of the sum of all squared gradients so far: s += g^2; p -= lr / (1 + (t - 1)
---lr_decay) * g / (sqrt(s) + eps). Duchi et al. 2011.
---@param parameters any[]
---@param options? vesper.options.optim.Adagrad
---@return vesper.Optimizer
function vs.optim.Adagrad(parameters, options) end

---@class vesper.options.optim.Adam
---@field lr? number default 0.001
---@field betas? number|number[] default 0.9/0.999
---@field eps? number default 1e-8
---@field weight_decay? number default 0
---@field amsgrad? boolean default false

---Adam (Kingma & Ba 2015): steps scaled by running means of the gradient and its square;
---weight_decay is added to the gradient. amsgrad: Reddi et al. 2018.
---@param parameters any[]
---@param options? vesper.options.optim.Adam
---@return vesper.Optimizer
function vs.optim.Adam(parameters, options) end

---@class vesper.options.optim.AdamW
---@field lr? number default 0.001
---@field betas? number|number[] default 0.9/0.999
---@field eps? number default 1e-8
---@field weight_decay? number default 0.01
---@field amsgrad? boolean default false

---Adam with decoupled weight decay (Loshchilov & Hutter 2019): the parameter itself shrinks by lr *
---weight_decay.
---@param parameters any[]
---@param options? vesper.options.optim.AdamW
---@return vesper.Optimizer
function vs.optim.AdamW(parameters, options) end

---@class vesper.options.optim.RMSprop
---@field lr? number default 0.01
---@field alpha? number default 0.99
---@field eps? number default 1e-8
---@field weight_decay? number default 0
---@field momentum? number default 0
---@field centered? boolean default false

---Steps over the root of a running mean of the gradient's square: v = alpha v + (1 - alpha) g^2; p
----= lr g / (sqrt(v) + eps). centered takes the square of the mean gradient off v. Tieleman and
---Hinton 2012; centered: Graves 2013.
---@param parameters any[]
---@param options? vesper.options.optim.RMSprop
---@return vesper.Optimizer
function vs.optim.RMSprop(parameters, options) end

---@class vesper.options.optim.SGD
---@field lr? number default 0.001
---@field momentum? number default 0
---@field dampening? number default 0
---@field weight_decay? number default 0
---@field nesterov? boolean default false

---Stochastic gradient descent: d = g + weight_decay p; b = momentum b + (1 - dampening) d; p -= lr
---b, or with nesterov lr (d + momentum b). Sutskever et al. 2013.
---@param parameters any[]
---@param options? vesper.options.optim.SGD
---@return vesper.Optimizer
function vs.optim.SGD(parameters, options) end

---Scales all gradients so that their total 2-norm is at most max_norm; returns the norm before
---scaling.
---@param parameters any[]
---@param max_norm number
---@return number
function vs.optim.clip_grad_norm_(parameters, max_norm) end

---Clamps every element of the gradients to [-limit, limit].
---@param parameters any[]
---@param limit number
function vs.optim.clip_grad_value_(parameters, limit) end

---Updates every parameter that has a gradient.
function Optimizer:step() end

---Sets the gradients to nil.
function Optimizer:zero_grad() end

---Adds a group: {params = list, lr = ...}.
---@param group table
function Optimizer:add_param_group(group) end

---{name, groups, state, steps} of tables and tensors; see load_state_dict.
---@return table
function Optimizer:state_dict() end

---Restores a state_dict; groups and parameters must agree in number and shape.
---@param dict table
function Optimizer:load_state_dict(dict) end

---The state tensors of one parameter by name, and its step count.
---@param group integer
---@param i integer
---@return table
---@return integer
function Optimizer:state(group, i) end

---Sets what Optimizer:state returned.
---@param group integer
---@param i integer
---@param state table
---@param steps integer
function Optimizer:set_state(group, i, state, steps) end

---@class vesper.options.optim.EMA
---@field decay? number default 0.999
---@field warmup? boolean default false
---@field buffers? boolean default false

---An exponential moving average of a module's parameters, which starts at their current values;
---buffers averages running statistics too. warmup: the decay is at most (1 + n) / (10 + n) at
---update n, counted from 0.
---@param module any
---@param options? vesper.options.optim.EMA
---@return vesper.EMA
function vs.optim.EMA(module, options) end

---average = decay * average + (1 - decay) * weight; call it after every optimizer step.
function EMA:update() end

---Exchanges the module's weights and the averages; a second call exchanges them back.
function EMA:swap() end

---Returns fn(args...), called with the averages in the module: ema:apply(train.evaluate, net,
---loader). Restores the weights, after an error too.
---@param fn function
---@param ... any args
---@return any
function EMA:apply(fn, ...) end

---{decay, warmup, buffers, updates, state = {name = tensor}}; shares memory with the averages.
---@return table
function EMA:state_dict() end

---Restores a state_dict; names and shapes must be the module's.
---@param dict table
function EMA:load_state_dict(dict) end

---@class vesper.options.optim.lr_scheduler.StepLR
---@field step_size? integer
---@field gamma? number default 0.1

---first * gamma ^ (e // step_size).
---@param optimizer vesper.Optimizer
---@param step_size integer
---@param gamma? number default 0.1
---@return vesper.Scheduler
---@overload fun(optimizer, o: vesper.options.optim.lr_scheduler.StepLR): vesper.Scheduler
function vs.optim.lr_scheduler.StepLR(optimizer, step_size, gamma) end

---@class vesper.options.optim.lr_scheduler.MultiStepLR
---@field milestones? any[]
---@field gamma? number default 0.1

---first * gamma ^ (the number of milestones up to e).
---@param optimizer vesper.Optimizer
---@param options? vesper.options.optim.lr_scheduler.MultiStepLR
---@return vesper.Scheduler
function vs.optim.lr_scheduler.MultiStepLR(optimizer, options) end

---@class vesper.options.optim.lr_scheduler.ExponentialLR
---@field gamma? number

---first * gamma ^ e.
---@param optimizer vesper.Optimizer
---@param gamma number
---@return vesper.Scheduler
---@overload fun(optimizer, o: vesper.options.optim.lr_scheduler.ExponentialLR): vesper.Scheduler
function vs.optim.lr_scheduler.ExponentialLR(optimizer, gamma) end

---@class vesper.options.optim.lr_scheduler.LinearLR
---@field start_factor? number default 1/3
---@field end_factor? number default 1
---@field total_iters? integer default 5

---first times a factor that changes linearly from start_factor to end_factor over total_iters
---steps: a warm-up.
---@param optimizer vesper.Optimizer
---@param options? vesper.options.optim.lr_scheduler.LinearLR
---@return vesper.Scheduler
function vs.optim.lr_scheduler.LinearLR(optimizer, options) end

---@class vesper.options.optim.lr_scheduler.PolynomialLR
---@field total_iters? integer default 5
---@field power? number default 1

---first * (1 - e / total_iters) ^ power, then 0.
---@param optimizer vesper.Optimizer
---@param total_iters? integer default 5
---@param power? number default 1
---@return vesper.Scheduler
---@overload fun(optimizer, o: vesper.options.optim.lr_scheduler.PolynomialLR): vesper.Scheduler
function vs.optim.lr_scheduler.PolynomialLR(optimizer, total_iters, power) end

---@class vesper.options.optim.lr_scheduler.CosineAnnealingLR
---@field T_max? integer
---@field eta_min? number default 0

---From first to eta_min along half a cosine over T_max steps, and back over the next T_max.
---Loshchilov and Hutter, SGDR, 2017.
---@param optimizer vesper.Optimizer
---@param T_max integer
---@param eta_min? number default 0
---@return vesper.Scheduler
---@overload fun(optimizer, o: vesper.options.optim.lr_scheduler.CosineAnnealingLR): vesper.Scheduler
function vs.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max, eta_min) end

---@class vesper.options.optim.lr_scheduler.OneCycleLR
---@field max_lr? any
---@field total_steps? integer
---@field epochs? integer
---@field steps_per_epoch? integer
---@field pct_start? number default 0.3
---@field anneal_strategy? "cos"|"linear" default cos
---@field cycle_momentum? boolean default true
---@field base_momentum? any default 0.85
---@field max_momentum? any default 0.95
---@field div_factor? number default 25
---@field final_div_factor? number default 1e4
---@field three_phase? boolean default false

---From max_lr / div_factor up to max_lr in the fraction pct_start of the steps, then down to max_lr
---/ div_factor / final_div_factor; momentum (or the first of betas) changes in the opposite
---direction. Step it after each batch. Rates and momenta may be lists with one entry per group.
---Smith and Topin, Super-Convergence, 2018.
---@param optimizer vesper.Optimizer
---@param options? vesper.options.optim.lr_scheduler.OneCycleLR
---@return vesper.Scheduler
function vs.optim.lr_scheduler.OneCycleLR(optimizer, options) end

---@class vesper.options.optim.lr_scheduler.ReduceLROnPlateau
---@field mode? "min"|"max" default min
---@field factor? number default 0.1
---@field patience? integer default 10
---@field threshold? number default 1e-4
---@field threshold_mode? "rel"|"abs" default rel
---@field cooldown? integer default 0
---@field min_lr? any default 0
---@field eps? number default 1e-8

---Multiplies the rate by factor when the value given to step has not improved by threshold for more
---than patience steps; then waits cooldown steps.
---@param optimizer vesper.Optimizer
---@param options? vesper.options.optim.lr_scheduler.ReduceLROnPlateau
---@return vesper.Scheduler
function vs.optim.lr_scheduler.ReduceLROnPlateau(optimizer, options) end

---@class vesper.options.optim.lr_scheduler.LambdaLR
---@field lr_lambda? any

---first * lr_lambda(e); a function, or a list with one function per group. The state does not
---contain functions.
---@param optimizer vesper.Optimizer
---@param lr_lambda any
---@return vesper.Scheduler
---@overload fun(optimizer, o: vesper.options.optim.lr_scheduler.LambdaLR): vesper.Scheduler
function vs.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda) end

---@class vesper.options.optim.lr_scheduler.SequentialLR
---@field schedulers? any[]
---@field milestones? any[]

---One schedule after the other, each counting from 0: schedulers[i + 1] starts at milestones[i].
---For example LinearLR as warm-up, then CosineAnnealingLR.
---@param optimizer vesper.Optimizer
---@param options? vesper.options.optim.lr_scheduler.SequentialLR
---@return vesper.Scheduler
function vs.optim.lr_scheduler.SequentialLR(optimizer, options) end

---Call it after optimizer:step(), once per epoch or batch, whichever the schedule counts.
---ReduceLROnPlateau takes the value that it monitors.
---@param value? vesper.Tensor|number
function Scheduler:step(value) end

---The current rates of all groups.
---@return any[]
function Scheduler:get_last_lr() end

---{name, last_epoch, base_lrs, arguments...}, only numbers and strings. The current rates are in
---the optimizer's state.
---@return table
function Scheduler:state_dict() end

---Restores a state_dict with its arguments; load the optimizer's state too.
---@param dict table
function Scheduler:load_state_dict(dict) end

---@class vesper.options.npy.load
---@field mmap? boolean default true

---The array of a file. mmap: maps the file, so that only the parts that are used are read; writes
---do not reach the file, and an array in Fortran order is a strided view. Without mmap a contiguous
---copy. int8, int16, uint16, uint32 and uint64 are read as int64. Big-endian files, strings and
---records are not supported.
---@param path string
---@param options? vesper.options.npy.load
---@return vesper.Tensor?
---@return string? message
function vs.npy.load(path, options) end

---Writes x in C order, as numpy does. The file is complete or absent.
---@param path string
---@param x vesper.Tensor
---@return true?
---@return string? message
function vs.npy.save(path, x) end

---Tensors in memory as a data set: TensorDataset{image = x, label = y}. All have the same first
---size N, which is the number of samples. A batch has the same names, rows picked, and index int64
---[B]. Writing to the tensors later changes the data set where they were contiguous.
---@param tensors table
---@return vesper.Dataset
function vs.data.TensorDataset(tensors) end

---@class vesper.options.data.open
---@field split? string
---@field captions? "all"|"first"|"random" default all
---@field seed? integer default 1
---@field apply_exif_orientation? boolean default false

---One split of a vesper HDF5 file, or nil and a message. path may be a pattern, "part-*.h5", or a
---list of paths: the files are one data set. captions: every caption is a sample (all), or every
---image is one, with its first caption or one picked by (seed, epoch, image).
---apply_exif_orientation: images that are stored as files are turned as their EXIF data says. A
---batch has index and image_index int64 [B], and, where the file has them: image uint8 [B,3,H,W],
---feature float32 [B,D], tokens int64 [B,T] padded with 1, lengths int64 [B] (at least 1), text
---(list), label and item int64 [B], tags float32 [B,G] of 0 and 1, regions float32 [B,R,D],
---region_count int64 [B], boxes float32 [B,R,4], landmark float32 [B,K,3].
---@param path string|string[]
---@param split? string
---@param captions? "all"|"first"|"random" default all
---@param seed? integer default 1
---@param apply_exif_orientation? boolean default false
---@return vesper.Dataset?
---@return string? message
---@overload fun(path, o: vesper.options.data.open): vesper.Dataset
---@overload fun(path, split, o: vesper.options.data.open): vesper.Dataset
function vs.data.open(path, split, captions, seed, apply_exif_orientation) end

---@class vesper.options.data.Loader
---@field batch_size? integer default 32
---@field shuffle? boolean default false
---@field seed? integer
---@field workers? integer default 0
---@field drop_last? boolean default false
---@field crop? integer default 0
---@field flip? number default 0
---@field jitter? number default 0
---@field erase? number default 0
---@field chunks? integer default 0
---@field captions? "all"|"first"|"random"
---@field fields? any[]
---@field rank? integer default 0
---@field ranks? integer default 1

---for batch in loader is one epoch; shuffle gives a new order each epoch, which depends only on
---(seed, epoch). workers: threads that prepare batches ahead, 0 to 64. Augmentation depends only on
---(seed, epoch, sample): images are shifted by up to crop pixels (the border is repeated), mirrored
---with probability flip, brightness, contrast and saturation are multiplied by 1 - jitter to 1 +
---jitter, and with probability erase a rectangle of 2 to 33 % is set to 0. chunks: for files with
---several samples per HDF5 chunk, above all compressed ones. Shuffles the chunks, then the samples
---within each group of this number of chunks, so that each chunk is read once per epoch; twice this
---number is kept in memory (at most 1 GiB). 0 shuffles all samples of the file. captions: what a
---sample is, instead of the set's own mode; the file is not opened again. fields: the names of the
---fields to read; what is not named is neither read from the file nor allocated. lengths comes with
---tokens, region_count with regions and boxes, index and image_index are always there. crop and
---flip also move boxes and landmark, which are fractions of width and height; flip exchanges the
---left and right landmarks of set:landmark_pairs(). rank, ranks: this loader gives part number
---rank, from 0, of each batch of ranks * batch_size samples; the loaders of all ranks together give
---each sample at most once, and leave out fewer than ranks samples of an epoch.
---@param set vesper.Dataset
---@param options? vesper.options.data.Loader
---@return vesper.Loader
function vs.data.Loader(set, options) end

---@class vesper.options.data.LuaDataset
---@field size? integer
---@field get? function
---@field images? integer
---@field classes? any[]
---@field vocab? any
---@field tags? any[]
---@field landmark_pairs? any[]

---A data set whose samples a Lua function makes: get(i, epoch) returns sample i, 1 to size, as a
---table of tensors, numbers (label, item and image_index: integers), lists of integers, and a
---string in text. A batch has the same names: rows of tensors, int64 of integers, float32 of other
---numbers; tokens is padded with 1 to the longest and gets lengths; index is added. All samples
---have the fields, dtypes and shapes of the first that is made. images: the number of images, if
---samples are captions. A Loader over it has no workers. get belongs to the data set until that is
---collected; a get that refers to its own data set keeps it alive.
---@param options? vesper.options.data.LuaDataset
---@return vesper.Dataset
function vs.data.LuaDataset(options) end

---@class vesper.options.data.Writer
---@field name? string
---@field source? string
---@field note? string
---@field split_seed? integer default 0
---@field classes? any[]
---@field tags? any[]
---@field vocab? any
---@field vectors? vesper.Tensor
---@field image_size? any[]
---@field regions? integer
---@field max_words? integer
---@field compress? integer default 0
---@field chunk? integer default 1
---@field half? boolean default false
---@field landmark_pairs? any[]
---@field captions? any[]
---@field shard? integer
---@field part? integer
---@field parts? integer

---Writes a vesper HDF5 file, which appears under its name at close. vocab is a Vocab or a list of
---words; image_size is {height, width}, without it encoded images are stored unchanged; compress
---0..9; chunk: the number of images that are stored and compressed together, which saves space but
---is slow to read in any order except that of a Loader with chunks; half: features and regions are
---stored as float16; landmark_pairs: {{1, 2}, ...}, the landmarks that are left and right of each
---other; captions: names of splits that have captions though their first image may have none; note:
---a text that is kept with the attributes; shard: the data set is written to files NAME-00001.h5,
---NAME-00002.h5, ... of the path NAME.h5, and a new file begins when the rows of one have this
---number of bytes; part, parts: the number of this file, of how many that several writers make, so
---that data.open sees when one is missing.
---@param path string
---@param options? vesper.options.data.Writer
---@return vesper.Writer?
---@return string? message
function vs.data.Writer(path, options) end

---1..n in an order that depends only on the seed.
---@param n integer
---@param seed integer
---@return any[]
function vs.data.permutation(n, seed) end

---The sorted paths below a folder that end in ending: a string such as '.jpg', or a list of
---strings.
---@param folder string
---@param ending any
---@return any[]?
---@return string? message
function vs.data.find(folder, ending) end

---The files of a data set that data.open opens under that name: a path stands for itself; a
---pattern, "part-*.h5", for the files that match it, numbers in their names in numerical order; a
---list for all of its paths and patterns.
---@param path string|string[]
---@return any[]?
---@return string? message
function vs.data.files(path) end

---Every reader: {name, args, doc}.
---@return any[]
function vs.data.readers() end

---{mean, std} of ImageNet's images by channel, values 0..1.
---@type table
vs.data.IMAGENET = nil

---Images uint8 or float 0..255 [B,3,H,W] as (x / 255 - mean) / std by channel, float32; mean and
---std default to ImageNet's.
---@param images vesper.Tensor
---@param mean? any[]
---@param std? any[]
---@return vesper.Tensor
function vs.data.normalize(images, mean, std) end

---@class vesper.options.data.extract
---@field splits? any[]
---@field batch_size? integer default 32
---@field half? boolean default true
---@field regions? boolean default true
---@field images? boolean default false
---@field flip? boolean default false
---@field compress? integer default 0
---@field progress? function
---@field rank? integer
---@field size? integer
---@field shards? integer

---Runs model(images) -> v [B,D], U [B,R,C] over every image of a data set and writes a file with
---feature and regions instead of the images and everything else unchanged. half: stored as float16;
---flip: adds mirror images of train under id..'#flip'. rank and size: this process is number rank,
---from 0, of size processes that share the work, each with the same call. shards: they write that
---many files NAME-00001.h5, ... of the path NAME.h5, by default one each; a file that is there and
---whole is not written again. Returns counts by split, of the files of this process.
---@param model vesper.Module|function
---@param source string|string[]
---@param out string
---@param options? vesper.options.data.extract
---@return table?
---@return string? message
function vs.data.extract(model, source, out, options) end

---@class vesper.options.data.prepare.folder
---@field csv? string default products.csv
---@field image? string default images/{id}.jpg
---@field title? string default title
---@field label? any default label
---@field id? string default id
---@field split? string
---@field size? any default 64
---@field min_count? integer default 2
---@field max_words? integer default 16
---@field seed? integer default 1
---@field without_label_words? any default false
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field apply_exif_orientation? boolean default false
---@field compress? integer default 0
---@field name? string
---@field source? string
---@field progress? function

---Writes a folder of images with a CSV table as a vesper HDF5 file. title, label, id and split are
---names of columns; label = false: no classes. Rows with the same image are one image with several
---captions. Without split, images are split 80/10/10 by seed, and images with the same title,
---except for case, punctuation and spaces, or with the same bytes share a split.
---without_label_words takes the words of the row's label out of its captions, in singular and
---plural (true), or those of the row's values in a list of columns, or those of all labels ("all").
---Returns counts by name, as every preparer does; tostring(counts) is a line of text: images by
---split, captions, classes, words, what is left out and why. A split that should have images and
---has none is reported as a warning.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.folder
---@return table?
---@return string? message
function vs.data.prepare.folder(folder, out, options) end

---@class vesper.options.data.prepare.emoji
---@field size? any default 64
---@field keywords? integer default 4
---@field min_count? integer default 2
---@field max_words? integer default 16
---@field min_class? integer default 10
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field compress? integer default 0
---@field name? string default emoji
---@field source? string
---@field progress? function

---Writes the images, names and keywords of the Debian package ruby-gemojione, unpacked below
---folder, as a vesper HDF5 file. Returns counts by name.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.emoji
---@return table?
---@return string? message
function vs.data.prepare.emoji(folder, out, options) end

---@class vesper.options.data.prepare.openclipart
---@field size? any default 64
---@field keywords? integer default 4
---@field min_count? integer default 2
---@field max_words? integer default 16
---@field min_class? integer default 10
---@field max_title? integer
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field compress? integer default 0
---@field name? string default openclipart
---@field source? string
---@field progress? function

---Writes the drawings of the Debian packages openclipart-png and openclipart-svg, unpacked below
---folder, as a vesper HDF5 file. The class is the topmost folder, the caption is title and
---keywords; drawings with the same title share a split. max_title: the maximal number of drawings
---per title. Returns counts by name.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.openclipart
---@return table?
---@return string? message
function vs.data.prepare.openclipart(folder, out, options) end

---@class vesper.options.data.prepare.visual_genome
---@field images? integer default 7034
---@field regions? integer default 5
---@field classes? integer default 20
---@field objects? integer default 100
---@field attributes? integer default 50
---@field test? number default 0.1
---@field val? number default 0.2
---@field size? any default 64
---@field min_count? integer default 2
---@field max_words? integer default 16
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field apply_exif_orientation? boolean default false
---@field compress? integer default 0
---@field name? string default visual_genome
---@field source? string
---@field progress? function

---Writes a vesper HDF5 file from Visual Genome's JSON files, which are streamed, for a subset of
---images chosen by seed. Captions are region phrases, boxes their regions; the class is the image's
---most frequent object; tags are its objects and attributes. Returns counts by name.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.visual_genome
---@return table?
---@return string? message
function vs.data.prepare.visual_genome(folder, out, options) end

---@class vesper.options.data.prepare.inshop
---@field val? number default 0.2
---@field boxes? boolean default true
---@field landmarks? boolean default true
---@field size? any default 64
---@field min_count? integer default 2
---@field max_words? integer default 32
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field apply_exif_orientation? boolean default false
---@field compress? integer default 0
---@field name? string default inshop
---@field source? string
---@field progress? function

---Writes DeepFashion In-shop, a folder with Anno, Eval and Img, as a vesper HDF5 file with splits
---train, val, query and gallery, items, boxes and eight landmarks. Returns counts by name.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.inshop
---@return table?
---@return string? message
function vs.data.prepare.inshop(folder, out, options) end

---@class vesper.options.data.prepare.fashiongen
---@field text? string default both
---@field val? number default 0.2
---@field size? any default 64
---@field min_count? integer default 2
---@field max_words? integer default 32
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field compress? integer default 0
---@field name? string default fashiongen
---@field source? string
---@field progress? function

---Writes Fashion-Gen's two HDF5 files as one vesper file: the first is split into train and val by
---product, the second is test; rows of the first with a product or a text of the second are left
---out. text: name, description or both. Returns counts by name.
---@param train string
---@param validation string
---@param out string
---@param options? vesper.options.data.prepare.fashiongen
---@return table?
---@return string? message
function vs.data.prepare.fashiongen(train, validation, out, options) end

---@class vesper.options.data.prepare.karpathy
---@field captions? integer default 5
---@field restval? "train"|"val"|"test"|"restval" default train
---@field size? any default 64
---@field min_count? integer default 2
---@field max_words? integer default 32
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field apply_exif_orientation? boolean default false
---@field compress? integer default 0
---@field name? string
---@field source? string
---@field progress? function

---Writes dataset_flickr8k.json, dataset_flickr30k.json or dataset_coco.json and the images in
---folder as a vesper HDF5 file with Karpathy's splits, without classes. Returns counts by name.
---@param json string
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.karpathy
---@return table?
---@return string? message
function vs.data.prepare.karpathy(json, folder, out, options) end

---@class vesper.options.data.prepare.coco
---@field splits? any
---@field test? number default 0
---@field captions? integer default 5
---@field images? boolean default true
---@field features? any
---@field half? boolean default false
---@field size? any default 64
---@field min_count? integer default 2
---@field max_words? integer default 32
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field skip_broken? boolean default false
---@field compress? integer default 0
---@field name? string default coco
---@field source? string
---@field progress? function

---Writes COCO's own caption files, annotations/captions_train2017.json and captions_val2017.json or
---those of 2014, with the images in folder as a vesper HDF5 file, without classes. splits: {split =
---path of a caption file in the folder}. test: the fraction of val's images that become test, by
---seed. features: {split = path of a .npy file} [N,D] or [N,R,D], rows in the order of the file's
---images, beside the images or, with images = false, in their place. Returns counts by name.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.coco
---@return table?
---@return string? message
function vs.data.prepare.coco(folder, out, options) end

---@class vesper.options.data.prepare.precomputed
---@field splits? any
---@field captions? integer default 5
---@field repeated? boolean
---@field dev? any default 5000
---@field boxes? boolean default true
---@field half? boolean default false
---@field min_count? integer default 4
---@field max_words? integer default 32
---@field seed? integer default 1
---@field vectors? string|vesper.WordVectors
---@field compress? integer default 0
---@field name? string
---@field source? string
---@field progress? function

---Writes the precomputed features of VSE++ and SCAN (train_ims.npy [N,D] or [N,R,D],
---train_caps.txt, ...) as a vesper HDF5 file; arrays are mapped and read row by row. splits =
---{train = 'train', val = 'dev', test = 'test'}: the prefixes of the files. repeated: whether the
---arrays repeat each image for each of its captions; default: decided by the ids or the rows. dev:
---how many captions of dev to take, false for all. Returns counts by name.
---@param folder string
---@param out string
---@param options? vesper.options.data.prepare.precomputed
---@return table?
---@return string? message
function vs.data.prepare.precomputed(folder, out, options) end

---@class vesper.options.Dataset.batch
---@field fields? any[]

---The batch of these samples: a list or an int64 tensor [B], from 1 or negative from the end.
---fields: the names of the fields to read, as for data.Loader. set[i] is one sample, #set the
---number of samples. print(batch) lists the fields.
---@param samples any
---@param epoch? integer default 0
---@param options? vesper.options.Dataset.batch
---@return table
---@overload fun(self, samples, o: vesper.options.Dataset.batch): table
function Dataset:batch(samples, epoch, options) end

---The names of the fields of the set's batches.
---@return any[]
function Dataset:fields() end

---@class vesper.options.Dataset.view
---@field captions? "all"|"first"|"random"
---@field seed? integer

---The same data set with another mode of captions, or another seed for random ones, on the same
---open file. Either may be closed before the other.
---@param options? vesper.options.Dataset.view
---@return vesper.Dataset
function Dataset:view(options) end

---The paths of its files, in the order of their samples.
---@return any[]
function Dataset:files() end

---{{left, right}, ...}: the landmarks that are exchanged where an image is mirrored.
---@return any[]
function Dataset:landmark_pairs() end

---The class names; label l is entry l.
---@return any[]
function Dataset:classes() end

---The tag names; column g of a batch's tags is entry g.
---@return any[]
function Dataset:tags() end

---Words in the order of their ids: text.Vocab.new(set:vocab()).
---@return any[]
function Dataset:vocab() end

---Word vectors float32 [V,D], if the file has them.
---@return vesper.Tensor|nil
function Dataset:vectors() end

---The file's attributes.
---@return table
function Dataset:attrs() end

---All captions of the sample's image.
---@param i integer
---@return any[]
function Dataset:captions(i) end

---The sample's own caption.
---@param i integer
---@return string|nil
function Dataset:text(i) end

---The id of the sample's image in its source.
---@param i integer
---@return string|nil
function Dataset:id(i) end

---for batch in loader:batches(): an independent epoch, for nested loops.
---@return function
function Loader:batches() end

---A loader of that part of the samples, as by the options rank and ranks, at the same epoch.
---blocks: of the samples in order, cut into ranks parts that differ by one at most.
---@param rank integer
---@param ranks integer
---@param blocks? boolean default false
---@return vesper.Loader
function Loader:part(rank, ranks, blocks) end

---{seed, epoch, batch}: epochs started, batches returned in the current one; and the settings that
---determine the batches: samples, batch_size, shuffle, drop_last, chunks, crop, flip, jitter,
---erase, captions, fields ("tokens,label", or "all").
---@return table
function Loader:state() end

---The next loop continues where the state was taken. An error if a setting in the state differs
---from the loader's.
---@param state table
function Loader:load_state(state) end

---Stops the workers; the next loop starts a new epoch.
function Loader:close() end

---Adds an image. item has image uint8 [3,H,W] or image_bytes (an encoded JPEG or PNG), label from
---1, item (the number, from 1, of the thing shown, the same in all splits), tags (a list of
---positions in the Writer's tags), id, captions (texts, or {text, tokens}), landmark [K,3], regions
---[R,D], boxes [R,4] (also without regions), feature [D]. The image may be omitted if there are
---regions or a feature.
---@param split string
---@param item table
---@return true?
---@return string? message
function Writer:add(split, item) end

---The number of images added to a split.
---@param split string
---@return integer
function Writer:count(split) end

---The paths of the files that it writes, so far.
---@return any[]
function Writer:files() end

---Finishes the files and moves them to their paths; without close no file is left. Of shards, files
---with the next numbers, of an older set, are removed.
---@return true?
---@return string? message
function Writer:close() end

---@class vesper.options.text.tokenize
---@field invalid? "error"|"replace" default error

---Lower-case words of a UTF-8 text: letters, digits and apostrophes. invalid: invalid UTF-8 is an
---error or is replaced.
---@param s string
---@param options? vesper.options.text.tokenize
---@return any[]
function vs.text.tokenize(s, options) end

---@class vesper.options.text.Vocab.build
---@field min_count? integer default 1
---@field max_size? integer
---@field invalid? "error"|"replace" default error

---<pad> (id 1), <unk> (id 2), then the words of the texts, most frequent first.
---@param texts any[]
---@param options? vesper.options.text.Vocab.build
---@return vesper.Vocab
function vs.text.Vocab.build(texts, options) end

---From words in the order of their ids; the first two must be <pad> and <unk>.
---@param words any[]
---@return vesper.Vocab
function vs.text.Vocab.new(words) end

---Reads GloVe's text format, .vec, word2vec's .bin, or a fastText .bin, which also gives vectors
---for unknown words from their n-grams.
---@param path string
---@return vesper.WordVectors?
---@return string? message
function vs.text.WordVectors(path) end

---@class vesper.options.text.WordPiece
---@field lowercase? boolean
---@field strip_accents? boolean
---@field max_len? integer default 512
---@field invalid? "error"|"replace" default error

---BERT's tokenizer, from vocab.txt, tokenizer.json, or a list of the pieces. lowercase: by default
---as tokenizer.json says, else true; strip_accents: by default as lowercase. Devlin et al. 2019.
---@param path any
---@param options? vesper.options.text.WordPiece
---@return vesper.WordPiece?
---@return string? message
function vs.text.WordPiece(path, options) end

---@class vesper.options.Vocab.encode
---@field max_len? integer
---@field invalid? "error"|"replace" default error

---Ids int64 [T]; unknown words are <unk>.
---@param s string
---@param options? vesper.options.Vocab.encode
---@return vesper.Tensor
function Vocab:encode(s, options) end

---@class vesper.options.Vocab.encode_batch
---@field max_len? integer
---@field invalid? "error"|"replace" default error

---tokens int64 [B,T], padded with 1, and lengths int64 [B].
---@param texts any[]
---@param options? vesper.options.Vocab.encode_batch
---@return vesper.Tensor
---@return vesper.Tensor
function Vocab:encode_batch(texts, options) end

---The words of ids [T], without padding.
---@param ids vesper.Tensor
---@return string
function Vocab:decode(ids) end

---The id of a word.
---@param word string
---@return integer|nil
function Vocab:id(word) end

---The word of an id; an error for an unknown id. #vocab is the number of words.
---@param id integer
---@return string
function Vocab:word(id) end

---The words in the order of their ids.
---@return any[]
function Vocab:words() end

---How often the word occurred in the texts; nil unless built from texts.
---@param word string
---@return integer|nil
function Vocab:count(word) end

---The size of a vector. #vectors is the number of words.
---@return integer
function WordVectors:dim() end

---float32 [D].
---@param word string
---@return vesper.Tensor|nil
function WordVectors:vector(word) end

---Whether the word has a vector.
---@param word string
---@return boolean
function WordVectors:has(word) end

---@class vesper.options.WordVectors.matrix
---@field scale? number default 0.1
---@field seed? integer

---float32 [V,D] for nn.Embedding.from_pretrained, and the number of words found. Rows of other
---words are normal with standard deviation scale; padding is 0.
---@param vocab vesper.Vocab
---@param options? vesper.options.WordVectors.matrix
---@return vesper.Tensor
---@return integer
function WordVectors:matrix(vocab, options) end

---{word, score} by cosine, best first.
---@param word string
---@param k? integer default 10
---@return any[]?
---@return string? message
function WordVectors:nearest(word, k) end

---The pieces, without [CLS] and [SEP].
---@param s string
---@return any[]
function WordPiece:tokenize(s) end

---@class vesper.options.WordPiece.encode
---@field pair? string
---@field max_len? integer

---ids int64 [T] with [CLS] and [SEP], and types int64 [T]: 1 for the first text, 2 for the second.
---@param s string
---@param options? vesper.options.WordPiece.encode
---@return vesper.Tensor
---@return vesper.Tensor
function WordPiece:encode(s, options) end

---@class vesper.options.WordPiece.encode_batch
---@field pairs? any[]
---@field max_len? integer

---ids int64 [B,T], mask bool [B,T], lengths int64 [B], types int64 [B,T].
---@param texts any[]
---@param options? vesper.options.WordPiece.encode_batch
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function WordPiece:encode_batch(texts, options) end

---@class vesper.options.WordPiece.decode
---@field special? boolean default false

---The text of ids [T]; special keeps [CLS], [SEP], [PAD].
---@param ids vesper.Tensor
---@param options? vesper.options.WordPiece.decode
---@return string
function WordPiece:decode(ids, options) end

---The pieces in the order of their ids.
---@return any[]
function WordPiece:tokens() end

---{lowercase, strip_accents, max_len, invalid}, as options of text.WordPiece.
---@return table
function WordPiece:settings() end

---The id of a piece.
---@param token string
---@return integer|nil
function WordPiece:id(token) end

---The piece of an id; an error for an unknown id.
---@param id integer
---@return string
function WordPiece:token(id) end

---@class vesper.options.image.load
---@field channels? integer default 3
---@field background? any[] default white
---@field apply_exif_orientation? boolean default false

---A JPEG, PNG, BMP or GIF as [channels,H,W]: 1 grey, 3 RGB, 4 RGBA. Transparent pixels are blended
---with background; of 16 bits the high byte counts. apply_exif_orientation: the picture is turned
---and mirrored as its EXIF data says, as by PIL's exif_transpose; without it, as in PIL and
---torchvision, it is as stored. Returns nil and a message for what is damaged, of another format,
---or above the limit of set_max_pixels.
---@param path string
---@param options? vesper.options.image.load
---@return vesper.Tensor?
---@return string? message
function vs.image.load(path, options) end

---@class vesper.options.image.load_batch
---@field channels? integer default 3
---@field background? any[] default white
---@field apply_exif_orientation? boolean default false
---@field workers? integer

---Picture files, decoded by several threads and resized to {height, width} by the bilinear filter:
---uint8 [N,channels,height,width]. workers: the number of threads, default vs.get_num_threads().
---@param paths any[]
---@param size any[]
---@param options? vesper.options.image.load_batch
---@return vesper.Tensor?
---@return string? message
function vs.image.load_batch(paths, size, options) end

---@class vesper.options.image.decode
---@field channels? integer default 3
---@field background? any[] default white
---@field apply_exif_orientation? boolean default false

---image.load for a file's bytes in memory.
---@param bytes string
---@param options? vesper.options.image.decode
---@return vesper.Tensor?
---@return string? message
function vs.image.decode(bytes, options) end

---@class vesper.options.image.info
---@field apply_exif_orientation? boolean default false

---{width, height, channels} without decoding: channels are those stored, 2 and 4 with transparency.
---@param path string
---@param options? vesper.options.image.info
---@return table?
---@return string? message
function vs.image.info(path, options) end

---Sets how many pixels a picture may have that any function of this process decodes, workers of
---loaders too (PIL's MAX_IMAGE_PIXELS): 67108864 at first, at most 2^28. The size is checked before
---memory is requested.
---@param pixels integer
function vs.image.set_max_pixels(pixels) end

---The limit of set_max_pixels.
---@return integer
function vs.image.get_max_pixels() end

---@class vesper.options.image.save
---@field quality? integer default 90

---Writes .png or .jpg, by the extension; quality 1..100 is for JPEG.
---@param path string
---@param picture vesper.Tensor
---@param options? vesper.options.image.save
---@return true?
---@return string? message
function vs.image.save(path, picture, options) end

---@class vesper.options.image.encode
---@field quality? integer default 90

---The bytes that image.save would write.
---@param picture vesper.Tensor
---@param format "png"|"jpg"
---@param options? vesper.options.image.encode
---@return string
function vs.image.encode(picture, format, options) end

---Resized to {height, width}; filter is nearest, box, bilinear, bicubic or lanczos, with
---antialiasing.
---@param picture vesper.Tensor
---@param size any[]
---@param filter? string default bilinear
---@return vesper.Tensor
function vs.image.resize(picture, size, filter) end

---A copy of the part of this size whose top left corner is x, y.
---@param picture vesper.Tensor
---@param x integer
---@param y integer
---@param size any[]
---@return vesper.Tensor
function vs.image.crop(picture, x, y, size) end

---A copy mirrored left to right.
---@param picture vesper.Tensor
---@return vesper.Tensor
function vs.image.flip(picture) end

---A new image [3,H,W] of one colour {r, g, b}, 0..255.
---@param size any[]
---@param color? any[] default white
---@return vesper.Tensor
function vs.image.canvas(size, color) end

---@class vesper.options.image.draw_text
---@field scale? integer default 1
---@field color? any[] default black

---Draws text with its top left corner at x, y, in place; returns the image.
---@param picture vesper.Tensor
---@param x integer
---@param y integer
---@param text string
---@param options? vesper.options.image.draw_text
---@return vesper.Tensor
function vs.image.draw_text(picture, x, y, text, options) end

---Width and height in pixels of a text that draw_text draws.
---@param text string
---@param scale? integer default 1
---@return integer
---@return integer
function vs.image.text_size(text, scale) end

---@class vesper.options.image.draw_box
---@field color? any[] default black
---@field frame? integer default 0

---Draws a filled box, or with frame > 0 a frame of this thickness, in place; returns the image.
---@param picture vesper.Tensor
---@param x integer
---@param y integer
---@param size any[]
---@param options? vesper.options.image.draw_box
---@return vesper.Tensor
function vs.image.draw_box(picture, x, y, size, options) end

---Copies another image to x, y, in place; returns the image.
---@param picture vesper.Tensor
---@param other vesper.Tensor
---@param x integer
---@param y integer
---@return vesper.Tensor
function vs.image.paste(picture, other, x, y) end

---@class vesper.options.image.grid
---@field columns? integer
---@field padding? integer default 2
---@field background? any[] default white

---One image of many, row by row, in cells of the largest size; nearly square unless columns is
---given.
---@param pictures any[]
---@param options? vesper.options.image.grid
---@return vesper.Tensor
function vs.image.grid(pictures, options) end

---@class vesper.options.io.csv
---@field delimiter? string default ,

---for row in io.csv(path): row is {column = text}; the first line has the column names. An invalid
---row is an error.
---@param path string
---@param options? vesper.options.io.csv
---@return vesper.CsvReader?
---@return string? message
function vs.io.csv(path, options) end

---@class vesper.options.io.csv_rows
---@field delimiter? string default ,

---A list of all rows, and the column names.
---@param path string
---@param options? vesper.options.io.csv_rows
---@return any[]?
---@return string? message
---@return any[]
function vs.io.csv_rows(path, options) end

---The column names. reader() returns the next row, nil at the end.
---@return any[]
function CsvReader:columns() end

---The number of the last line read.
---@return integer
function CsvReader:line() end

---Closes the file.
function CsvReader:close() end

---JSON as Lua values: objects and arrays are tables, null is io.null.
---@param text string
---@return any?
---@return string? message
function vs.io.json_decode(text) end

---json_decode of a file.
---@param path string
---@return any?
---@return string? message
function vs.io.json_load(path) end

---@class vesper.options.io.json_items
---@field key? string

---for element in io.json_items(path): the elements of a file that is one array, or of the array
---under key of an object. Keeps one element in memory (at most 64 MiB of text). An invalid file is
---an error that names element and byte. items() returns the next element, nil at the end.
---@param path string
---@param options? vesper.options.io.json_items
---@return vesper.JsonItems?
---@return string? message
function vs.io.json_items(path, options) end

---The next element, nil at the end; nil and a message if the file is invalid.
---@return any?
---@return string? message
function JsonItems:read() end

---Closes the file.
function JsonItems:close() end

---Opens any HDF5 file to read parts of its data sets; data.open reads vesper's own format.
---@param path string
---@return vesper.H5File?
---@return string? message
function vs.io.h5(path) end

---{kind, shape, bytes} of a data set: kind is integers, booleans (numpy's bool), numbers, strings
---or other; bytes is the size of an element; partial is true where only a part of it was written.
---The shape of a scalar is {}.
---@param name string
---@return table?
---@return string? message
function H5File:info(name) end

---Rows first to last: a tensor (uint8; int64 of all other integers; bool; float32), or for strings
---of shape [N] or [N,1] a list of their bytes, without what fills up those of fixed length. Links
---inside the file are followed. An integer above 2^63-1 is refused. Rows that were never written
---are the data set's fill value. A scalar is one row and gives a tensor without dimensions.
---@param name string
---@param first? integer default 1
---@param last? integer
---@return any?
---@return string? message
function H5File:read(name, first, last) end

---Closes the file.
function H5File:close() end

---@class vesper.options.io.json_encode
---@field indent? integer default 0

---JSON with sorted keys, on one line unless indented.
---@param value any
---@param options? vesper.options.io.json_encode
---@return string
function vs.io.json_encode(value, options) end

---@class vesper.options.io.json_save
---@field indent? integer default 0

---Writes json_encode's result to a file.
---@param path string
---@param value any
---@param options? vesper.options.io.json_save
---@return true?
---@return string? message
function vs.io.json_save(path, value, options) end

---Marks a table as an array, so that it is written as [] even if it is empty; returns it.
---@param list any[]
---@return any[]
function vs.io.array(list) end

---The texts of an XML file: {name, text} for every element with text of its own, in the order of
---the end tags. name is the path of elements without namespace prefixes
---("svg/metadata/RDF/Work/title"). Reads no other file; at most 1 MiB of text.
---@param path string
---@return any[]?
---@return string? message
function vs.io.xml_texts(path) end

---JSON's null.
---@type any
vs.io.null = nil

---Percent of correct predictions; predictions are logits [B,C] or classes int64 [B].
---@param predictions vesper.Tensor
---@param labels vesper.Tensor
---@return number
function vs.metrics.accuracy(predictions, labels) end

---int64 [count,count]: rows are labels, columns predictions.
---@param predictions vesper.Tensor
---@param labels vesper.Tensor
---@param count integer
---@return vesper.Tensor
function vs.metrics.confusion(predictions, labels, count) end

---@class vesper.options.metrics.retrieval
---@field image_of? vesper.Tensor
---@field folds? integer default 1
---@field bank? table
---@field beta? number default 10

---Recall by cosine similarity of images v [N,D] and texts t [M,D]: r.i2t and r.t2i with r1, r5, r10
---in percent, medr, meanr; r.rsum; r.protocol describes the protocol. image_of int64 [M]: the image
---of each text. folds = 5: the mean over five parts of the images, each with its own texts (COCO's
---1K protocol); r.folds has the parts, r.whole the result over all images. bank = {v, t}: other
---images and texts; a score is then cosine - log(sum over the bank of exp(beta cosine)) / beta,
---which lowers items that are near every query (inverted softmax, Smith et al., ICLR 2017, over a
---query bank, Bogolin et al., CVPR 2022).
---@param v vesper.Tensor
---@param t vesper.Tensor
---@param options? vesper.options.metrics.retrieval
---@return table
function vs.metrics.retrieval(v, t, options) end

---@class vesper.options.metrics.retrieval_of_scores
---@field image_of? vesper.Tensor
---@field folds? integer default 1

---The same for scores [N,M] of N images and M texts that are not products of embeddings, such as
---those of cross-attention or of a re-ranker. scores is a tensor, or a function(first, last) that
---returns the rows of images first..last.
---@param scores any
---@param options? vesper.options.metrics.retrieval_of_scores
---@return table
function vs.metrics.retrieval_of_scores(scores, options) end

---@class vesper.options.metrics.retrieval_ranks
---@field image_of? vesper.Tensor
---@field bank? table
---@field beta? number default 10

---The ranks that metrics.retrieval counts, from 1: {i2t = int64 [N], the rank of each image's own
---(best) text; t2i = int64 [M], the rank of each text's image}.
---@param v vesper.Tensor
---@param t vesper.Tensor
---@param options? vesper.options.metrics.retrieval_ranks
---@return table
function vs.metrics.retrieval_ranks(v, t, options) end

---The result of metrics.retrieval on one line.
---@param r table
---@return string
function vs.metrics.format(r) end

---Recall by cosine similarity of gallery images [N,D] that show the item of a query image [Q,D]:
---r.r1, r5, r10, r20, r50 in percent; r.n, the number of queries; r.missing, the number of queries
---whose item is not in the gallery (they count as wrong); r.protocol describes the protocol.
---@param v_query vesper.Tensor
---@param item_query vesper.Tensor
---@param v_gallery vesper.Tensor
---@param item_gallery vesper.Tensor
---@return table
function vs.metrics.item_retrieval(v_query, item_query, v_gallery, item_gallery) end

---The rows of gallery [N,D] with the largest cosine to each query [Q,D]: indices int64 [Q,k] and
---cosines [Q,k].
---@param queries vesper.Tensor
---@param gallery vesper.Tensor
---@param k integer
---@return vesper.Tensor
---@return vesper.Tensor
function vs.metrics.topk(queries, gallery, k) end

---@class vesper.options.plot.lines
---@field title? string
---@field x_label? string
---@field y_label? string
---@field width? integer default 720
---@field height? integer default 430
---@field y_min? number
---@field y_max? number

---Writes a line chart as SVG; a series is {name, y = list, x = list?}.
---@param path string
---@param series any[]
---@param options? vesper.options.plot.lines
---@return true?
---@return string? message
function vs.plot.lines(path, series, options) end

---@class vesper.options.plot.contact_sheet
---@field title? string
---@field note? string
---@field size? integer default 104

---Writes a grid of images with one row per query: {caption, images = {{image, correct?, label?},
---...}}. Correct images have a green frame, others a red one.
---@param path string
---@param rows any[]
---@param options? vesper.options.plot.contact_sheet
---@return true?
---@return string? message
function vs.plot.contact_sheet(path, rows, options) end

---@class vesper.options.plot.attention
---@field title? string
---@field note? string
---@field size? integer default 112
---@field columns? integer default 8

---Writes attention maps. A row is {image, words, weights [T,R], grid = {height, width}}: the image,
---then one panel per word, coloured where its weights are large.
---@param path string
---@param rows any[]
---@param options? vesper.options.plot.attention
---@return true?
---@return string? message
function vs.plot.attention(path, rows, options) end

---@class vesper.options.plot.confusion
---@field title? string

---Writes counts int64 [C,C] of metrics.confusion as SVG; a cell's shade is its fraction.
---@param path string
---@param counts vesper.Tensor
---@param classes any[]
---@param options? vesper.options.plot.confusion
---@return true?
---@return string? message
function vs.plot.confusion(path, counts, classes, options) end

---A table as text; for LaTeX a tabular without packages. A column is {key, title}; absent values
---become "-".
---@param columns any[]
---@param rows any[]
---@param format? "text"|"markdown"|"csv"|"latex"|"html" default text
---@return string
function vs.report.table(columns, rows, format) end

---A text escaped for the format: "50 %" is "50 \%" in LaTeX.
---@param text string
---@param format? "text"|"markdown"|"csv"|"latex"|"html" default text
---@return string
function vs.report.escape(text, format) end

---The columns of a comparison of models, retrieval first; report.row fills them.
---@type any[]
vs.report.columns = nil

---One row from the results of train.evaluate on validation and test; fields of extra are added.
---@param name string
---@param val table
---@param test table
---@param extra? table
---@return table
function vs.report.row(name, val, test, extra) end

---Writes curves by epoch as SVG with plot.lines; each of histories is {name, history = the result
---of train.fit, value = function(entry)}.
---@param path string
---@param histories any[]
---@param options? table
---@return true?
---@return string? message
function vs.report.curves(path, histories, options) end

---@class vesper.options.report.retrieved
---@field image_of? vesper.Tensor
---@field title? string
---@field note? string
---@field size? integer

---report.found with the k images nearest to the embedding of each caption, given by its position in
---the set. v [N,D], t [M,D] and image_of [M] are as train.evaluate returns them.
---@param path string
---@param set vesper.Dataset
---@param v vesper.Tensor
---@param t vesper.Tensor
---@param captions any[]
---@param k integer
---@param options? vesper.options.report.retrieved
---@return true?
---@return string? message
function vs.report.retrieved(path, set, v, t, captions, k, options) end

---@class vesper.options.report.found
---@field title? string
---@field note? string
---@field size? integer

---Writes a sheet of retrieved images. pictures: a data set, or a list of paths or of tensors uint8
---[3,H,W]; captions: strings, or positions in the set, whose own image gets a green frame; found:
---for each caption the positions of pictures, best first, such as the result of metrics.topk. A
---path that ends in .html becomes a page without further files, .png or .jpg a picture as of
---plot.contact_sheet.
---@param path string
---@param pictures any
---@param captions any[]
---@param found any
---@param options? vesper.options.report.found
---@return true?
---@return string? message
function vs.report.found(path, pictures, captions, found, options) end

---Writes the attention of words over image regions with plot.attention, for samples of a set and a
---model with attention_map. A path that ends in .html becomes a page.
---@param path string
---@param set vesper.Dataset
---@param model vesper.Module
---@param samples any[]
---@param options? table
---@return true?
---@return string? message
function vs.report.attention(path, set, model, samples, options) end

---Writes plot.confusion of a result of train.evaluate.
---@param path string
---@param result table
---@param classes any[]
---@param options? table
---@return true?
---@return string? message
function vs.report.confusion(path, result, classes, options) end

---Writes an HTML page that needs no network. A section is {title =, parts ...}, a part {text =},
---{table = {columns =, rows =}}, {tables = list of such}, {terms = {{term, description}, ...}},
---{picture = path in the folder, words =} or {sheet = rows of plot.contact_sheet, words =}.
---@param folder string
---@param name string
---@param title string
---@param sections any[]
---@return true?
---@return string? message
function vs.report.page(folder, name, title, sections) end

---Writes text to folder/name.
---@param folder string
---@param name string
---@param text string
---@return true?
---@return string? message
function vs.report.write(folder, name, text) end

---@class vesper.options.experiment.run
---@field folder? string
---@field rows? any[]
---@field seeds? any[]
---@field epochs? integer
---@field loaders? function
---@field optimizer? function
---@field schedule? function
---@field schedule_per? "epoch"|"batch" default epoch
---@field score? function
---@field clip? any default 2
---@field patience? integer
---@field tune? any[]
---@field folds? integer
---@field fold_size? integer default 1000
---@field data? string|string[]
---@field settings? table
---@field evaluate? function
---@field quiet? boolean default false

---Trains each row with each seed by train.fit, one folder per run below folder/runs. Skips finished
---runs and resumes interrupted ones from their checkpoints, with the same numbers. A row is {name,
---make = function(seed, setting) -> model, options = what identifies the row}, or {name, missing =
---reason}. tune is a list of settings, tables of plain values such as {rate = 1e-3}: each row is
---trained with each of them and the first seed, and the one with the best score on validation is
---the row's setting for all seeds; make, optimizer and schedule are given it as their last
---argument. loaders(seed) returns {train, val, test}; optimizer(model) and schedule(optimizer)
---return train.fit's options; evaluate(model, loaders) returns what train.evaluate does, for the
---test set. Each run is tested once, with its best weights on validation. An error if a run in the
---folder was started with different epochs, patience, settings, options or data. Without folds,
---retrieval on a test set of at least 5 * fold_size images is also the mean over parts of fold_size
---images. Returns the results, seed by seed: {row, seed, val, test, history, best_epoch, epochs,
---parameters, learning (parameters that are not frozen), tensors (their number), seconds, run,
---...}.
---@param options? vesper.options.experiment.run
---@return any[]
function vs.experiment.run(options) end

---The number of parts of size images in the loader's set, for the folds of train.evaluate; 1 where
---there are fewer than five, or where size is 0.
---@param loader any
---@param size integer
---@return integer
function vs.experiment.parts(loader, size) end

---@class vesper.options.experiment.report
---@field folder? string
---@field results? any[]
---@field rows? any[]
---@field loaders? function
---@field sets? table
---@field title? string
---@field reference? string
---@field samples? integer default 6
---@field pictures? boolean default true
---@field sheets? any[]

---Writes the files of experiment.write, figures for the models of the first seed (confusion,
---retrieval, attention), and index.html with all of them; a row may say what it is, about = text.
---Returns the rows and the protocol.
---@param options? vesper.options.experiment.report
---@return any[]
---@return any[]
function vs.experiment.report(options) end

---Writes table.txt, .md, .csv and .tex with the protocol, runs.csv with one line per run, and
---curves.svg. sizes = {train, val, test}; options: those of experiment.compare. Returns the rows,
---whose field compared is the result of experiment.compare, and the protocol.
---@param folder string
---@param results any[]
---@param sizes table
---@param options? table
---@return any[]
---@return any[]
function vs.experiment.write(folder, results, sizes, options) end

---@class vesper.options.experiment.compare
---@field reference? string
---@field resamples? integer default 2000
---@field seed? integer default 1
---@field level? number default 0.95

---Bootstrap intervals of the rows' figures over the test images, and their differences from a
---reference row (default: VSE) with paired tests over the seeds: one entry per row, {model, f_low,
---f_high, f_difference, f_difference_deviation, f_difference_low, f_difference_high, f_pairs, f_t,
---f_p, f_p_sign} for figures f of report.columns (differences: rsum, test, image). The rows'
---resamples are the same.
---@param results any[]
---@param options? vesper.options.experiment.compare
---@return any[]
function vs.experiment.compare(results, options) end

---The comparison below a table: {columns, rows} for report.table, and sentences; nil where there is
---nothing to show.
---@param rows any[]
---@return table?
---@return string? message
---@return any[]|nil
function vs.experiment.compared(rows) end

---The paired t-test of two lists of figures: {n, mean, deviation, t, p} of their differences, p
---two-sided with n - 1 degrees of freedom; of one pair {n, mean}.
---@param a any[]
---@param b any[]
---@return table
function vs.experiment.paired_t_test(a, b) end

---The exact permutation test of the signs of the differences of at most 20 pairs: its two-sided p,
---and the smallest that n pairs can have, 2 / 2^n.
---@param a any[]
---@param b any[]
---@return number
---@return number
function vs.experiment.sign_flip_test(a, b) end

---The t above which a two-sided test with df degrees of freedom has p < level.
---@param df integer
---@param level number
---@return number
function vs.experiment.critical_t(df, level) end

---@class vesper.options.experiment.bootstrap
---@field resamples? integer default 2000
---@field seed? integer default 1

---Sums of the rows of x [N,K] over samples of N rows drawn with replacement: [resamples,K]. The
---draws depend only on seed and N.
---@param x vesper.Tensor
---@param options? vesper.options.experiment.bootstrap
---@return vesper.Tensor
function vs.experiment.bootstrap(x, options) end

---The percentile interval of a list of numbers.
---@param list any[]
---@param level? number default 0.95
---@return number
---@return number
function vs.experiment.interval(list, level) end

---Rows for report.table: mean and standard deviation over the seeds as text; .mean and .deviation
---have the numbers.
---@param results any[]
---@return any[]
function vs.experiment.summary(results) end

---The columns of report.table in which some row has a value, and rsum of parts.
---@param rows any[]
---@return any[]
function vs.experiment.columns(rows) end

---Mean validation accuracy (rsum, where there are no labels) by epoch, one curve per row, for
---report.curves; and which of the two.
---@param results any[]
---@return any[]
---@return string
function vs.experiment.curves(results) end

---Sentences on data, seeds, epochs, the choice of the epoch and the meaning of the columns.
---@param results any[]
---@param sizes table
---@return any[]
function vs.experiment.protocol(results, sizes) end

---The table, the protocol, the comparison of rows from experiment.write and the published figures.
---@param rows any[]
---@param protocol any[]
---@param format? "text"|"markdown"|"latex"|"html" default text
---@return string
function vs.experiment.text(rows, protocol, format) end

---The figures of one result by the keys of report.columns.
---@param result table
---@return table
function vs.experiment.figures(result) end

---Mean and standard deviation (over n - 1) of numbers; the deviation of one number is nil.
---@param list any[]
---@return number
---@return number|nil
function vs.experiment.mean(list) end

---The folder of a run; its best.safetensors has the weights.
---@param folder string
---@param name string
---@param seed integer
---@return string
function vs.experiment.folder(folder, name, seed) end

---{name, bytes, checksum} of a file: FNV-1a over words of eight bytes. Of the files that a pattern
---or list names: the sum of their bytes, a checksum of theirs, and their number as files.
---@param path string|string[]
---@return table?
---@return string? message
function vs.experiment.fingerprint(path) end

---The published figures to show below these rows; nil where no row has an accuracy.
---@param rows any[]
---@return any[]?
---@return string? message
function vs.experiment.quoted(rows) end

---Published figures {model, val, test} shown below a table; .note gives their source.
---@type any[]
vs.experiment.published = nil

---Classification of the image alone: {classes, width = 256, channels = {32, 64, 128, 256}, hidden =
---width, dropout = 0.2, norm = true: a layer norm of v before the classifier}. Called with a batch
---it returns {v [B,D], logits [B,C], image_logits}.
---Called with (batch).
---@param options table
---@return vesper.Baseline
function vs.models.Baseline(options) end

---Cross-entropy with batch.label; the loss terms as numbers; the outputs.
---@param batch table
---@return vesper.Tensor
---@return table
---@return table
function Baseline:loss(batch) end

---Parameter groups for an optimizer; see VSE:param_groups.
---@param lr number
---@param factors? table
---@param options? table
---@return any[]
function Baseline:param_groups(lr, factors, options) end

---Class probabilities [B,C] of images uint8 [B,3,H,W].
---@param images any
---@return vesper.Tensor
function Baseline:classify_image(images) end

---Classification of the text alone, for comparison: the mean of the word vectors and one linear
---layer. {classes, text = {vectors = [V,E], or vocab_size and word_dim = 300; freeze = false,
---dropout = 0}}. Called with a batch it returns {logits [B,C]}.
---Called with (batch).
---@param options table
---@return vesper.TextOnly
function vs.models.TextOnly(options) end

---Cross-entropy with batch.label; the loss terms as numbers; the outputs.
---@param batch table
---@return vesper.Tensor
---@return table
---@return table
function TextOnly:loss(batch) end

---Parameter groups for an optimizer; see VSE:param_groups.
---@param lr number
---@param factors? table
---@param options? table
---@return any[]
function TextOnly:param_groups(lr, factors, options) end

---Class probabilities [B,C] of tokens int64 [B,T] and lengths int64 [B].
---@param tokens vesper.Tensor
---@param lengths vesper.Tensor
---@return vesper.Tensor
function TextOnly:classify_text(tokens, lengths) end

---Images and texts in a shared space: {classes (default: none, no classifier), width = 256, image =
---module or channels and image_pooling, text = options of TextEncoder or a module, hidden, weights
---= {classify = 1 (without classes 0), rank = 1, contrast = 0, sigmoid = 0, cosine = 0, unicl = 0,
---text = 0}, margin = 0.2, warmup = 1, temperature = 0.07, scale = 20, dropout = 0.2, norm = true:
---layer norms of v and t before classifiers}. Called with a batch (image or regions, tokens,
---lengths) it returns {v [B,D], t [B,D], logits [B,C] or nil}. Faghri et al., VSE++, BMVC 2018.
---Called with (batch).
---@param options table
---@return vesper.VSE
function vs.models.VSE(options) end

---The weighted sum of the loss terms; the terms as numbers; the outputs. rank is nn.HingeRanking,
---contrast nn.InfoNCE, sigmoid nn.SigmoidLoss, unicl nn.UniCL.
---@param batch table
---@param epoch? integer default 1
---@return vesper.Tensor
---@return table
---@return table
function VSE:loss(batch, epoch) end

---The loss terms {name, tensor} whose weight is not 0; subclasses append their own.
---@param batch table
---@param out table
---@param epoch integer
---@return any[]
function VSE:terms(batch, out, epoch) end

---Creates encoders, fusion and losses from the options; init of every subclass calls it. more is a
---table of further options with their defaults. Returns all options.
---@param options table
---@param more table
---@return table
function VSE:setup(options, more) end

---Linear, ReLU, Dropout, Linear.
---@param from integer
---@param hidden integer
---@param to integer
---@param dropout number
---@return vesper.Module
function VSE:mlp(from, hidden, to, dropout) end

---The cosine embedding loss of v, t [B,D]: cosines of pairs with the same label are raised, those
---of other pairs lowered below margin.
---@param v vesper.Tensor
---@param t vesper.Tensor
---@param label vesper.Tensor
---@param margin number
---@return vesper.Tensor
function VSE.cosine_objective(v, t, label, margin) end

---uint8 [B,3,H,W], or a batch -> v [B,D], regions [B,R,C], and {height, width} of their grid or
---their counts int64 [B].
---@param images any
---@return vesper.Tensor
---@return vesper.Tensor
---@return any
function VSE:encode_image(images) end

---int64 [B,T] and [B] -> t [B,D], word embeddings [B,T,E], states [B,T,S].
---@param tokens vesper.Tensor
---@param lengths vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function VSE:encode_text(tokens, lengths) end

---Groups of the parameters that are not frozen, for an optimizer: the parts named in factors, such
---as {image = 0.3}, get the rate lr times their factor, all others lr. {decay = x}: x is the
---weight_decay of the weights; parameters with fewer than two dimensions (biases, gains of norms,
---temperatures) are in groups of their own, without decay.
---@param lr number
---@param factors? table
---@param options? table
---@return any[]
function VSE:param_groups(lr, factors, options) end

---The text embeddings for retrieval, [B,D].
---@param batch table
---@return vesper.Tensor
function VSE:embed_text(batch) end

---What classifiers read in place of v, t [B,D]: their layer norms, unless norm = false.
---@param v vesper.Tensor
---@param t vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function VSE:normed(v, t) end

---@class vesper.options.VSE.fit_readout
---@field val? vesper.Loader|function
---@field kinds? any[]

---Fits readouts of classes from the image embedding alone and keeps one. linear: multinomial
---logistic regression on v; prototype: cosines to the mean text embedding of each class. kinds are
---those to choose from. With val the one that is right for more of its images is kept, else the
---linear one. Returns the kind, and the accuracies on val by kind. train.fit calls it at its end.
---@param loader vesper.Loader|function
---@param options? vesper.options.VSE.fit_readout
---@return string
---@return table
function VSE:fit_readout(loader, options) end

---@class vesper.options.VSE.load_state_dict
---@field strict? boolean default true

---As Module:load_state_dict; a linear readout comes with the state, and is removed where the state
---has none.
---@param dict table
---@param options? vesper.options.VSE.load_state_dict
---@return table
function VSE:load_state_dict(dict, options) end

---The readout in use: linear, prototype, or nil.
---@return string
function VSE:readout_kind() end

---Forgets the readout; train.fit does so at its start.
function VSE:clear_readout() end

---Sets the class prototypes to the mean text embedding of each class, and makes them the readout.
---@param loader vesper.Loader|function
function VSE:fit_prototypes(loader) end

---Cosines [B,C] of embeddings [B,D] to the prototypes; -1 for classes without texts.
---@param e vesper.Tensor
---@return vesper.Tensor
function VSE:class_cosines(e) end

---The logits [B,C] of text embeddings [B,D]; needs weights.text > 0.
---@param t vesper.Tensor
---@return vesper.Tensor
function VSE:text_logits(t) end

---Class probabilities [B,C] from images, or a batch, by the readout of fit_readout or the names of
---set_classes; without either it raises.
---@param images any
---@return vesper.Tensor
function VSE:classify_image(images) end

---Class probabilities [B,C] from the text; needs weights.text > 0.
---@param tokens vesper.Tensor
---@param lengths vesper.Tensor
---@return vesper.Tensor
function VSE:classify_text(tokens, lengths) end

---VSE whose image vector is computed by models.IntraAttention: options of VSE, heads = 4,
---attention_dropout = 0.1.
---Called with (batch).
---@param options table
---@return vesper.CIM
function vs.models.CIM(options) end

---As VSE:encode_image: the image without its text, for retrieval.
---@param images any
---@return vesper.Tensor
---@return vesper.Tensor
---@return any
function CIM:encode_image(images) end

---The attention of each word over the regions, [B,T,R], and the grid {height, width} or the region
---counts.
---@param batch table
---@return vesper.Tensor
---@return any
function CIM:attention_map(batch) end

---VSE whose fusion is models.InterAttention: options of VSE, iterations = 3, low = width / 4,
---memory = {"image"} (also "regions" and "words"), over_regions = false. The output has scores, a
---list of [B,N] over the memory of each iteration k: the k image vectors, the regions, the words.
---Called with (batch).
---@param options table
---@return vesper.COOT
function vs.models.COOT(options) end

---VSE that classifies the image combined with a summary of the words to which its regions attend:
---options of VSE, heads = 4, best = false or k (only the k best words).
---Called with (batch).
---@param options table
---@return vesper.AttentionPooling
function vs.models.AttentionPooling(options) end

---Regions U [B,R,C] with their grid or counts and words W [B,T,E] -> the summary [B,D], and with
---need_weights the attention of the regions over the words [B,R,T].
---@param U vesper.Tensor
---@param where? any
---@param W vesper.Tensor
---@param lengths vesper.Tensor
---@param need_weights? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor|nil
function AttentionPooling:summarise(U, where, W, lengths, need_weights) end

---The attention of each region over the words, as [B,T,R], and the grid or the counts.
---@param batch table
---@return vesper.Tensor
---@return any
function AttentionPooling:attention_map(batch) end

---VSE that classifies the image combined with the mean of its words, each mapped into the visual
---space by an MLP: options of VSE.
---Called with (batch).
---@param options table
---@return vesper.DenseProjection
function vs.models.DenseProjection(options) end

---VSE with a pre-trained BERT in addition to its encoders: options of VSE, bert = a BERT with its
---tokenizer, max_words = 32, visual = true (the image is a token of BERT's input), weights.match =
---0, weights.masked = 0. Batches must have text.
---Called with (batch).
---@param options table
---@return vesper.BERTFusion
function vs.models.BERTFusion(options) end

---Copies the encoders of a trained VSE; returns the model.
---@param vse vesper.Module
---@return vesper.BERTFusion
function BERTFusion:start_from(vse) end

---As VSE:param_groups; the default factor of BERT's parameters is 0.1.
---@param lr number
---@param factors? table
---@param options? table
---@return any[]
function BERTFusion:param_groups(lr, factors, options) end

---The text embeddings for retrieval, [B,D].
---@param batch table
---@return vesper.Tensor
function BERTFusion:embed_text(batch) end

---The terms of VSE, match and masked.
---@param batch table
---@param out table
---@param epoch integer
---@return any[]
function BERTFusion:terms(batch, out, epoch) end

---BERTFusion with category-specific retrieval; options of BERTFusion.
---Called with (batch).
---@param options table
---@return vesper.DPM
function vs.models.DPM(options) end

---@class vesper.options.DPM.index
---@field known? boolean default false

---The images of a loader for retrieve, each once: {v [N,D], category int64 [N], sample = list}; the
---category is that of the readout, or the label with known; sample[i] is the number of image i's
---first sample.
---@param loader vesper.Loader|function
---@param options? vesper.options.DPM.index
---@return table
function DPM:index(loader, options) end

---Encodes queries (image, or text and tokens, or both): embeddings [Q,D] and probabilities of the
---categories [Q,C].
---@param query table
---@return vesper.Tensor
---@return vesper.Tensor
function DPM:ask(query) end

---@class vesper.options.DPM.retrieve
---@field categories? integer default 3
---@field k? integer default 10
---@field shift? number

---The k nearest images of each query, int64 [Q,k], and their scores [Q,k]. One search for each of
---the query's most probable categories, among its images, with the query moved by shift toward its
---prototype; merged by score times probability. shift is that of choose_shift, at first 0.
---@param query table
---@param index table
---@param options? vesper.options.DPM.retrieve
---@return vesper.Tensor
---@return vesper.Tensor
function DPM:retrieve(query, index, options) end

---@class vesper.options.DPM.choose_shift
---@field shifts? any[]
---@field categories? integer default 3
---@field k? integer default 10

---Chooses how far queries move: of shifts, by default {0, 0.1, 0.2, 0.5, 1}, the one with which the
---most texts of a validation loader find their own image among the k best. Sets model.shift;
---returns it and a list of {shift, own, precision}.
---@param loader vesper.Loader|function
---@param options? vesper.options.DPM.choose_shift
---@return number
---@return any[]
function DPM:choose_shift(loader, options) end

---@class vesper.options.DPM.measure
---@field categories? integer default 3
---@field k? integer default 10
---@field shift? number

---Retrieval by the texts of a loader, {off = {own, precision}, on = {own, precision}} in percent:
---queries whose own image is among the k best, and images among these of the own image's category
---by the readout; off are the nearest images, on is retrieve.
---@param loader vesper.Loader|function
---@param options? vesper.options.DPM.measure
---@return table
function DPM:measure(loader, options) end

---@class vesper.options.models.IntraAttention
---@field region_width? integer
---@field word_width? integer
---@field heads? integer default 4
---@field dropout? number default 0.1

---Attention of words over regions: (U, where, W, lengths, need_weights) -> image vector [B,D], and
---with need_weights the attention [B,T,R]; without W only the regions are used.
---@param width integer
---@param options? vesper.options.models.IntraAttention
---@return vesper.Module
function vs.models.IntraAttention(width, options) end

---@class vesper.options.models.InterAttention
---@field iterations? integer default 3
---@field low? integer default width/4
---@field dropout? number default 0.2
---@field memory? any[]
---@field region_width? integer
---@field word_width? integer
---@field over_regions? boolean default false
---@field norm? boolean default true

---Attention of the fused vector over a memory, by default the image vectors of all iterations so
---far: (v, t, U, where, W, lengths) -> m [B,D], and the scores of each iteration. memory lists
---"image", "regions" and "words".
---@param width integer
---@param options? vesper.options.models.InterAttention
---@return vesper.Module
function vs.models.InterAttention(width, options) end

---A transformer encoder over word pieces with the parameter names of Hugging Face's BertModel.
---config takes its names and defaults: {vocab_size = 30522, hidden_size = 768, num_hidden_layers =
---12, num_attention_heads = 12, intermediate_size = 3072, max_position_embeddings = 512,
---type_vocab_size = 2, hidden_act = "gelu", layer_norm_eps = 1e-12, hidden_dropout_prob = 0.1,
---attention_probs_dropout_prob = 0.1, pad_token_id = 0 (from 0, as in files), add_pooling_layer =
---true, pooling = "mean" (of embed; or cls, max)}. Called with ids int64 [B,T] from 1, mask? bool
---[B,T] (true at tokens) or lengths int64 [B], types? int64 [B,T], and extra? [B,1,D], the
---embedding of an additional token after [CLS]. Returns hidden [B,T,D] ([B,T+1,D] with extra),
---zeros at padding, and pooled [B,D]. Devlin et al., NAACL 2019.
---Called with (ids, mask?, types?, extra?).
---@param config table
---@return vesper.BERT
function vs.models.BERT(config) end

---@class vesper.options.BERT.from_pretrained
---@field max_len? integer
---@field lowercase? boolean
---@field strip_accents? boolean
---@field invalid? "error"|"replace" default error
---@field pooler? boolean default true
---@field pooling? "mean"|"cls"|"max"

---A model in evaluation mode from config.json, vocab.txt or tokenizer.json, and model.safetensors
---or pytorch_model.bin; its tokenizer is bert.tokenizer. If tensors do not fit, the message lists
---the missing, the unexpected and those of other shapes. Task heads are skipped; pooler = false
---skips the pooler. Settings in the folder that change ids or embeddings are obeyed (do_lower_case,
---strip_accents, model_max_length; max_seq_length and the pooling of sentence-transformers) or
---refused by name.
---@param folder string
---@param options? vesper.options.BERT.from_pretrained
---@return vesper.BERT?
---@return string? message
function BERT.from_pretrained(folder, options) end

---@class vesper.options.BERT.embed
---@field batch_size? integer default 32
---@field max_len? integer

---Sentence embeddings [#texts,D] as sentence-transformers computes them: the mean over the tokens
---(or the vector of [CLS] or the maximum, by config.pooling), normalised. Runs in evaluation mode
---without gradients.
---@param texts any[]
---@param options? vesper.options.BERT.embed
---@return vesper.Tensor
function BERT:embed(texts, options) end

---The mean of hidden [B,T,D] over the tokens, [B,D]; zeros for a row without tokens; mask as in the
---call of the model.
---@param hidden vesper.Tensor
---@param mask? any
---@return vesper.Tensor
function BERT.mean_pool(hidden, mask) end

---Freezes the embeddings and the first n layers (0: only the embeddings); returns the model.
---@param n integer
---@return vesper.BERT
function BERT:freeze_layers(n) end

---@class vesper.options.models.SmallCNN
---@field channels? any[]
---@field pooling? "mean"|"max"|"gpo" default mean

---Blocks of 3x3 convolution, batch norm, ReLU and max pooling: uint8 [B,3,H,W] -> [B,width],
---regions [B,R,C], {height, width} of their grid.
---Called with (images).
---@param width integer
---@param options? vesper.options.models.SmallCNN
---@return vesper.Module
function vs.models.SmallCNN(width, options) end

---@class vesper.options.models.ResNet18
---@field num_classes? integer default 1000
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---Called with images uint8 or float 0..255 [B,3,H,W] it returns v [B,C] and regions [B,R,C].
---num_classes: size of the head, 0 for none; width: adds a linear map of v to this width; size:
---images are resized to it; mean and std for normalisation, by default ImageNet's. He et al., CVPR
---2016, with torchvision's names.
---Called with (images).
---@param options? vesper.options.models.ResNet18
---@return vesper.Module
function vs.models.ResNet18(options) end

---@class vesper.options.ResNet18.from_pretrained
---@field num_classes? integer
---@field key? string
---@field strip_prefix? string
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---Loads weights from a .safetensors file or one of torch.save (key: the entry with the state
---dictionary; strip_prefix: as in vs.load_pth). num_classes: by default that of the file; with
---another number the head is newly initialised. If tensors do not fit, the message lists the
---missing, the unexpected and those of other shapes.
---@param path string
---@param options? vesper.options.ResNet18.from_pretrained
---@return vesper.Module?
---@return string? message
function ResNet18.from_pretrained(path, options) end

---@class vesper.options.models.ResNet34
---@field num_classes? integer default 1000
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---As ResNet18.
---Called with (images).
---@param options? vesper.options.models.ResNet34
---@return vesper.Module
function vs.models.ResNet34(options) end

---@class vesper.options.ResNet34.from_pretrained
---@field num_classes? integer
---@field key? string
---@field strip_prefix? string
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---As ResNet18.from_pretrained.
---@param path string
---@param options? vesper.options.ResNet34.from_pretrained
---@return vesper.Module?
---@return string? message
function ResNet34.from_pretrained(path, options) end

---@class vesper.options.models.ResNet50
---@field num_classes? integer default 1000
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---As ResNet18, with bottleneck blocks and C = 2048.
---Called with (images).
---@param options? vesper.options.models.ResNet50
---@return vesper.Module
function vs.models.ResNet50(options) end

---@class vesper.options.ResNet50.from_pretrained
---@field num_classes? integer
---@field key? string
---@field strip_prefix? string
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---As ResNet18.from_pretrained.
---@param path string
---@param options? vesper.options.ResNet50.from_pretrained
---@return vesper.Module?
---@return string? message
function ResNet50.from_pretrained(path, options) end

---@class vesper.options.models.ResNet
---@field block? any
---@field layers? any[]
---@field base? integer default 64
---@field num_classes? integer default 1000
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---Any ResNet: layers is the number of blocks of each stage, base the number of channels of the
---first stage.
---Called with (images).
---@param options? vesper.options.models.ResNet
---@return vesper.Module
function vs.models.ResNet(options) end

---The last feature map [B,C,H',W'].
---@param images vesper.Tensor
---@return vesper.Tensor
function ResNet:features(images) end

---The logits of the head [B,num_classes].
---@param images vesper.Tensor
---@return vesper.Tensor
function ResNet:logits(images) end

---@class vesper.options.models.EfficientNetLite0
---@field num_classes? integer default 1000
---@field dropout? number default 0.2
---@field drop_connect? number default 0.2
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]
---@field blocks? any[]
---@field stem? integer default 32
---@field head? integer default 1280

---As ResNet18, with C = 1280; mean and std default to 127/255 and 128/255, for the published
---weights. Tan and Le, ICML 2019, with ReLU6 and without squeeze-and-excitation.
---Called with (images).
---@param options? vesper.options.models.EfficientNetLite0
---@return vesper.Module
function vs.models.EfficientNetLite0(options) end

---@class vesper.options.EfficientNetLite0.from_pretrained
---@field num_classes? integer
---@field key? string
---@field strip_prefix? string
---@field width? integer
---@field size? any
---@field mean? any[]
---@field std? any[]

---As ResNet18.from_pretrained.
---@param path string
---@param options? vesper.options.EfficientNetLite0.from_pretrained
---@return vesper.Module?
---@return string? message
function EfficientNetLite0.from_pretrained(path, options) end

---The last feature map [B,C,H',W'].
---@param images vesper.Tensor
---@return vesper.Tensor
function EfficientNetLite0:features(images) end

---The logits of the head [B,num_classes].
---@param images vesper.Tensor
---@return vesper.Tensor
function EfficientNetLite0:logits(images) end

---@class vesper.options.models.RegionEncoder
---@field region_width? integer default 2048
---@field pooling? "mean"|"max"|"gpo" default mean
---@field hidden? integer
---@field dropout? number default 0
---@field positions? string

---Encodes precomputed features of a data set (regions [B,R,C] and region_count int64 [B], or
---feature [B,C]) -> [B,width], the regions, their counts. hidden: adds an MLP with this number of
---hidden units to the linear map. positions = "boxes": adds a learned linear map of each region's
---box, its width, height and area to the region.
---Called with (x, count?, boxes?).
---@param width integer
---@param options? vesper.options.models.RegionEncoder
---@return vesper.Module
function vs.models.RegionEncoder(width, options) end

---@class vesper.options.models.LandmarkEncoder
---@field points? integer
---@field hidden? integer

---An MLP over the landmarks [B,points,3] (x, y, visibility) of a data set -> [B,width], and the
---points [B,points,4]; part of a JoinedEncoder beside a CNN.
---Called with (landmark).
---@param width integer
---@param options? vesper.options.models.LandmarkEncoder
---@return vesper.Module
function vs.models.LandmarkEncoder(width, options) end

---The same from batch.landmark.
---@param batch table
---@return vesper.Tensor
---@return vesper.Tensor
function LandmarkEncoder:encode_batch(batch) end

---v [B,D], U [B,R,C] and the region counts, from the batch's regions or feature. Your own image
---encoder gets the whole batch if it has this method, otherwise batch.image.
---@param batch table
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor?
---@return string? message
function RegionEncoder:encode_batch(batch) end

---The sum of the vectors of several image encoders, such as a RegionEncoder and a SmallCNN; the
---regions are those of the first.
---@param encoders any[]
---@return vesper.Module
function vs.models.JoinedEncoder(encoders) end

---v [B,D], U [B,R,C], and the grid or the region counts.
---@param batch table
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function JoinedEncoder:encode_batch(batch) end

---@class vesper.options.models.TextEncoder
---@field vectors? vesper.Tensor
---@field vocab_size? integer
---@field word_dim? integer default 300
---@field freeze? boolean default false
---@field rnn? "LSTM"|"GRU" default LSTM
---@field hidden? integer
---@field num_layers? integer default 1
---@field bidirectional? boolean default false
---@field pooling? "last"|"mean"|"max"|"gpo" default last
---@field projection? boolean default true
---@field dropout? number default 0

---Word embeddings and an RNN: tokens int64 [B,T], lengths int64 [B] -> [B,width], word embeddings
---[B,T,E], states [B,T,hidden].
---Called with (tokens, lengths).
---@param width integer
---@param options? vesper.options.models.TextEncoder
---@return vesper.Module
function vs.models.TextEncoder(width, options) end

---@class vesper.options.models.save
---@field set? vesper.Dataset
---@field vocab? any
---@field classes? any[]
---@field image_size? any
---@field max_words? integer
---@field licence? string
---@field source? string

---Writes a model into a folder, which is replaced as a whole: model.json has its class, the options
---of its constructor, vocabulary, class names, picture size, licence and source of the data;
---model.safetensors has weights and buffers. The options are those of models.describe. Only one
---process may write a folder at a time.
---@param model vesper.Module
---@param folder string
---@param options? vesper.options.models.save
---@return true?
---@return string? message
function vs.models.save(model, folder, options) end

---@class vesper.options.models.load
---@field modules? table
---@field classes? any[]

---The model of a folder in evaluation mode. Nothing in the folder is run, and a damaged folder is
---refused with file and reason. modules = {MyTower = MyTower} has classes of your own by their
---names; classes = names calls set_classes.
---@param folder string
---@param options? vesper.options.models.load
---@return vesper.Module?
---@return string? message
function vs.models.load(folder, options) end

---@class vesper.options.models.describe
---@field set? vesper.Dataset
---@field vocab? any
---@field classes? any[]
---@field image_size? any
---@field max_words? integer
---@field licence? string
---@field source? string

---States what the model was trained on; later calls replace what they name. set: a data set, which
---has all of it; vocab: words in the order of their ids, or a text.Vocab; image_size: n or {height,
---width}; max_words: of a text. Afterwards model.about has the values and model.class_names the
---classes. Returns the model.
---@param model vesper.Module
---@param options? vesper.options.models.describe
---@return vesper.Module
function vs.models.describe(model, options) end

---As models.describe.
---@param options table
---@return vesper.Baseline
function Baseline:describe(options) end

---@class vesper.options.Baseline.encode_images
---@field batch_size? integer default 64
---@field workers? integer
---@field apply_exif_orientation? boolean default false

---As VSE:encode_images.
---@param images any[]
---@param options? vesper.options.Baseline.encode_images
---@return vesper.Tensor?
---@return string? message
function Baseline:encode_images(images, options) end

---As models.describe.
---@param options table
---@return vesper.VSE
function VSE:describe(options) end

---@class vesper.options.VSE.encode_texts
---@field batch_size? integer default 64

---Embeddings of length 1 of a list of strings, [#texts,D], in evaluation mode without gradients.
---They are tokenized with the model's vocabulary, as in a data set.
---@param texts any[]
---@param options? vesper.options.VSE.encode_texts
---@return vesper.Tensor
function VSE:encode_texts(texts, options) end

---@class vesper.options.VSE.encode_images
---@field batch_size? integer default 64
---@field workers? integer
---@field apply_exif_orientation? boolean default false

---Embeddings of length 1 of a list of pictures, [#images,D]: paths of files, or tensors uint8
---[3,H,W]. They are resized to the picture size of the training data. workers: threads that decode.
---@param images any[]
---@param options? vesper.options.VSE.encode_images
---@return vesper.Tensor?
---@return string? message
function VSE:encode_images(images, options) end

---@class vesper.options.VSE.set_classes
---@field templates? any[]

---Sets the classes of classify_image by their names, also those that were never seen: the prototype
---of a class is the normalised mean of the embeddings of the templates, such as {"a photo of a
---{}"}, filled with its name. Returns the model.
---@param names any[]
---@param options? vesper.options.VSE.set_classes
---@return vesper.VSE
function VSE:set_classes(names, options) end

---What models.save writes beside the weights.
---@return table
function VSE:get_extra_state() end

---Restores what get_extra_state returned.
---@param extra table
function VSE:set_extra_state(extra) end

---As VSE:get_extra_state, and the shift.
---@return table
function DPM:get_extra_state() end

---Restores what get_extra_state returned.
---@param extra table
function DPM:set_extra_state(extra) end

---The tokenizer for models.save.
---@return table|nil
function BERT:get_extra_state() end

---Restores the tokenizer of get_extra_state.
---@param extra table
function BERT:set_extra_state(extra) end

---@class vesper.options.train.fit
---@field train? vesper.Loader
---@field val? vesper.Loader
---@field optimizer? vesper.Optimizer
---@field epochs? integer
---@field clip? any default 2
---@field schedule? any
---@field schedule_per? "epoch"|"batch" default epoch
---@field ema? vesper.EMA
---@field accumulate? integer default 1
---@field autocast? boolean default false
---@field score? function
---@field patience? integer
---@field label? string
---@field weights? string
---@field checkpoint? string
---@field resume? boolean default false
---@field log? string
---@field tensorboard? string
---@field folds? integer default 1
---@field dist? any
---@field quiet? boolean default false

---Trains the model and leaves it with the weights of the best epoch on validation. clip: the
---maximal norm of the gradients, or false. schedule: one of optim.lr_scheduler, stepped after each
---epoch or, with schedule_per = "batch", after each optimizer step (ReduceLROnPlateau gets the
---score), or a function epoch -> rate. ema: averages, which are validated and kept as the best
---weights. accumulate: one optimizer step for the mean loss of this number of batches. autocast:
---losses are computed under vs.autocast. patience: early stopping after this number of epochs
---without a better score. weights: a safetensors file for the best weights. checkpoint: a folder
---written after each epoch; resume continues from it. log: a .csv or .jsonl file. tensorboard: a
---folder of event files. folds: see train.evaluate. dist: true, or options of dist.DataParallel:
---trains on all ranks of vs.dist, each with its part of ranks * batch_size samples; rank 0 shows
---progress and writes. Returns one {epoch, loss, lr, seconds, score, val} per epoch, and the best
---epoch.
---@param model vesper.Module
---@param options? vesper.options.train.fit
---@return any[]
---@return integer
function vs.train.fit(model, options) end

---@class vesper.options.train.evaluate
---@field folds? integer default 1
---@field mirror? boolean default false
---@field shift? integer default 0
---@field bank? table
---@field beta? number
---@field retrieval? boolean default true
---@field shuffle? string
---@field dist? boolean default false

---{n, images, v [N,D], t [M,D], image_of int64 [M], retrieval, folds, accuracy, image_accuracy,
---image_right bool [N], predicted int64 [n], label int64 [n]}, computed without gradients; figures
---in percent. An image with several captions is one row of v; image_of is absent where caption i is
---of image i, accuracy where there are no labels or the model has no classes. folds = 5: retrieval
---also as the mean over five parts of the images (COCO 1K), in the field folds. mirror, shift: v of
---an image is summed over the image, its mirror image and copies shifted by this number of pixels
---in each direction. bank and beta: see metrics.retrieval. shuffle = "image" or "text": each sample
---gets that of another image, so that the accuracy shows what the other half alone is worth;
---retrieval is not measured. dist: each rank evaluates a part of the samples; all get the whole
---result.
---@param model vesper.Module
---@param loader vesper.Loader|function
---@param options? vesper.options.train.evaluate
---@return table
function vs.train.evaluate(model, loader, options) end

---Accuracy; for models with text, accuracy plus mean recall; without labels, rsum.
---@param result table
---@return number
function vs.train.score(result) end

---Writes a history of fit as .csv or .jsonl, one line per epoch; nested fields get names like
---val.accuracy.
---@param path string
---@param history any[]
---@return true?
---@return string? message
function vs.train.write_log(path, history) end

---@class vesper.options.tensorboard.SummaryWriter
---@field purge_step? integer
---@field flush_secs? number default 120

---Writes a new event file in the folder, which is created if necessary. purge_step: TensorBoard
---discards the data of earlier files of the folder from that step on, for a run that resumes from a
---checkpoint. May be a <close> variable.
---@param folder string
---@param options? vesper.options.tensorboard.SummaryWriter
---@return vesper.SummaryWriter?
---@return string? message
function vs.tensorboard.SummaryWriter(folder, options) end

---Adds a number, or a tensor of one element, to the curve tag. Tags like "train/loss" are shown in
---groups.
---@param tag string
---@param value any
---@param step integer
---@return true?
---@return string? message
function SummaryWriter:add_scalar(tag, value, step) end

---Adds an image uint8 [C,H,W] with C = 1, 3 or 4, or [H,W].
---@param tag string
---@param picture vesper.Tensor
---@param step integer
---@return true?
---@return string? message
function SummaryWriter:add_image(tag, picture, step) end

---Writes the added data to the file; done every flush_secs seconds and by close.
---@return true?
---@return string? message
function SummaryWriter:flush() end

---Closes the file.
---@return true?
---@return string? message
function SummaryWriter:close() end

---Writes parts = {model, optimizer, loader, schedule, ema, epoch, best, extra}, all optional, and
---the random state; replaces the old checkpoint as a whole. loader may be a table of loaders by
---name; best and extra may contain numbers, strings, booleans, tables and tensors.
---@param folder string
---@param parts table
---@return true?
---@return string? message
function vs.checkpoint.save(folder, parts) end

---Restores parts = {model, optimizer, loader, schedule, ema} and the random state; returns {epoch,
---next_epoch, best, extra}. If anything is missing, corrupt or does not fit, changes nothing and
---returns nil and a message that lists all of it.
---@param folder string
---@param parts? table
---@return table?
---@return string? message
function vs.checkpoint.load(folder, parts) end

---Whether the folder is a checkpoint, intact or corrupt.
---@param folder string
---@return boolean
function vs.checkpoint.exists(folder) end

---@class vesper.options.dist.init
---@field timeout? number default 1800
---@field thread? boolean default true

---Joins the job; the other functions do it with the defaults. timeout: the seconds that a rank
---waits for the others before an error. thread: MPI works in a thread beside backward, where MPI
---allows that.
---@param options? vesper.options.dist.init
function vs.dist.init(options) end

---This process among the others, from 0.
---@return integer
function vs.dist.rank() end

---The number of ranks.
---@return integer
function vs.dist.size() end

---Returns once all ranks have called it.
function vs.dist.barrier() end

---x of the rank root, on all ranks.
---@param x vesper.Tensor
---@param root? integer default 0
---@return vesper.Tensor
function vs.dist.broadcast(x, root) end

---x of all ranks as one, on all of them. sum and mean have gradients.
---@param x vesper.Tensor
---@param op? "sum"|"mean"|"min"|"max" default sum
---@return vesper.Tensor
function vs.dist.all_reduce(x, op) end

---The rows of x [n,...] of all ranks, in the order of ranks; n may differ. With gradient: that of a
---row is summed over the ranks.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.dist.all_gather(x) end

---This rank's part of x [N,...] of all ranks as one: N / size rows. sum and mean have gradients.
---@param x vesper.Tensor
---@param op? "sum"|"mean"|"min"|"max" default sum
---@return vesper.Tensor
function vs.dist.reduce_scatter(x, op) end

---This rank's part of a list: dist.all_gather(model:encode_texts(dist.share(texts))) is
---model:encode_texts(texts), computed by all ranks.
---@param list any[]
---@return any[]
function vs.dist.share(list) end

---Raises unless all ranks give the same list of lines; the message begins with what and has the
---first line that differs, with the ranks.
---@param what string
---@param lines any[]
function vs.dist.agree(what, lines) end

---Scores v t' of this rank's images and texts [B,D] with those of all ranks, for nn.InfoNCE,
---nn.SigmoidLoss, nn.UniCL and nn.HingeRanking: the mean of their losses over the ranks is the loss
---of the joined batch.
---@param v vesper.Tensor
---@param t vesper.Tensor
---@return table
function vs.dist.scores(v, t) end

---bool [B,N]: pairs of dist.scores that are not negatives, by the fields image_index, item and
---tokens of the batch.
---@param batch table
---@return vesper.Tensor|nil
function vs.dist.same(batch) end

---@class vesper.options.dist.DataParallel
---@field bucket? number default 25
---@field overlap? boolean default true
---@field batch_norm? boolean default false
---@field global_batch? boolean default true
---@field wire? string
---@field order? any[]

---Takes parameters and buffers from rank 0; from now on backward averages the gradients over the
---ranks before it returns. bucket: megabytes that are sent at a time. overlap: they are sent while
---backward runs. batch_norm: statistics of all ranks. global_batch: losses of pairs in
---DataParallel:loss compare the batches of all ranks. wire = "bfloat16": gradients are sent in half
---the bytes. order: the field order of an earlier run, for equal bits.
---@param model any
---@param options? vesper.options.dist.DataParallel
---@return vesper.DataParallel
function vs.dist.DataParallel(model, options) end

---model:loss(...), with losses of pairs over the batches of all ranks.
---@param ... any args
---@return any
function DataParallel:loss(...) end

---fn(...); backward in it adds up the gradients of this rank and sends nothing.
---@param fn function
---@param ... any args
---@return any
function DataParallel:no_sync(fn, ...) end

---Makes buffers equal: floating-point ones, such as running statistics, become their mean, others
---those of rank 0.
function DataParallel:sync_buffers() end

---Takes the hooks away.
function DataParallel:remove() end

return vs
