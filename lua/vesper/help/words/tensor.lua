-- Words of the reference: tensors, and the state of the process.
return {
  {"vs", "Making tensors, and the state of the process.",
    {"vs.tensor", "data:value, {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "From a number, a boolean or nested lists, which may not be ragged. Booleans give dtype "
        .. "bool."},
    {"vs.zeros", "sizes:int..., {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Zeros; sizes as numbers or one list: vs.zeros(2, 3), vs.zeros{2, 3}."},
    {"vs.ones", "sizes:int..., {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Ones; see vs.zeros."},
    {"vs.empty", "sizes:int..., {dtype:dtype=float32, requires_grad:bool=false}", "Tensor",
      "Any values: to be written before it is read."},
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
      "Starts the process-wide generator anew: same seed, same numbers."},
    {"vs.get_rng_state", "", "table",
      "{seed, counter} of the process-wide generator, for vs.set_rng_state."},
    {"vs.set_rng_state", "state:table", nil, "Goes on where vs.get_rng_state was called."},
    {"vs.no_grad", "fn:function?, args:value...", "value",
      "Calls fn(args...) without recording a graph and returns its results. Without fn returns a "
        .. "guard: local guard <close> = vs.no_grad()."},
    {"vs.enable_grad", "fn:function?, args:value...", "value",
      "The opposite of vs.no_grad, inside of it."},
    {"vs.set_grad_enabled", "on:bool", "boolean",
      "Sets whether ops record a graph; returns what held before."},
    {"vs.is_grad_enabled", "", "boolean", "Whether ops record a graph."},
    {"vs.meshgrid", "vectors:list, indexing:ij|xy=ij", "Tensor...",
      "For each vector a grid of all sizes in which it runs along its own dimension; xy swaps the "
        .. "first two."},
    {"vs.einsum", "equation:string, operands:list", "Tensor",
      "Products of tensors by named dimensions: vs.einsum(\"bij,bjk->bik\", {x, y}). A letter a "
        .. "dimension; those not behind the arrow are summed over. Products are made from left "
        .. "to right as matrix products; a letter stands once in a term."},
    {"vs.save", "path:string, tensors:table, metadata:table?", "true?",
      "Writes {name = tensor} as safetensors; metadata is {key = text}. The file is complete or "
        .. "absent."},
    {"vs.load", "path:string", "table?, table",
      "The tensors {name = tensor} and the metadata {key = text} of a safetensors file."},
    {"vs.load_pth", "path:string, {key:string?}", "table?, table",
      "The tensors {name = tensor} and the plain values {name = number, boolean or text} of a "
        .. "file that torch.save wrote, in its zip form or the older one; nothing in it is run. "
        .. "Names of nested dictionaries and lists are joined by dots, as in state_dict.fc.bias; "
        .. "key: only what is below that entry. nil and a message, with name and place, for "
        .. "whatever is no part of a state dict."},
    {"vs.is_tensor", "x:value", "boolean", "Whether x is a tensor."},
    {"vs.is_layer", "x:value", "boolean",
      "Whether x is a layer made in C (modules in Lua are not)."},
    {"vs.set_num_threads", "n:int", nil, "Threads of all ops and of OpenBLAS, 1..1024."},
    {"vs.get_num_threads", "", "integer", "Threads in use; at first as many as the machine has."},
    {"vs.set_matmul_precision", "precision:highest|high|medium", nil,
      "How exact matrix products are: matmul, linear, recurrent layers, attention and their "
        .. "gradients; not convolutions. highest: float32, as at first. medium: values rounded to "
        .. "bfloat16 (8 bits), sums in float32; fast where vs.build.bf16. high: at least 16 bits, "
        .. "by three products in bfloat16 where that pays, else float32. See docs/performance.md."},
    {"vs.get_matmul_precision", "", "string", "highest, high or medium."},
    {"vs.autocast", "fn:function?, args:value...", "value",
      "Calls fn(args...) with products at medium precision and returns its results; gradients of "
        .. "what it computed are made so too, wherever backward is called. Products, convolutions "
        .. "and attention put out bfloat16, and activations, sums, pooling and batch norm of that "
        .. "do; losses, softmax, layer norm and reductions take it and give float32. Parameters, "
        .. "gradients and the optimizer stay float32. Without fn returns a guard: "
        .. "local guard <close> = vs.autocast()."},
    {"vs.set_autocast_enabled", "on:bool", nil,
      "Autocast from now on, or no longer; vs.autocast puts back what it found."},
    {"vs.is_autocast_enabled", "", "boolean", "Whether vs.autocast is in force."},
    {"vs.memory", "", "table",
      "{live, cached, peak, limit} in bytes of tensor memory, and counts of blocks: those live "
        .. "now, allocations, system_requests."},
    {"vs.empty_cache", "", nil, "Collects garbage and gives the cached blocks back to the system."},
    {"vs.set_cache_limit", "bytes:int", nil,
      "How many freed bytes stay cached; at first half of the machine's memory."},
    {"vs.now", "", "number", "Seconds of a clock that only goes forward."},
    {"vs.profile", "fn:function, {top:int=20}", "table",
      "Calls fn() and tells where its time went: p.rows, a list of {name, pass = \"forward\", "
        .. "\"backward\" or \"other\", calls, seconds, share, bytes, gbs, allocated}, longest "
        .. "first; p.seconds, the sum of theirs; p.memory = {asked, requests, peak}, bytes and "
        .. "blocks asked of the system and the most bytes in use; p.results of fn, packed. As text "
        .. "it is a table of its top longest rows. bytes are the tensors that were read and "
        .. "written, each once."},
    {"vs.is_terminal", "stream:int", "boolean",
      "Whether standard output (1) or error (2) is a terminal."},
    {"vs.help", "what:value?", nil,
      "Prints what is known about a name, function, layer or object."},
    {"vs.progress", "loader:Loader, label:string?, {quiet:bool=false}", "function",
      "for batch, bar in vs.progress(loader, \"epoch 1\"): a bar with rate, time left and the "
        .. "mean of bar.loss; other fields of bar are shown as they are. bar:mean_loss() is the "
        .. "mean so far."},
    {"vs.ops", "", "list",
      "Every op: {name, args, signature, outputs, doc, nograd, inplace, random, kink, view, "
        .. "hidden}."},
    {"vs.list_layers", "", "list", "Every layer: {name, args, signature, inputs, outputs, doc}."},
    {"vs.list_optims", "", "list", "Every optimizer: {name, args, signature, doc}."},
    {"vs.build", nil, "table",
      "{version, real = \"float\" or \"double\", isa = \"generic\", \"avx2\", \"avx512\" or "
        .. "\"amx\", amx = the last, bf16 = "
        .. "whether bfloat16 is multiplied by an instruction}."},
  },
  {"Tensor", "What tensors have beside the ops.  x[i] is a view of row i (negative: from the "
      .. "end), x[index] with an int64 tensor copies those rows, x[mask] those elements; x[i] = v "
      .. "and x[mask] = v write, #x is the first size; + - * / ^ and unary - are ops.  Those that "
      .. "compute are functions of vs too: vs.lerp(x, y, 0.5).",
    {"Tensor.shape", nil, "list", "The sizes."},
    {"Tensor.dtype", nil, "string",
      "float32, float64, float16, bfloat16, int64, int32, uint8 or bool."},
    {"Tensor.ndim", nil, "integer", "How many dimensions."},
    {"Tensor.requires_grad", nil, "boolean", "Whether backward reaches it; may be set on leaves."},
    {"Tensor.is_leaf", nil, "boolean", "Whether no op of a graph made it."},
    {"Tensor.grad", nil, "Tensor|nil",
      "What backward left here; a tensor of the same shape, or nil. May be set."},
    {"Tensor:item", "", "value",
      "The only element as a Lua number or boolean; an error when there are more."},
    {"Tensor:tolist", "", "list", "Nested lists of Lua values."},
    {"Tensor:size", "dim:dim?", "value", "The size of a dimension, or the list of all."},
    {"Tensor:numel", "", "integer", "How many elements."},
    {"Tensor:is_contiguous", "", "boolean",
      "Whether the elements lie in memory in row-major order without gaps."},
    {"Tensor:float", "", "Tensor", "As float32; itself when it is."},
    {"Tensor:long", "", "Tensor", "As int64."},
    {"Tensor:byte", "", "Tensor", "As uint8."},
    {"Tensor:bool", "", "Tensor", "As bool: whether each element is not 0."},
    {"Tensor:t", "", "Tensor",
      "The transposed matrix, a view; an error unless there are 2 dimensions."},
    {"Tensor:split", "size:value, dim:dim=1", "Tensor...",
      "Views of size positions each along dim, the last maybe smaller; or of the sizes in a "
        .. "list, which have to add up. Also vs.split(x, ...)."},
    {"Tensor:chunk", "n:int, dim:dim=1", "Tensor...",
      "At most n views of equal size along dim, the last maybe smaller."},
    {"Tensor:unbind", "dim:dim=1", "Tensor...", "Each position along dim, as views without it."},
    {"Tensor:movedim", "from:dim, to:dim", "Tensor",
      "Dimension from at place to, the others in their order; a view."},
    {"Tensor:swapaxes", "a:dim, b:dim", "Tensor", "Dimensions a and b swapped; a view."},
    {"Tensor:isnan", "", "Tensor", "Where x is NaN: bool of x's shape."},
    {"Tensor:isinf", "", "Tensor", "Where x is inf or -inf."},
    {"Tensor:isfinite", "", "Tensor", "Where x is neither NaN nor infinite."},
    {"Tensor:nan_to_num", "nan:num=0, posinf:num?, neginf:num?", "Tensor",
      "x with numbers in place of NaN, inf and -inf; the largest float32 where none is given."},
    {"Tensor:frac", "", "Tensor", "x - trunc(x)."},
    {"Tensor:clamp_min", "min:num", "Tensor", "clamp with a lower bound alone."},
    {"Tensor:clamp_max", "max:num", "Tensor", "clamp with an upper bound alone."},
    {"Tensor:floor_divide", "y:operand", "Tensor", "floor(x / y). No gradient."},
    {"Tensor:remainder", "y:operand", "Tensor",
      "x - y floor(x / y), of y's sign, as % in Lua."},
    {"Tensor:fmod", "y:operand", "Tensor", "x - y trunc(x / y), of x's sign."},
    {"Tensor:lerp", "y:tensor, weight:operand", "Tensor", "x + weight (y - x)."},
    {"Tensor:addcmul", "a:operand, b:operand, value:num=1", "Tensor", "x + value a b."},
    {"Tensor:addcdiv", "a:operand, b:operand, value:num=1", "Tensor", "x + value a / b."},
    {"Tensor:amax", "dim:dim?, keepdim:bool=false", "Tensor", "max without the places."},
    {"Tensor:amin", "dim:dim?, keepdim:bool=false", "Tensor", "min without the places."},
    {"Tensor:aminmax", "dim:dim?, keepdim:bool=false", "Tensor, Tensor", "amin and amax."},
    {"Tensor:count_nonzero", "dim:dims?", "Tensor", "How many elements are not 0: int64."},
    {"Tensor:std_mean", "dim:dims?, unbiased:bool=true, keepdim:bool=false",
      "Tensor, Tensor", "std and mean."},
    {"Tensor:var_mean", "dim:dims?, unbiased:bool=true, keepdim:bool=false",
      "Tensor, Tensor", "var and mean."},
    {"Tensor:kthvalue", "k:int, dim:dim=-1, keepdim:bool=false", "Tensor, Tensor",
      "The k-th smallest along dim, and its place from 1; NaN counts as largest."},
    {"Tensor:median", "dim:dim?, keepdim:bool=false", "Tensor, Tensor",
      "The middle value along dim, of an even number the lower, and its place from 1; over all "
        .. "elements without dim (the place counts in row order). NaN counts as largest."},
    {"Tensor:unique", "", "Tensor, Tensor, Tensor",
      "The different values of x, rising; for each element of x, in x's shape, which of them it "
        .. "is; how often each is there. No gradient."},
    {"Tensor:argwhere", "", "Tensor", "As nonzero."},
    {"Tensor:equal", "y:any", "boolean", "Whether shapes and all elements are the same."},
    {"Tensor:allclose", "y:any, rtol:num=1e-5, atol:num=1e-8, equal_nan:bool=false", "boolean",
      "Whether |x - y| <= atol + rtol |y| everywhere."},
    {"Tensor:mm", "y:tensor", "Tensor", "matmul of two matrices."},
    {"Tensor:bmm", "y:tensor", "Tensor", "matmul of [B,M,K] and [B,K,N]."},
    {"Tensor:mv", "y:tensor", "Tensor", "matmul of a matrix and a vector."},
    {"Tensor:dot", "y:tensor", "Tensor", "The sum of products of two vectors."},
    {"Tensor:outer", "y:tensor", "Tensor", "All products of two vectors [M] and [N]: [M,N]."},
    {"Tensor:addmm", "x:tensor, y:tensor, beta:num=1, alpha:num=1", "Tensor",
      "beta input + alpha x y, a product of matrices."},
    {"Tensor:baddbmm", "x:tensor, y:tensor, beta:num=1, alpha:num=1", "Tensor",
      "The same of batches [B,M,K] and [B,K,N]."},
    {"Tensor:cdist", "y:tensor, p:num=2", "Tensor",
      "p-norm distances of all rows of x [...,P,D] and y [...,R,D]: [...,P,R]. Takes P R D "
        .. "numbers of memory."},
    {"Tensor:cosine_similarity", "y:tensor, dim:dim=2, eps:num=1e-8", "Tensor",
      "x y / (max(|x|, eps) max(|y|, eps)) along dim, with broadcasting."},
    {"Tensor:view", "shape:ints", "Tensor", "As reshape."},
    {"Tensor:view_as", "other:any", "Tensor", "x in the shape of other."},
    {"Tensor:reshape_as", "other:any", "Tensor", "x in the shape of other."},
    {"Tensor:expand_as", "other:any", "Tensor", "expand to the shape of other."},
    {"Tensor:id", "", "value", "Equal for two handles of one tensor: a key for tables."},
    {"Tensor:requires_grad_", "on:bool=true", "Tensor",
      "Asks backward for .grad; float32 leaves only. Returns itself."},
    {"Tensor:backward", "grad:tensor?, {retain:bool=false}", nil,
      "Adds the derivative by every leaf that asks for one to its .grad. grad is the derivative "
        .. "to start from and may only be left out for one element. Frees the graph unless "
        .. "retain. No second derivatives."},
    {"Tensor:register_hook", "hook:function", "Hook",
      "hook(gradient) in each backward, once the whole gradient of this tensor has arrived, before "
        .. "it goes on; what hook returns replaces it. Hooks of a tensor that an op made go with "
        .. "its graph, those of a leaf stay until they are removed."},
    {"Hook:remove", "", nil, "The hook is not called any more."},
    {"vs.autograd.Function", "{name:string=function, forward:function, backward:function}",
      "function",
      "A differentiable function written in Lua. forward(ctx, ...) gets a table of the call's own "
        .. "and the arguments, and records nothing; backward(ctx, ...) gets one gradient a result, "
        .. "zeros where nothing flowed, and returns one an argument, nil where there is none. "
        .. "ctx.needs_input_grad[i] says whether argument i wants one."},
  },
}
