-- Texts of the reference: tensors and process-wide state.
return {
  {"vs", "Creating tensors, and process-wide state.",
    {"vs.tensor", "data:value, {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "From a number, a boolean or nested lists, which must not be ragged. Booleans give dtype "
        .. "bool."},
    {"vs.zeros", "sizes:int..., {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Zeros; sizes as numbers or one list: vs.zeros(2, 3), vs.zeros{2, 3}."},
    {"vs.ones", "sizes:int..., {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Ones; see vs.zeros."},
    {"vs.empty", "sizes:int..., {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Uninitialised: write it before you read it."},
    {"vs.full", "sizes:list, value:num, {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Every element is value; the sizes are a list: vs.full({2, 3}, 7)."},
    {"vs.zeros_like", "x:any", "Tensor", "Zeros of x's shape and dtype."},
    {"vs.ones_like", "x:any", "Tensor", "Ones of x's shape and dtype."},
    {"vs.full_like", "x:any, value:num", "Tensor", "Every element is value; x's shape and dtype."},
    {"vs.rand_like", "x:any", "Tensor", "Uniform in [0, 1), of x's shape; float32."},
    {"vs.randn_like", "x:any", "Tensor",
      "Normal with mean 0 and deviation 1, of x's shape; float32."},
    {"vs.arange", "first:num, last:num?, step:num=1, {dtype:dtype?}", "Tensor",
      "first, first + step, ... up to last, both ends included; vs.arange(n) is 1..n. int64 when "
        .. "all are integers, else float32."},
    {"vs.linspace", "first:num, last:num, n:int, {dtype:dtype=float32}", "Tensor",
      "n values from first to last."},
    {"vs.logspace", "first:num, last:num, n:int, base:num=10, {dtype:dtype=float32}", "Tensor",
      "n values from base^first to base^last, their exponents evenly spaced."},
    {"vs.eye", "n:int", "Tensor", "The identity matrix [n,n]."},
    {"vs.rand", "sizes:int..., {requires_grad:bool=false}", "Tensor", "Uniform in [0, 1)."},
    {"vs.randn", "sizes:int..., {requires_grad:bool=false}", "Tensor",
      "Normal with mean 0 and deviation 1."},
    {"vs.randint", "low:int, high:int, sizes:int...", "Tensor",
      "int64, uniform in low..high, both included."},
    {"vs.randperm", "n:int", "Tensor", "int64 [n]: 1..n in random order."},
    {"vs.manual_seed", "seed:int", nil,
      "Seeds the process-wide generator: the same seed gives the same numbers."},
    {"vs.get_rng_state", "", "table",
      "{seed, counter} of the process-wide generator, for vs.set_rng_state."},
    {"vs.set_rng_state", "state:table", nil, "Restores the state that vs.get_rng_state returned."},
    {"vs.no_grad", "fn:function?, args:value...", "value",
      "Calls fn(args...) without recording a graph and returns its results. Without fn returns a "
        .. "guard: local guard <close> = vs.no_grad()."},
    {"vs.enable_grad", "fn:function?, args:value...", "value",
      "Records a graph again inside vs.no_grad; arguments and results as there."},
    {"vs.set_grad_enabled", "on:bool", "boolean",
      "Sets whether ops record a graph; returns the previous setting."},
    {"vs.is_grad_enabled", "", "boolean", "Whether ops record a graph."},
    {"vs.meshgrid", "vectors:list, indexing:ij|xy=ij", "Tensor...",
      "One grid per vector, whose sizes are the vectors' sizes; vector i varies along dimension i. "
        .. "xy swaps the first two dimensions."},
    {"vs.einsum", "equation:string, operands:list", "Tensor",
      "Einstein summation: vs.einsum(\"bij,bjk->bik\", {x, y}). One letter per dimension; letters "
        .. "missing after the arrow are summed over. Without an arrow the result has the letters "
        .. "that occur once, in alphabetical order. A letter twice in a term is a diagonal. ... "
        .. "stands for further dimensions, which broadcast, and comes first where there is no "
        .. "arrow. Evaluated from left to right as matrix products."},
    {"vs.save", "path:string, tensors:table, metadata:table?", "true?",
      "Writes {name = tensor} as safetensors; metadata is {key = text}. The file is complete or "
        .. "absent."},
    {"vs.load", "path:string, {mmap:bool=true}", "table?, table",
      "The tensors {name = tensor} and the metadata {key = text} of a safetensors file. mmap: maps "
        .. "the file, so that only the parts that are used are read; writes do not reach the file. "
        .. "If another program shortens a mapped file, reading the tensors ends the process "
        .. "(SIGBUS): for files that are overwritten in place mmap = false makes copies. int8, "
        .. "int16, uint16, uint32 and uint64 are read as int64. A path NAME.index.json reads the "
        .. "files that its weight_map names, which are in the same folder."},
    {"vs.load_pth", "path:string, {key:string?, strip_prefix:string?}", "table?, table",
      "The tensors {name = tensor} and the plain values {name = number, boolean or string} of a "
        .. "file that torch.save wrote, as zip archive or in the older format; no code in it is "
        .. "run. Names of nested dictionaries and lists are joined by dots: state_dict.fc.bias. "
        .. "key: only the contents of that entry; objects of any class may stand beside it. "
        .. "strip_prefix: cut off names that begin with it, as \"module.\" of DataParallel. int8 "
        .. "and int16 are read as int64. A path NAME.index.json reads all files of its weight_map. "
        .. "Returns nil and a message, with name and byte, if what is "
        .. "read contains anything that is not part of a state dict."},
    {"vs.is_tensor", "x:value", "boolean", "Whether x is a tensor."},
    {"vs.is_layer", "x:value", "boolean",
      "Whether x is a layer implemented in C (not a module written in Lua)."},
    {"vs.set_num_threads", "n:int", nil, "Threads of all ops, 1..1024."},
    {"vs.get_num_threads", "", "integer", "Threads in use. By default OMP_NUM_THREADS, or else one "
      .. "for each processor that affinity mask and cgroup (cpu.max) leave to the process."},
    {"vs.set_matmul_precision", "precision:highest|high|medium", nil,
      "The precision of matrix products: matmul, linear, recurrent layers, attention and their "
        .. "gradients; not convolutions. highest (the default): float32. medium: operands rounded "
        .. "to bfloat16 (8 bits), sums in float32; fast if vs.build.bf16. high: float32 too. "
        .. "See docs/performance.md."},
    {"vs.get_matmul_precision", "", "string", "highest, high or medium."},
    {"vs.autocast", "fn:function?, args:value...", "value",
      "Calls fn(args...) with products at medium precision and returns its results; the gradients "
        .. "of these products use it too, wherever backward is called. Products, convolutions and "
        .. "attention return bfloat16. Activations, additions, pooling and batch norm of bfloat16 "
        .. "return bfloat16; losses, softmax, layer norm and reductions return float32. "
        .. "Parameters, gradients and the optimizer's state stay float32. Without fn returns a "
        .. "guard: local guard <close> = vs.autocast()."},
    {"vs.set_autocast_enabled", "on:bool", nil,
      "Turns autocast on or off; vs.autocast restores the previous setting."},
    {"vs.is_autocast_enabled", "", "boolean", "Whether autocast is on."},
    {"vs.memory", "", "table",
      "{live, cached, peak, limit} in bytes of tensor memory, and {blocks, allocations, "
        .. "system_requests}: blocks in use now, allocations and requests to the system so far."},
    {"vs.empty_cache", "", nil, "Collects garbage and returns the cached blocks to the system."},
    {"vs.set_cache_limit", "bytes:int", nil,
      "How many freed bytes stay cached; by default half of the machine's memory."},
    {"vs.warn", "message:string", nil,
      "Prints a warning on standard error with the line of the script, \"vesper warning: "
        .. "train.lua:12: message\"; once for each text and line. Vesper's own warnings go the "
        .. "same way."},
    {"vs.set_warnings", "on:bool", "boolean",
      "Turns warnings on or off and returns whether they were on. What was printed once may be "
        .. "printed again."},
    {"vs.now", "", "number", "Seconds of a monotonic clock."},
    {"vs.profile", "fn:function, {top:int=20}", "table",
      "Calls fn() and measures each op: p.rows, a list of {name, pass = \"forward\", "
        .. "\"backward\" or \"other\", calls, seconds, share, bytes, gbs, allocated}, slowest "
        .. "first; p.seconds, their sum; p.memory = {asked, requests, peak}, bytes and blocks "
        .. "requested from the system and the peak of bytes in use; p.results, the packed results "
        .. "of fn. tostring(p) is a table of the first top rows. bytes counts each tensor that was "
        .. "read or written once."},
    {"vs.is_terminal", "stream:int", "boolean",
      "Whether standard output (1) or error (2) is a terminal."},
    {"vs.help", "what:value?", nil,
      "Prints the documentation of a name, function, layer or object; for several words, the names "
        .. "of all whose text has them."},
    {"vs.progress", "loader:Loader, label:string?, {quiet:bool=false}", "function",
      "for batch, bar in vs.progress(loader, \"epoch 1\"): a progress bar with rate, time left "
        .. "and the mean of bar.loss; other fields of bar are shown unchanged. bar:mean_loss() is "
        .. "the mean so far."},
    {"vs.ops", "", "list",
      "Every op: {name, args, signature, outputs, doc, nograd, inplace, random, kink, view, "
        .. "hidden}."},
    {"vs.list_layers", "", "list", "Every layer: {name, args, signature, inputs, outputs, doc}."},
    {"vs.list_optims", "", "list", "Every optimizer: {name, args, signature, doc}."},
    {"vs.version", nil, "string", "The version of vesper, as in \"0.2.0\"."},
    {"vs.build", nil, "table",
      "{version, real = \"float\" or \"double\", isa = \"generic\", \"avx2\", \"avx512\" or "
        .. "\"amx\", amx = whether isa is \"amx\", bf16 = whether the processor has an "
        .. "instruction that multiplies bfloat16, jpeg = what decodes JPEG files: \"libjpeg\" or "
        .. "\"stb_image\"}."},
  },
  {"Tensor", "Fields and methods of tensors other than the ops.  x[i] is a view of row i "
      .. "(negative: from the end); x[index] with an int64 tensor copies rows, x[mask] copies "
      .. "elements; x[{a, b, ...}] has an entry for each of the first dimensions: a position, a "
      .. "range {first, last} or {first, last, step}, {} for all, an int64 tensor or a mask. "
      .. "x[...] = v writes.  #x is the first size.  + - * / ^ and unary - "
      .. "are ops.  Methods that compute are also functions of vs: vs.lerp(x, y, 0.5).",
    {"Tensor.shape", nil, "list", "The sizes."},
    {"Tensor.dtype", nil, "string",
      "float32, float64, float16, bfloat16, int64, int32, uint8 or bool."},
    {"Tensor.ndim", nil, "integer", "The number of dimensions."},
    {"Tensor.requires_grad", nil, "boolean",
      "Whether backward computes its gradient; may be set on leaves."},
    {"Tensor.is_leaf", nil, "boolean", "Whether it is not the result of a recorded op."},
    {"Tensor.grad", nil, "Tensor|nil",
      "The gradient that backward accumulated, a tensor of the same shape, or nil. May be set."},
    {"Tensor:item", "", "value",
      "The only element as a Lua number or boolean; an error unless there is exactly one."},
    {"Tensor:tolist", "", "list", "Nested lists of Lua values."},
    {"Tensor:size", "dim:dim?", "value", "The size of a dimension, or the list of all."},
    {"Tensor:numel", "", "integer", "The number of elements."},
    {"Tensor:is_contiguous", "", "boolean",
      "Whether the elements are in row-major order in memory, without gaps."},
    {"Tensor:float", "", "Tensor", "As float32; x itself if it is float32."},
    {"Tensor:long", "", "Tensor", "As int64."},
    {"Tensor:byte", "", "Tensor", "As uint8."},
    {"Tensor:bool", "", "Tensor", "As bool: whether each element is not 0."},
    {"Tensor:t", "", "Tensor",
      "The transposed matrix, a view; an error unless there are 2 dimensions."},
    {"Tensor:split", "size:value, dim:dim=1", "Tensor...",
      "Views of size positions each along dim, the last possibly smaller; or of the sizes in a "
        .. "list, whose sum must be the size of dim. Also vs.split(x, ...)."},
    {"Tensor:chunk", "n:int, dim:dim=1", "Tensor...",
      "At most n views of equal size along dim, the last possibly smaller."},
    {"Tensor:unbind", "dim:dim=1", "Tensor...",
      "One view per position along dim, without that dimension."},
    {"Tensor:movedim", "from:dim, to:dim", "Tensor",
      "Moves dimension from to position to; the others keep their order; a view."},
    {"Tensor:swapaxes", "a:dim, b:dim", "Tensor", "Dimensions a and b swapped; a view."},
    {"Tensor:isnan", "", "Tensor", "Where x is NaN: bool of x's shape."},
    {"Tensor:isinf", "", "Tensor", "Where x is inf or -inf."},
    {"Tensor:isfinite", "", "Tensor", "Where x is neither NaN nor infinite."},
    {"Tensor:nan_to_num", "nan:num=0, posinf:num?, neginf:num?", "Tensor",
      "x with NaN, inf and -inf replaced by numbers; posinf and neginf default to the largest and "
        .. "the lowest float32."},
    {"Tensor:frac", "", "Tensor", "x - trunc(x)."},
    {"Tensor:clamp_min", "min:num", "Tensor", "clamp with only a lower bound."},
    {"Tensor:clamp_max", "max:num", "Tensor", "clamp with only an upper bound."},
    {"Tensor:lerp", "y:tensor, weight:operand", "Tensor",
      "x + weight (y - x), exactly y where weight is 1."},
    {"Tensor:addcmul", "a:operand, b:operand, value:num=1", "Tensor", "x + value a b."},
    {"Tensor:addcdiv", "a:operand, b:operand, value:num=1", "Tensor", "x + value a / b."},
    {"Tensor:aminmax", "dim:dims?, keepdim:bool=false", "Tensor, Tensor", "amin and amax."},
    {"Tensor:count_nonzero", "dim:dims?", "Tensor", "The count of elements that are not 0: int64."},
    {"Tensor:std_mean", "dim:dims?, unbiased:bool=true, keepdim:bool=false",
      "Tensor, Tensor", "std and mean."},
    {"Tensor:var_mean", "dim:dims?, unbiased:bool=true, keepdim:bool=false",
      "Tensor, Tensor", "var and mean."},
    {"Tensor:kthvalue", "k:int, dim:dim=-1, keepdim:bool=false", "Tensor, Tensor",
      "The k-th smallest along dim, and its index from 1; NaN counts as largest."},
    {"Tensor:median", "dim:dim?, keepdim:bool=false", "Tensor, Tensor",
      "The median along dim (the lower of two middle values) and its index from 1; without dim "
        .. "over all elements, the index in row-major order. NaN counts as largest."},
    {"Tensor:unique", "", "Tensor, Tensor, Tensor",
      "The distinct values in ascending order; the index of each element of x among them, in x's "
        .. "shape; the count of each value. No gradient."},
    {"Tensor:argwhere", "", "Tensor", "As nonzero."},
    {"Tensor:equal", "y:any", "boolean", "Whether shapes and all elements are equal."},
    {"Tensor:allclose", "y:any, rtol:num=1e-5, atol:num=1e-8, equal_nan:bool=false", "boolean",
      "Whether |x - y| <= atol + rtol |y| everywhere."},
    {"Tensor:mm", "y:tensor", "Tensor", "matmul of two matrices."},
    {"Tensor:bmm", "y:tensor", "Tensor", "matmul of [B,M,K] and [B,K,N]."},
    {"Tensor:mv", "y:tensor", "Tensor", "matmul of a matrix and a vector."},
    {"Tensor:dot", "y:tensor", "Tensor", "The sum of products of two vectors."},
    {"Tensor:outer", "y:tensor", "Tensor", "All products of two vectors [M] and [N]: [M,N]."},
    {"Tensor:addmm", "x:tensor, y:tensor, beta:num=1, alpha:num=1", "Tensor",
      "beta input + alpha x y, with the matrix product x y."},
    {"Tensor:baddbmm", "x:tensor, y:tensor, beta:num=1, alpha:num=1", "Tensor",
      "addmm for batches [B,M,K] and [B,K,N]."},
    {"Tensor:cdist", "y:tensor, p:num=2", "Tensor",
      "p-norm distances between all rows of x [...,P,D] and y [...,R,D]: [...,P,R]. Needs memory "
        .. "for P R D numbers."},
    {"Tensor:cosine_similarity", "y:tensor, dim:dim=2, eps:num=1e-8", "Tensor",
      "x y / (max(|x|, eps) max(|y|, eps)) along dim, with broadcasting."},
    {"Tensor:view", "shape:ints", "Tensor", "As reshape."},
    {"Tensor:view_as", "other:any", "Tensor", "reshape to the shape of other."},
    {"Tensor:reshape_as", "other:any", "Tensor", "reshape to the shape of other."},
    {"Tensor:expand_as", "other:any", "Tensor", "expand to the shape of other."},
    {"Tensor:id", "", "value", "Equal for two handles of one tensor: a key for tables."},
    {"Tensor:requires_grad_", "on:bool=true", "Tensor",
      "Sets requires_grad; float32 leaves only. Returns x."},
    {"Tensor:backward", "grad:tensor?, {retain:bool=false}", nil,
      "Computes the gradients of all leaves with requires_grad and adds them to .grad. grad is "
        .. "the gradient of this tensor; it may be omitted only for a tensor of one element. Frees "
        .. "the graph unless retain. No second derivatives."},
    {"Tensor:register_hook", "hook:function", "Hook",
      "Calls hook(gradient) in each backward with the complete gradient of this tensor; a tensor "
        .. "that hook returns replaces it. Hooks of an op's result are dropped with its graph; "
        .. "hooks of a leaf stay until they are removed."},
    {"Tensor:register_post_accumulate_grad_hook", "hook:function", "Hook",
      "Calls hook(x) in each backward as soon as the whole gradient of x, a leaf, is in x.grad, "
        .. "while backward goes on."},
    {"Hook:remove", "", nil, "Removes the hook."},
    {"vs.autograd.Function", "{name:string=function, forward:function, backward:function}",
      "function",
      "A differentiable function written in Lua. forward(ctx, ...) gets a new table and the "
        .. "arguments; its ops are not recorded. backward(ctx, ...) gets one gradient per result "
        .. "(zeros for an unused result) and returns one gradient per argument, or nil. "
        .. "ctx.needs_input_grad[i] says whether argument i needs a gradient."},
  },
}
