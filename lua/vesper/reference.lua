-- What `help`, docs/reference.md and the editors' annotations say about each public name.
--
-- Ops, layers, optimizers and readers bring their own words in their C descriptors.  What is bound
-- or written by hand stands in `sections` below, one line each: {name, arguments, results, words}.
-- spec/help_spec.lua compares these lines with the live tables: no function may lack one, and none
-- may lack its function.
--
-- Arguments use the descriptors' language (csrc/core/args.h) and a little more: `{...}` around
-- options that go by name in a last table, `...` after a kind that may repeat, kinds that are Lua's
-- own (list, table, function, value) or a class.  Without arguments the entry is a field.
-- Results: "Dataset?" means nil and a message when the file is missing or broken; an absent result
-- without a message is "integer|nil".
local core = require "vesper.core"

local reference = {}

local sections = {
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
    {"vs.memory", "", "table",
      "{live, cached, peak, limit} in bytes of tensor memory, and counts of blocks: those live "
        .. "now, allocations, system_requests."},
    {"vs.empty_cache", "", nil, "Collects garbage and gives the cached blocks back to the system."},
    {"vs.set_cache_limit", "bytes:int", nil,
      "How many freed bytes stay cached; at first half of the machine's memory."},
    {"vs.now", "", "number", "Seconds of a clock that only goes forward."},
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
      "{version, real = \"float\" or \"double\", isa = \"generic\", \"avx2\" or \"avx512\"}."},
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
  {"nn", "Modules.  Layers made in C and modules written in Lua share the methods of Module.",
    {"nn.Parameter", "x:tensor", "Tensor",
      "A tensor that is trained: as a field of a module it is one of its parameters."},
    {"nn.Sequential", "modules:list", "Module",
      "Calls modules or functions one after the other: nn.Sequential{a, b, c}."},
    {"nn.Module", nil, "Module",
      "The class that modules of one's own extend: local Net = nn.Module:extend(\"Net\")."},
    {"nn.Embedding.from_pretrained",
      "weight:tensor, {freeze:bool=true, padding_idx:int?, sparse:bool=false}",
      "Layer", "An Embedding over the table weight [V,D]; not trained unless freeze = false."},
    {"nn.functional", nil, "table",
      "Every op under the name it has in vs: nn.functional.cross_entropy."},
    {"nn.utils", nil, "table", "clip_grad_norm_ and clip_grad_value_, as in optim."},
    {"nn.InfoNCE", "temperature:num=0.07, {learn:bool=true}", "Module",
      "The symmetric cross-entropy of scores [B,B] / temperature, pairs standing on the diagonal; "
        .. "give it cosines. Its parameter logit_scale, log(1 / temperature), is learned and kept "
        .. "at or below log(100), and fixed with learn = false. Radford et al., 2021."},
    {"InfoNCE:temperature", "", "number", "The temperature as it is now."},
    {"nn.HingeRanking", "{margin:num=0.2, negatives:hardest|sum=hardest, warmup:int=1}", "Module",
      "The hinge ranking loss of scores [B,B], pairs standing on the diagonal: loss(scores, epoch, "
        .. "same?) is the mean over pairs. Up to the epoch warmup it counts every negative, later "
        .. "the hardest; the epoch may be left out when warmup is 0, and may be a step when warmup "
        .. "counts steps. same, bool [B,B], marks pairs that are no negatives. When the loss has "
        .. "stuck at 2 * margin for 100 training steps, all embeddings being in one point, it says "
        .. "so on standard error, once. Faghri et al., VSE++, BMVC 2018."},
    {"nn.CosineSimilarity", "dim:dim=2, eps:num=1e-8", "Module",
      "cosine_similarity of two tensors along dim."},
    {"nn.MultiheadAttention", "embed_dim:int, num_heads:int, {dropout:num=0, bias:bool=true, "
        .. "kdim:int?, vdim:int?}",
      "Module",
      "Called with query [B,L,E], key [B,S,kdim] and value [B,S,vdim] (query and key unless "
        .. "given) and options it gives [B,L,E]. key_padding_mask bool [B,S] and attn_mask bool "
        .. "[L,S] or [B*heads,L,S] are true where something is hidden, a float attn_mask is added; "
        .. "is_causal; need_weights adds the mean weights [B,L,S], or [B,heads,L,S] with "
        .. "average_attn_weights = false. A row that sees nothing is zeros before out_proj. The "
        .. "scores are held only where the weights are asked for. Vaswani et al., 2017."},
    {"nn.TransformerEncoderLayer", "d_model:int, nhead:int, {dim_feedforward:int=2048, "
        .. "dropout:num=0.1, activation:string=relu, layer_norm_eps:num=1e-5, "
        .. "norm_first:bool=false}",
      "Module",
      "Self-attention and a feed-forward net, each with a residual and a layer norm behind it, "
        .. "before it with norm_first. Called with x [B,T,D] and the options key_padding_mask, "
        .. "attn_mask, is_causal of nn.MultiheadAttention; activation is the name of an op."},
    {"nn.TransformerEncoder", "layer:Module, num_layers:int, norm:Module?", "Module",
      "That many layers: the given one, and others made like it with first values of their own; "
        .. "norm behind them. Called as a layer is."},
    {"nn.positional_encoding", "n:int, d:int", "Tensor",
      "[n,d]: the sinusoids of positions 0..n-1, sin and cos in turn. Vaswani et al., 2017."},
    {"nn.positional_encoding2d", "height:int, width:int, d:int", "Tensor",
      "[height*width,d], row by row: half of the channels tell the row, half the column."},
    {"nn.GPO", "d_pe:int=32, d_hidden:int=32", "Module",
      "Generalized pooling. Called with x [B,T,D] and lengths int64 [B] (T unless given) it gives "
        .. "[B,D] and the weights of the ranks [B,T]: the values of each channel, sorted, are "
        .. "summed with weights that a BiGRU gives to the ranks. Without elements: zeros. Chen et "
        .. "al., VSE-infinity, CVPR 2021."},
    {"nn.summary", "module:Module, inputs:value...", "list",
      "What a module does with these inputs: {name=, kind=, depth=, output=, parameters=} for each "
        .. "call in order, beside it parameters and trained for all; print shows it. Runs the "
        .. "module once, in evaluation, without gradients."},
    {"nn.init.uniform_", "x:tensor, low:num=0, high:num=1", "Tensor",
      "Fills x with uniform numbers; as all of nn.init in place, outside graphs, giving x back."},
    {"nn.init.normal_", "x:tensor, mean:num=0, std:num=1", "Tensor",
      "Fills x with normal numbers."},
    {"nn.init.constant_", "x:tensor, value:num", "Tensor", "Every element of x becomes value."},
    {"nn.init.zeros_", "x:tensor", "Tensor", "Every element of x becomes 0."},
    {"nn.init.ones_", "x:tensor", "Tensor", "Every element of x becomes 1."},
    {"nn.init.xavier_uniform_", "x:tensor, gain:num=1", "Tensor",
      "Uniform within gain * sqrt(6 / (fan_in + fan_out)). x [out,in,...], its fans times the "
        .. "kernel's size. Glorot and Bengio, 2010."},
    {"nn.init.xavier_normal_", "x:tensor, gain:num=1", "Tensor",
      "Normal of deviation gain * sqrt(2 / (fan_in + fan_out))."},
    {"nn.init.kaiming_uniform_",
      "x:tensor, {a:num=0, mode:string=fan_in, nonlinearity:string=leaky_relu}", "Tensor",
      "Uniform within gain * sqrt(3 / fan), fan being fan_in or fan_out by mode, a the slope of "
        .. "leaky_relu. He et al., 2015."},
    {"nn.init.kaiming_normal_",
      "x:tensor, {a:num=0, mode:string=fan_in, nonlinearity:string=leaky_relu}", "Tensor",
      "Normal of deviation gain / sqrt(fan); see kaiming_uniform_."},
    {"nn.init.orthogonal_", "x:tensor, gain:num=1", "Tensor",
      "gain times a random matrix with orthonormal rows, or columns where it has more rows; "
        .. "further dimensions count as columns. Saxe et al., 2014."},
    {"nn.init.calculate_gain", "nonlinearity:string, slope:num=0.01", "number",
      "By what to multiply deviations before linear, sigmoid, tanh, relu, leaky_relu (of that "
        .. "slope) or selu."},
    {"Module:extend", "name:string", "Module",
      "A class of modules. Give it init(self, ...) and forward(self, ...); calling the class "
        .. "makes one, calling that one runs forward."},
    {"Module:init", "args:value...", nil,
      "Called when one is made; sets layers, parameters and modules as fields."},
    {"Module:forward", "args:value...", "value", "What calling the module does."},
    {"Module:register_buffer", "name:string, x:any", "Tensor",
      "Makes x a field that is saved but not trained."},
    {"Module:parameters", "trainable:bool=false", "list",
      "The parameters, each once: what optimizers take, only the trained when true. Fields in "
        .. "sorted order."},
    {"Module:named_parameters", "", "list",
      "The parameters as {name, tensor}; names are PyTorch's: \"0.weight\"."},
    {"Module:buffers", "", "list", "What is saved but not trained (running statistics)."},
    {"Module:named_buffers", "", "list", "The buffers as {name, tensor}."},
    {"Module:named_modules", "", "list",
      "This module (name \"\") and all below as {name, module}."},
    {"Module:num_parameters", "trainable:bool=false", "integer",
      "How many numbers they hold; only the trained when true."},
    {"Module:state_dict", "", "table",
      "{name = tensor} of parameters and buffers; the memory is the module's."},
    {"Module:load_state_dict", "dict:table, {strict:bool=true}", "table",
      "Copies a state dictionary in. An error names what is missing, unexpected or misshapen and "
        .. "changes nothing; strict = false only minds shapes. Returns {missing, unexpected}."},
    {"Module:train", "on:bool=true", "Module",
      "Training mode here and below: Dropout and BatchNorm go by it."},
    {"Module:eval", "", "Module", "Evaluation mode here and below."},
    {"Module:freeze", "", "Module", "The parameters get no gradient."},
    {"Module:unfreeze", "", "Module", "The parameters get gradients again."},
    {"Module:zero_grad", "", nil, "Drops the gradients."},
    {"Module:apply", "fn:function", "Module", "fn(module) on this module and all below."},
    {"Module:register_forward_pre_hook", "hook:function", "Hook",
      "hook(module, inputs) before each call of the module; inputs is a list {n =} that it may "
        .. "change. Not asked by module:forward(...)."},
    {"Module:register_forward_hook", "hook:function", "Hook",
      "hook(module, inputs, outputs) after each call; both are lists that it may change."},
    {"Module:register_full_backward_hook", "hook:function", "Hook",
      "hook(module, grad_inputs, grad_outputs) in each backward through the module; the lists "
        .. "follow the tensors among arguments and results, and grad_inputs may be changed; it is "
        .. "empty where no input wants a gradient."},
    {"Module.training", nil, "boolean", "Whether it is in training mode."},
    {"Layer:slots", "", "list",
      "Parameters and buffers of a layer as {name, tensor, is_parameter}."},
    {"Layer.name", nil, "string",
      "What it is: \"Linear\". Its constructor's arguments are fields too."},
  },
  {"optim", "Optimizers.  They take a list of parameters, or groups: {{params = a, lr = 0.1}, "
      .. "{params = b}}.",
    {"optim.clip_grad_norm_", "parameters:list, max_norm:num", "number",
      "Scales all gradients so that their common 2-norm is at most max_norm; returns the norm "
        .. "before."},
    {"optim.clip_grad_value_", "parameters:list, limit:num", nil,
      "Cuts every gradient element to [-limit, limit]."},
    {"Optimizer:step", "", nil, "Updates every parameter that has a gradient."},
    {"Optimizer:zero_grad", "", nil, "Drops the gradients."},
    {"Optimizer:add_param_group", "group:table", nil, "One more group: {params = list, lr = ...}."},
    {"Optimizer:state_dict", "", "table",
      "{name, groups, state, steps} of tables and tensors; see load_state_dict."},
    {"Optimizer:load_state_dict", "dict:table", nil,
      "Restores it; groups and parameters have to be the same in number and shape."},
    {"Optimizer:state", "group:int, i:int", "table, integer",
      "The state tensors of one parameter by name, and its steps."},
    {"Optimizer:set_state", "group:int, i:int, state:table, steps:int", nil,
      "Sets what Optimizer:state returned."},
    {"Optimizer.param_groups", nil, "list",
      "The groups, each with params and its settings, which may be set; opt.lr = v sets lr in "
        .. "all of them."},
    {"Optimizer.name", nil, "string", "What it is: \"Adam\"."},
    {"optim.EMA", "module:value, {decay:num=0.999, warmup:bool=false, buffers:bool=false}", "EMA",
      "Keeps an exponential moving average of a module's parameters, beginning with what they are; "
        .. "buffers averages running statistics too. warmup: the decay is at most (1 + n) / (10 + "
        .. "n) at the n-th update from 0."},
    {"EMA:update", "", nil,
      "average = decay * average + (1 - decay) * weight; after every step of the optimizer."},
    {"EMA:swap", "", nil, "Exchanges the module's weights and the averages; again: as before."},
    {"EMA:apply", "fn:function, args:value...", "value",
      "fn(args...) with the averages in the module: ema:apply(train.evaluate, net, loader). The "
        .. "weights come back after an error too."},
    {"EMA:state_dict", "", "table",
      "{decay, warmup, buffers, updates, state = {name = tensor}}; the memory is the averages'."},
    {"EMA:load_state_dict", "dict:table", nil,
      "Goes on where state_dict was called; names and shapes have to be the module's."},
  },
  {"optim.lr_scheduler", "Learning rates over steps, with PyTorch's names and numbers. Arguments "
      .. "behind the optimizer go by position or by name in a last table. A schedule sets the rate "
      .. "of every group when it is made and at each step; `first` is the rate a group began with, "
      .. "`e` the steps since.",
    {"optim.lr_scheduler.StepLR", "optimizer:Optimizer, step_size:int, gamma:num=0.1",
      "Scheduler", "first * gamma ^ (e // step_size)."},
    {"optim.lr_scheduler.MultiStepLR", "optimizer:Optimizer, {milestones:list, gamma:num=0.1}",
      "Scheduler", "first * gamma ^ (the number of milestones up to e)."},
    {"optim.lr_scheduler.ExponentialLR", "optimizer:Optimizer, gamma:num", "Scheduler",
      "first * gamma ^ e."},
    {"optim.lr_scheduler.LinearLR", "optimizer:Optimizer, {start_factor:num=1/3, "
        .. "end_factor:num=1, total_iters:int=5}",
      "Scheduler", "first times a factor that goes in a line from start_factor to end_factor over "
        .. "total_iters steps: a warm-up."},
    {"optim.lr_scheduler.PolynomialLR", "optimizer:Optimizer, total_iters:int=5, power:num=1",
      "Scheduler", "first * (1 - e / total_iters) ^ power, then 0."},
    {"optim.lr_scheduler.CosineAnnealingLR", "optimizer:Optimizer, T_max:int, eta_min:num=0",
      "Scheduler", "From first to eta_min along half a cosine over T_max steps, and back over as "
        .. "many. Loshchilov and Hutter, SGDR, 2017."},
    {"optim.lr_scheduler.OneCycleLR", "optimizer:Optimizer, {max_lr:value, total_steps:int?, "
        .. "epochs:int?, steps_per_epoch:int?, pct_start:num=0.3, anneal_strategy:cos|linear=cos, "
        .. "cycle_momentum:bool=true, base_momentum:value=0.85, max_momentum:value=0.95, "
        .. "div_factor:num=25, final_div_factor:num=1e4, three_phase:bool=false}",
      "Scheduler", "From max_lr / div_factor up to max_lr in pct_start of the steps, then down to "
        .. "max_lr / div_factor / final_div_factor; momentum (or the first of betas) goes the "
        .. "other way. A step after each batch; rates and momenta may be lists with one a group. "
        .. "Smith and Topin, Super-Convergence, 2018."},
    {"optim.lr_scheduler.ReduceLROnPlateau", "optimizer:Optimizer, {mode:min|max=min, "
        .. "factor:num=0.1, patience:int=10, threshold:num=1e-4, threshold_mode:rel|abs=rel, "
        .. "cooldown:int=0, min_lr:value=0, eps:num=1e-8}",
      "Scheduler", "Multiplies the rate by factor when the value given to step has not got better "
        .. "by threshold for more than patience steps; then waits cooldown steps."},
    {"optim.lr_scheduler.LambdaLR", "optimizer:Optimizer, lr_lambda:value", "Scheduler",
      "first * lr_lambda(e); a function, or a list with one a group. Functions are not kept in "
        .. "the state."},
    {"optim.lr_scheduler.SequentialLR", "optimizer:Optimizer, {schedulers:list, milestones:list}",
      "Scheduler", "One schedule after the other, each counting from 0: schedulers[i + 1] takes "
        .. "over at milestones[i]. A warm-up, then a cosine: LinearLR and CosineAnnealingLR."},
    {"Scheduler:step", "value:num?", nil,
      "The next step, after optimizer:step(): after each epoch, or batch, as the schedule counts. "
        .. "ReduceLROnPlateau takes the value that it watches."},
    {"Scheduler:get_last_lr", "", "list", "The rates of all groups."},
    {"Scheduler:state_dict", "", "table",
      "{name, last_epoch, base_lrs, arguments...}, numbers and words alone. The rates themselves "
        .. "are in the optimizer's state."},
    {"Scheduler:load_state_dict", "dict:table", nil,
      "Goes on where state_dict was called, arguments included; load the optimizer's state too."},
    {"Scheduler.last_epoch", nil, "integer", "Steps so far."},
    {"Scheduler.name", nil, "string", "What it is: \"StepLR\"."},
  },
  {"npy", "Arrays in numpy's .npy files: float32, float64, float16, int64, int32, uint8, bool.",
    {"npy.load", "path:string, {mmap:bool=true}", "Tensor?",
      "The array of a file. mmap: over the file itself, so that what is never read costs nothing; "
        .. "writes stay in this process, and an array in Fortran order is a view with strides. "
        .. "Without mmap a dense copy. Big-endian files, strings and records are refused."},
    {"npy.save", "path:string, x:any", "true?",
      "Writes x in C order, as numpy would. The file is complete or absent."},
  },
  {"data", "Data sets, loaders, and files of one's own.",
    {"data.Loader", "set:Dataset, {batch_size:int=32, shuffle:bool=false, seed:int?, "
        .. "workers:int=0, drop_last:bool=false, crop:int=0, flip:num=0, jitter:num=0, "
        .. "erase:num=0, chunks:int=0}",
      "Loader", "for batch in loader is one epoch, shuffled anew each time; the order depends on "
        .. "(seed, epoch) alone. workers are threads that make batches ahead, 0 to 64. Images are "
        .. "changed at random, by (seed, epoch, sample): shifted by up to crop pixels (the border "
        .. "is repeated), mirrored with probability flip, brightness, contrast and saturation "
        .. "multiplied by 1 - jitter to 1 + jitter, a rectangle of 2 to 33 % set to 0 with "
        .. "probability erase. chunks: for files whose chunks hold several samples, compressed "
        .. "above all: the chunks are shuffled, and the samples of so many of them at a time, so "
        .. "that each chunk is read once an epoch; twice as many are kept in memory (at most 1 "
        .. "GiB). 0 shuffles all samples over the whole file."},
    {"data.Writer", "path:string, {name:string?, source:string?, split_seed:int=0, "
        .. "classes:list?, tags:list?, vocab:value?, vectors:tensor?, image_size:list?, "
        .. "regions:int?, max_words:int?, compress:int=0, chunk:int=1, half:bool=false}",
      "Writer?", "Begins a vesper HDF5 file, which takes its place at close. vocab is a Vocab or "
        .. "a list of words; image_size is {height, width}, without it pictures stay the bytes "
        .. "they were; compress 0..9; chunk: pictures that are stored and compressed together, "
        .. "which is smaller, and slower to read in any order but that of Loader's chunks; half: "
        .. "features and regions are stored as float16."},
    {"data.permutation", "n:int, seed:int", "list",
      "1..n in an order that depends on the seed alone."},
    {"data.find", "folder:string, ending:string", "list?",
      "The files below a folder whose paths end so, sorted."},
    {"data.readers", "", "list", "Every reader: {name, args, doc}."},
    {"data.IMAGENET", nil, "table", "{mean, std} of ImageNet's pictures by channel, values 0..1."},
    {"data.normalize", "images:any, mean:list?, std:list?", "Tensor",
      "Images uint8 or float 0..255 [B,3,H,W] as (x / 255 - mean) / std by channel, float32; mean "
        .. "and std are ImageNet's."},
    {"data.extract", "model:value, source:string, out:string, {splits:list?, batch_size:int=32, "
        .. "half:bool=true, regions:bool=true, images:bool=false, flip:bool=false, compress:int=0, "
        .. "progress:function?}", "table?",
      "Runs model(images) -> v [B,D], U [B,R,C] over every image of a vesper HDF5 file and writes "
        .. "another one with feature and regions in place of the images, the rest as it was. half: "
        .. "stored as float16; flip: train's images once more, mirrored, under id..'#flip'. "
        .. "Returns counts by split, or nil and a message."},
    {"data.prepare.folder", "folder:string, out:string, {csv:string=products.csv, "
        .. "image:string=images/{id}.jpg, title:string=title, label:string=label, id:string=id, "
        .. "split:string?, size:value=64, min_count:int=2, max_words:int=16, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, name:string?, "
        .. "source:string?, progress:function?}",
      "table?", "Writes a folder of pictures with a CSV table as a vesper HDF5 file. csv to "
        .. "split name its columns; without split it is 80/10/10 by seed and no title crosses. "
        .. "Returns counts by name."},
    {"data.prepare.emoji", "folder:string, out:string, {size:value=64, keywords:int=4, "
        .. "min_count:int=2, max_words:int=16, min_class:int=10, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, name:string=emoji, "
        .. "source:string?, progress:function?}",
      "table?", "Writes the pictures, names and keywords of the Debian package ruby-gemojione, "
        .. "unpacked below folder, as a vesper HDF5 file. Returns counts by name."},
    {"data.prepare.openclipart", "folder:string, out:string, {size:value=64, keywords:int=4, "
        .. "min_count:int=2, max_words:int=16, min_class:int=10, max_title:int?, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=openclipart, source:string?, progress:function?}",
      "table?", "Writes the drawings of the Debian packages openclipart-png and openclipart-svg, "
        .. "unpacked below folder, as a vesper HDF5 file: the class is the topmost folder, the "
        .. "caption title and keywords, and no title crosses a split. max_title: at most so many "
        .. "drawings of one title. Returns counts by name."},
    {"data.prepare.visual_genome", "folder:string, out:string, {images:int=7034, regions:int=5, "
        .. "classes:int=20, objects:int=100, attributes:int=50, test:num=0.1, val:num=0.2, "
        .. "size:value=64, min_count:int=2, max_words:int=16, seed:int=1, vectors:WordVectors?, "
        .. "skip_broken:bool=false, compress:int=0, name:string=visual_genome, source:string?, "
        .. "progress:function?}",
      "table?", "Writes Visual Genome's own files (its JSON streamed, a subset of images by seed) "
        .. "as a vesper HDF5 file: captions are region phrases, boxes theirs, the class the "
        .. "image's "
        .. "most frequent object, tags its objects and attributes. Returns counts by name."},
    {"data.prepare.inshop", "folder:string, out:string, {val:num=0.2, boxes:bool=true, "
        .. "landmarks:bool=true, size:value=64, min_count:int=2, max_words:int=32, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, name:string=inshop, "
        .. "source:string?, progress:function?}",
      "table?", "Writes DeepFashion In-shop, a folder with Anno, Eval and Img, as a vesper HDF5 "
        .. "file with splits train, val, query and gallery, items, boxes and eight landmarks. "
        .. "Returns counts by name."},
    {"data.prepare.fashiongen", "train:string, validation:string, out:string, {text:string=both, "
        .. "val:num=0.2, size:value=64, min_count:int=2, max_words:int=32, seed:int=1, "
        .. "vectors:WordVectors?, skip_broken:bool=false, compress:int=0, "
        .. "name:string=fashiongen, source:string?, progress:function?}",
      "table?", "Writes Fashion-Gen's two HDF5 files as a vesper one: train and val of the first, "
        .. "by product, test the second. text: name, description or both. Returns counts by name."},
    {"data.prepare.karpathy", "json:string, folder:string, out:string, {captions:int=5, "
        .. "restval:train|val|test|restval=train, size:value=64, min_count:int=2, "
        .. "max_words:int=32, seed:int=1, vectors:WordVectors?, skip_broken:bool=false, "
        .. "compress:int=0, name:string?, source:string?, progress:function?}",
      "table?", "Writes dataset_flickr8k.json, dataset_flickr30k.json or dataset_coco.json and the "
        .. "pictures in folder as a vesper HDF5 file, in Karpathy's splits, without classes. "
        .. "Returns counts by name."},
    {"data.prepare.precomputed", "folder:string, out:string, {splits:any?, captions:int=5, "
        .. "repeated:bool?, dev:value=5000, boxes:bool=true, half:bool=false, min_count:int=4, "
        .. "max_words:int=32, seed:int=1, vectors:WordVectors?, compress:int=0, name:string?, "
        .. "source:string?, progress:function?}",
      "table?", "Writes the precomputed features of VSE++ and SCAN (train_ims.npy [N,D] or "
        .. "[N,R,D], train_caps.txt, ...) as a vesper HDF5 file, mapped, a row at a time. splits = "
        .. "{train = 'train', val = 'dev', test = 'test'} says what the files are called; "
        .. "repeated: whether each image stands there once for each caption, else the ids or the "
        .. "rows tell; dev: captions of dev, false for all. Returns counts by name."},
    {"Dataset:batch", "samples:value, epoch:int=0", "table",
      "Those samples as a batch; a list or an int64 tensor [B], from 1 or negative from the end. "
        .. "set[i] is one sample, #set how many there are."},
    {"Dataset:classes", "", "list", "Names of the classes; label l is the l-th."},
    {"Dataset:tags", "", "list", "Names of the tags; column g of a batch's tags is the g-th."},
    {"Dataset:vocab", "", "list", "Words in the order of their ids: text.Vocab.new(set:vocab())."},
    {"Dataset:vectors", "", "Tensor|nil", "Word vectors float32 [V,D] where the file has them."},
    {"Dataset:attrs", "", "table", "The file's attributes."},
    {"Dataset:captions", "i:int", "list", "Every text of that sample's image."},
    {"Dataset:text", "i:int", "string|nil", "The sample's own text."},
    {"Dataset:id", "i:int", "string|nil", "What the sample's image is called in its source."},
    {"Dataset.name", nil, "string|nil", "Name of the data."},
    {"Dataset.split", nil, "string|nil", "\"train\", \"val\" or \"test\"."},
    {"Dataset.path", nil, "string|nil", "The file it reads."},
    {"Dataset.images", nil, "integer", "How many images the samples come from."},
    {"Loader:batches", "", "function",
      "for batch in loader:batches(): an epoch of its own, for loops inside loops."},
    {"Loader:state", "", "table",
      "{seed, epoch, batch}: epochs begun, batches given of the running one; beside them the "
        .. "settings that decide what batches hold: samples, batch_size, shuffle, drop_last, "
        .. "chunks, crop, flip, jitter, erase."},
    {"Loader:load_state", "state:table", nil,
      "The next loop goes on where the state was taken. Settings that stand in the state have to "
        .. "be the loader's own."},
    {"Loader:close", "", nil, "Stops the workers; a loop that follows starts anew."},
    {"Loader.epoch", nil, "integer",
      "Epochs begun; may be set. #loader is the number of batches in one."},
    {"Loader.batch_size", nil, "integer", "Samples a batch."},
    {"Loader.seed", nil, "integer", "The seed of the order."},
    {"Loader.workers", nil, "integer", "Threads that make batches ahead."},
    {"Loader.shuffle", nil, "boolean", "Whether the order is shuffled."},
    {"Loader.drop_last", nil, "boolean", "Whether a smaller last batch is left out."},
    {"Loader.chunks", nil, "integer", "Chunks that are shuffled together, 0 for all samples."},
    {"Loader.samples", nil, "integer", "Samples of the data set."},
    {"Loader.crop", nil, "integer", "Pixels by which images are shifted at most."},
    {"Loader.flip", nil, "number", "Probability of mirroring."},
    {"Loader.jitter", nil, "number", "How far brightness, contrast and saturation change."},
    {"Loader.erase", nil, "number", "Probability of a rectangle set to 0."},
    {"Loader.set", nil, "Dataset", "What it loads."},
    {"Writer:add", "split:string, item:table", "true?",
      "item: image uint8 [3,H,W] or image_bytes (a JPEG or PNG as it was), label from 1, item "
        .. "(what is shown, a number from 1 that means the same in all splits), tags (a list of "
        .. "positions in the Writer's), id, captions (texts, or {text, tokens}), landmark [K,3], "
        .. "regions [R,D], boxes [R,4], alone or beside regions, feature [D]. An image may be left "
        .. "out where there are regions or a feature."},
    {"Writer:count", "split:string", "integer", "Images added to a split so far."},
    {"Writer:close", "", "true?",
      "Finishes the file and puts it in its place; without it nothing is left."},
  },
  {"text", "Words, vocabularies, word vectors, WordPiece.  Ids count from 1, and 1 is padding.",
    {"text.tokenize", "s:string, {invalid:error|replace=error}", "list",
      "Lower-case words of a UTF-8 text: letters, digits and apostrophes. invalid says what "
        .. "broken UTF-8 does."},
    {"text.Vocab.build", "texts:list, {min_count:int=1, max_size:int?, "
        .. "invalid:error|replace=error}",
      "Vocab", "Words of the texts by falling count, after <pad> (id 1) and <unk> (id 2)."},
    {"text.Vocab.new", "words:list", "Vocab",
      "From the words in id order, the first two <pad> and <unk>."},
    {"text.WordVectors", "path:string", "WordVectors?",
      "GloVe's text format, .vec, or a fastText .bin, which also makes vectors of unseen words "
        .. "from their n-grams."},
    {"text.WordPiece", "path:string, {lowercase:bool?, max_len:int=512, "
        .. "invalid:error|replace=error}",
      "WordPiece?", "BERT's tokenizer, from vocab.txt or tokenizer.json. Devlin et al. 2019."},
    {"Vocab:encode", "s:string, {max_len:int?, invalid:error|replace=error}", "Tensor",
      "Ids int64 [T]; unknown words are <unk>."},
    {"Vocab:encode_batch", "texts:list, {max_len:int?, invalid:error|replace=error}",
      "Tensor, Tensor", "tokens int64 [B,T], padded with 1, and lengths int64 [B]."},
    {"Vocab:decode", "ids:index", "string", "The words of ids [T], padding left out."},
    {"Vocab:id", "word:string", "integer|nil", "The id of a word."},
    {"Vocab:word", "id:int", "string",
      "The word of an id; an error when there is none. #vocab is the number of words."},
    {"Vocab:words", "", "list", "The words in id order."},
    {"Vocab:count", "word:string", "integer|nil",
      "How often it was in the texts; nil unless built from texts."},
    {"WordVectors:dim", "", "integer", "Numbers a vector. #vectors is the number of words."},
    {"WordVectors:vector", "word:string", "Tensor|nil", "float32 [D]."},
    {"WordVectors:has", "word:string", "boolean", "Whether the word has a vector."},
    {"WordVectors:matrix", "vocab:Vocab, {scale:num=0.1, seed:int?}", "Tensor, integer",
      "float32 [V,D] for nn.Embedding.from_pretrained, and how many words were found. Others are "
        .. "random with deviation scale; padding is 0."},
    {"WordVectors:nearest", "word:string, k:int=10", "list?",
      "{word, score} by cosine, best first."},
    {"WordPiece:tokenize", "s:string", "list", "The pieces, without [CLS] and [SEP]."},
    {"WordPiece:encode", "s:string, {pair:string?, max_len:int?}", "Tensor, Tensor",
      "ids int64 [T] with [CLS] and [SEP], and types int64 [T]: 1 first text, 2 second."},
    {"WordPiece:encode_batch", "texts:list, {pairs:list?, max_len:int?}",
      "Tensor, Tensor, Tensor, Tensor", "ids int64 [B,T], mask bool [B,T], lengths int64 [B], "
        .. "types int64 [B,T]."},
    {"WordPiece:decode", "ids:index, {special:bool=false}", "string",
      "The text of ids [T]; special keeps [CLS], [SEP], [PAD]."},
    {"WordPiece:id", "token:string", "integer|nil", "The id of a piece."},
    {"WordPiece:token", "id:int", "string", "The piece of an id; an error when there is none."},
  },
  {"image", "Pictures are uint8 [C,H,W]; x and y count from 1, sizes are {height, width}.",
    {"image.load", "path:string, {channels:int=3, background:list=white}", "Tensor?",
      "JPEG, PNG, BMP or GIF as [channels,H,W]: 1 grey, 3 RGB, 4 RGBA. Transparent pixels are "
        .. "laid over background."},
    {"image.decode", "bytes:string, {channels:int=3, background:list=white}", "Tensor?",
      "The same of bytes in memory."},
    {"image.info", "path:string", "table?", "{width, height, channels} without decoding."},
    {"image.save", "path:string, picture:any, {quality:int=90}", "true?",
      ".png or .jpg by the ending; quality 1..100 of JPEG."},
    {"image.encode", "picture:any, format:png|jpg, {quality:int=90}", "string",
      "The bytes of such a file."},
    {"image.resize", "picture:any, size:list, filter:string=bilinear", "Tensor",
      "To {height, width}; filter nearest, box, bilinear, bicubic or lanczos, with antialiasing."},
    {"image.crop", "picture:any, x:int, y:int, size:list", "Tensor",
      "A copy of the part with its top left at x, y."},
    {"image.flip", "picture:any", "Tensor", "A copy with left and right exchanged."},
    {"image.canvas", "size:list, color:list=white", "Tensor",
      "A new picture [3,H,W] of one colour {r, g, b}, 0..255."},
    {"image.draw_text", "picture:any, x:int, y:int, text:string, {scale:int=1, color:list=black}",
      "Tensor", "Paints text with its top left at x, y; returns the picture."},
    {"image.text_size", "text:string, scale:int=1", "integer, integer",
      "Width and height of such a text in pixels."},
    {"image.draw_box", "picture:any, x:int, y:int, size:list, {color:list=black, frame:int=0}",
      "Tensor", "Paints a box, or only a frame of that thickness; returns the picture."},
    {"image.paste", "picture:any, other:any, x:int, y:int", "Tensor",
      "Paints another picture at x, y; returns the picture."},
    {"image.grid", "pictures:list, {columns:int?, padding:int=2, background:list=white}", "Tensor",
      "One picture of many, row by row, in cells as large as the largest; as square as it gets "
        .. "by default."},
  },
  {"io", "Plain files.",
    {"io.csv", "path:string, {delimiter:string=,}", "CsvReader?",
      "for row in io.csv(path): row is {column = text}, the first line names the columns. A "
        .. "broken row is an error."},
    {"io.csv_rows", "path:string, {delimiter:string=,}", "list?, list",
      "All rows at once, and the names of the columns."},
    {"CsvReader:columns", "", "list",
      "The names of the columns. reader() is the next row, nil at the end."},
    {"CsvReader:line", "", "integer", "The line of the file that was read last."},
    {"CsvReader:close", "", nil, "Closes the file."},
    {"io.json_decode", "text:string", "value?",
      "JSON as Lua values: objects and arrays are tables, null is io.null."},
    {"io.json_load", "path:string", "value?", "The same of a file."},
    {"io.json_items", "path:string, {key:string?}", "JsonItems?",
      "for element in io.json_items(path): the elements of a file that is one array, or an object "
        .. "with an array under the key, read one after the other, so that memory holds one of "
        .. "them (at most 64 MiB of text). A broken file is "
        .. "an error that names element and byte. items() is the next element, nil at the end."},
    {"JsonItems:read", "", "value?",
      "The next element, nil at the end; nil and a message where the file is broken."},
    {"JsonItems:close", "", nil, "Closes the file."},
    {"io.h5", "path:string", "H5File?",
      "Any HDF5 file, to read data sets of it in pieces; vesper's own are data.open's."},
    {"H5File:info", "name:string", "table?",
      "{kind, shape, bytes} of a data set: kind is integers, numbers, strings or other, bytes "
        .. "those "
        .. "of an element."},
    {"H5File:read", "name:string, first:int=1, last:int?", "value?",
      "Rows first to last: a tensor (uint8, int64 or float32), or a list of strings, as their "
        .. "bytes "
        .. "are, for shapes [N] and [N,1]."},
    {"H5File:close", "", nil, "Closes the file."},
    {"io.json_encode", "value:value, {indent:int=0}", "string",
      "JSON with sorted keys, on one line unless indented."},
    {"io.json_save", "path:string, value:value, {indent:int=0}", "true?", "The same into a file."},
    {"io.array", "list:list", "list",
      "Marks a table, so that it is written as [] even when it is empty."},
    {"io.xml_texts", "path:string", "list?",
      "The texts of an XML file: {name, text} of every element that has some of its own, name "
        .. "being the elements down to it without prefixes (\"svg/metadata/RDF/Work/title\"), "
        .. "in the order in which they end. Reads nothing outside the file; at most 1 MiB of "
        .. "text."},
    {"io.null", nil, "value", "What stands for JSON's null."},
  },
  {"metrics", "Percent, ranks, neighbours.  Ties count against the right item.",
    {"metrics.accuracy", "predictions:any, labels:index", "number",
      "Percent right; logits [B,C] or classes int64 [B]."},
    {"metrics.confusion", "predictions:any, labels:index, count:int", "Tensor",
      "int64 [count,count]: how often class row was taken for class column."},
    {"metrics.retrieval", "v:tensor, t:tensor, {image_of:index?}", "table",
      "Recall by cosine of images v [N,D] and texts t [M,D]: r.i2t and r.t2i with r1, r5, r10 in "
        .. "percent, medr, meanr; r.rsum; r.protocol in words. image_of int64 [M] says whose "
        .. "caption each text is."},
    {"metrics.format", "r:table", "string", "One line of what metrics.retrieval returned."},
    {"metrics.item_retrieval", "v_query:tensor, item_query:index, v_gallery:tensor, "
        .. "item_gallery:index", "table",
      "Recall by cosine of gallery images [N,D] that show the item of a query image [Q,D]: r.r1, "
        .. "r5, r10, r20, r50 in percent; r.n queries, r.missing of them without their item in the "
        .. "gallery, which count as wrong; r.protocol in words."},
    {"metrics.topk", "queries:tensor, gallery:tensor, k:int", "Tensor, Tensor",
      "Rows of gallery [N,D] with the largest cosine to each query [Q,D]: int64 [Q,k], and the "
        .. "cosines."},
  },
  {"plot", "Pictures for reports.",
    {"plot.lines", "path:string, series:list, {title:string?, x_label:string?, y_label:string?, "
        .. "width:int=720, height:int=430, y_min:num?, y_max:num?}",
      "true?", "A line chart as SVG; a series is {name, y = list, x = list?}."},
    {"plot.contact_sheet", "path:string, rows:list, {title:string?, note:string?, size:int=104}",
      "true?", "A sheet of pictures, one row a query: {caption, images = {{image, correct?, "
        .. "label?}, ...}}. A green frame is right, a red one wrong."},
    {"plot.attention", "path:string, rows:list, {title:string?, note:string?, size:int=112, "
        .. "columns:int=8}", "true?",
      "Which word looks where: a row is {image, words, weights [T,R], grid = {height, width}}; the "
        .. "picture, then a panel a word, coloured where its weights are large."},
    {"plot.confusion", "path:string, counts:index, classes:list, {title:string?}", "true?",
      "Counts int64 [C,C] of metrics.confusion as SVG; a cell is as dark as its share."},
  },
  {"report", "What is left of an experiment.",
    {"report.table", "columns:list, rows:list, format:text|markdown|csv|latex|html=text",
      "string",
      "Rows as lines of text; for LaTeX a tabular that needs no package. A column is {key, title}; "
        .. "absent values are \"-\"."},
    {"report.escape", "text:string, format:text|markdown|csv|latex|html=text", "string",
      "A text as the format takes it: \"50 %\" is \"50 \\%\" in LaTeX."},
    {"report.columns", nil, "list",
      "The columns of a comparison of models, as report.row fills them."},
    {"report.row", "name:string, val:table, test:table, extra:table?", "table",
      "One row from what train.evaluate returned on validation and test; extra fields are added."},
    {"report.curves", "path:string, histories:list, options:table?", "true?",
      "Curves by epoch as SVG (plot.lines): histories are {name, history of train.fit, value = "
        .. "function(entry)}."},
    {"report.retrieved", "path:string, set:Dataset, v:tensor, t:tensor, captions:list, k:int, "
        .. "options:table?",
      "true?", "A contact sheet: for each caption (its position in the set) the k images nearest "
        .. "to its embedding; v, t [N,D] in the order of the set."},
    {"report.found", "path:string, set:Dataset, captions:list, found:list, options:table?",
      "true?", "The same sheet of given images: found has a list of positions for each caption, "
        .. "best first."},
    {"report.attention", "path:string, set:Dataset, model:Module, samples:list, options:table?",
      "true?", "Which word of a caption looks at which part of its picture (plot.attention), for "
        .. "samples of a set and a model with attention_map."},
    {"report.confusion", "path:string, result:table, classes:list, options:table?", "true?",
      "plot.confusion of what train.evaluate returned."},
    {"report.page", "folder:string, name:string, title:string, sections:list", "true?",
      "An HTML page that needs no network. A section is {title =, parts ...}, a part {text =}, "
        .. "{table = {columns =, rows =}} or {picture = path from the folder, words =}."},
    {"report.write", "folder:string, name:string, text:string", "true?", "Writes folder/name."},
  },
  {"experiment", "Tables of experiments over rows and seeds, resumed where they were stopped.",
    {"experiment.run", "{folder:string, rows:list, seeds:list, epochs:int, loaders:function, "
        .. "optimizer:function, schedule:function?, schedule_per:epoch|batch=epoch, "
        .. "score:function?, clip:num=2, data:string?, settings:table?, quiet:bool=false}", "list",
      "Trains each row with each seed by train.fit, in a folder of its own below folder/runs, "
        .. "unless it is done there; what was killed goes on from its checkpoint with the same "
        .. "numbers. A row is {name, make = function(seed) -> model, options = what tells it from "
        .. "others}, or {name, missing = why}. loaders(seed) gives {train, val, test}, "
        .. "optimizer(model) and schedule(optimizer) what fit takes. Test data is looked at once "
        .. "a run, with the weights that are best on validation. A folder whose run was begun with "
        .. "other epochs, settings, options or data is refused. Returns the results, seed by seed: "
        .. "{row, seed, val, test, history, best_epoch, parameters, seconds, run, ...}."},
    {"experiment.report", "{folder:string, results:list, rows:list, loaders:function, sets:table, "
        .. "title:string?, samples:int=6, pictures:bool=true, sheets:list?}", "list, list",
      "What experiment.write leaves, pictures of models of the first seed (confusion, retrieval, "
        .. "attention), and index.html with all of it. Returns the rows and the protocol."},
    {"experiment.write", "folder:string, results:list, sizes:table", "list, list",
      "table.txt, .md, .csv and .tex with the protocol, runs.csv with a line a run, curves.svg. "
        .. "sizes = {train, val, test}. Returns the rows and the protocol."},
    {"experiment.summary", "results:list", "list",
      "Rows for report.table: mean and deviation over the seeds as text; .mean and .deviation have "
        .. "the numbers."},
    {"experiment.curves", "results:list", "list",
      "Mean validation accuracy by epoch, a line a row, as report.curves takes it."},
    {"experiment.protocol", "results:list, sizes:table", "list",
      "Data, seeds, epochs, how an epoch was chosen, what the columns mean, in sentences."},
    {"experiment.text", "rows:list, protocol:list, format:text|markdown|latex|html=text", "string",
      "Table, protocol and the published figures below it."},
    {"experiment.figures", "result:table", "table",
      "The figures of one result by the names of report.columns."},
    {"experiment.mean", "list:list", "number, number|nil",
      "Mean and deviation (over n - 1) of numbers; of one number there is no deviation."},
    {"experiment.folder", "folder:string, name:string, seed:int", "string",
      "Where a run lies; its best.safetensors are the weights."},
    {"experiment.fingerprint", "path:string", "table?",
      "{name, bytes, checksum} of a file: FNV-1a over words of eight bytes."},
    {"experiment.published", nil, "list",
      "Published figures {model, val, test} that stand beside a table; .note says what they are."},
  },
  {"models", "Image-text models; each is a module class.",
    {"models.Baseline", "options:table", "Baseline",
      "Classes from the image alone: {classes, width = 256, channels = {32, 64, 128, 256}, "
        .. "hidden = width, dropout = 0.2}. Called with a batch it returns {v [B,D], logits "
        .. "[B,C], image_logits}."},
    {"Baseline:loss", "batch:table", "Tensor, table, table",
      "Cross-entropy on batch.label, its parts as numbers, the outputs."},
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
    {"VSE:embed_text", "batch:table", "Tensor",
      "What retrieval compares of a batch's texts, [B,D]."},
    {"VSE:fit_prototypes", "loader:Loader", nil,
      "Sets the class prototypes to the mean text embedding of each class."},
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
    {"BERTFusion:param_groups", "lr:num, factor:num=0.1", "list",
      "Groups for an optimizer: BERT's parameters learn at lr * factor."},
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
    {"models.RegionEncoder", "width:int, {region_width:int=2048, pooling:mean|max|gpo=mean}",
      "Module", "For features that a data set brings along (batch.regions, batch.region_count): "
        .. "[B,R,C] and int64 [B] -> [B,width], the regions, their numbers."},
    {"models.TextEncoder", "width:int, {vectors:tensor?, vocab_size:int?, word_dim:int=300, "
        .. "freeze:bool=false, rnn:LSTM|GRU=LSTM, hidden:int?, num_layers:int=1, "
        .. "bidirectional:bool=false, pooling:last|mean|max|gpo=last, projection:bool=true}",
      "Module", "Word embeddings and a recurrent net: tokens int64 [B,T], lengths int64 [B] -> "
        .. "[B,width], word embeddings [B,T,E], states [B,T,hidden]."},
  },
  {"train", "Loops over loaders for models that have `loss`.",
    {"train.fit", "model:Module, {train:Loader, val:Loader, optimizer:Optimizer, epochs:int, "
        .. "clip:num=2, schedule:value?, schedule_per:epoch|batch=epoch, ema:EMA?, "
        .. "accumulate:int=1, score:function?, patience:int?, label:string?, weights:string?, "
        .. "checkpoint:string?, resume:bool=false, log:string?, tensorboard:string?, "
        .. "quiet:bool=false}",
      "list, integer", "Trains and leaves the model with the weights that were best on "
        .. "validation. schedule is one of optim.lr_scheduler, stepped after each epoch or, with "
        .. "batch, after each step of the optimizer (ReduceLROnPlateau is given the score), or a "
        .. "function of the epoch that gives the rate. ema: averages, which are validated and "
        .. "kept as the best. accumulate: a step for the mean loss of so many batches. patience "
        .. "stops after so many epochs without anything better. weights is a safetensors file for "
        .. "the best, checkpoint a folder written after each epoch, from which resume goes on; log "
        .. "a .csv or .jsonl file, tensorboard a folder of event files. Returns {epoch, loss, lr, "
        .. "seconds, score, val} an epoch, and the best epoch."},
    {"train.evaluate", "model:Module, loader:Loader", "table",
      "{n, accuracy, image_accuracy, retrieval, v [N,D], t [N,D], predicted int64 [N], label int64 "
        .. "[N]} without gradients; percent."},
    {"train.score", "result:table", "number",
      "Accuracy, and for models of text the mean recall beside it."},
    {"train.write_log", "path:string, history:list", "true?",
      "A history of fit as .csv or .jsonl, one line an epoch; nested fields get names like "
        .. "val.accuracy."},
  },
  {"tensorboard", "Event files that TensorBoard shows, by the names of PyTorch's SummaryWriter. "
      .. "Scalars and pictures; a file that the disk refuses gives nil and a message.",
    {"tensorboard.SummaryWriter", "folder:string, {purge_step:int?, flush_secs:num=120}",
      "SummaryWriter?", "A writer of a new event file in the folder, which is made if need be. "
        .. "With purge_step TensorBoard forgets what earlier files of the folder have from that "
        .. "step on: for a run that goes on from a checkpoint. May be a <close> variable."},
    {"SummaryWriter:add_scalar", "tag:string, value:value, step:int", "true?",
      "A number, or a tensor of one element, as a point of the curve tag. Tags like "
        .. "\"train/loss\" are shown in groups."},
    {"SummaryWriter:add_image", "tag:string, picture:any, step:int", "true?",
      "A picture uint8 [C,H,W], C being 1, 3 or 4, or [H,W]."},
    {"SummaryWriter:flush", "", "true?",
      "Hands what was added to the system; done every flush_secs seconds and by close."},
    {"SummaryWriter:close", "", "true?", "Ends the file."},
  },
  {"checkpoint", "Everything a training run needs to go on as if it had never stopped, in one "
      .. "folder that is complete at every moment.",
    {"checkpoint.save", "folder:string, parts:table", "true?",
      "Writes parts = {model, optimizer, loader, schedule, ema, epoch, best, extra}, each as you "
        .. "like, and the random state; the old checkpoint is replaced as a whole. loader may be a "
        .. "table of loaders by name; best and extra hold numbers, strings, tables and tensors."},
    {"checkpoint.load", "folder:string, parts:table?", "table?",
      "Restores parts = {model, optimizer, loader, schedule, ema} and the random state; returns "
        .. "{epoch, next_epoch, best, extra}. When something is missing, broken or does not fit, "
        .. "nothing is changed, and the message lists what."},
    {"checkpoint.exists", "folder:string", "boolean",
      "Whether there is a checkpoint, whole or broken."},
  },
}

-- Where names that start so live; classes made in C stand in the registry.
local classes = {Module = "nn.Module", InfoNCE = "nn.InfoNCE",
  ResNet = "models.ResNet", ResNet18 = "models.ResNet18", ResNet34 = "models.ResNet34",
  ResNet50 = "models.ResNet50", EfficientNetLite0 = "models.EfficientNetLite0",
  Baseline = "models.Baseline", VSE = "models.VSE", CIM = "models.CIM", COOT = "models.COOT",
  AttentionPooling = "models.AttentionPooling", BERTFusion = "models.BERTFusion",
  DPM = "models.DPM", BERT = "models.BERT",
  EMA = "optim.EMA", SummaryWriter = "tensorboard.SummaryWriter",
  Scheduler = "optim.lr_scheduler.Scheduler"}

-- --- arguments ---

local function parse_argument(text, option)
  local name, kind, default = text:match "^([%w_]+):([^=]*)=?(.*)$"
  assert(name, "reference: not an argument: " .. text)
  local many, optional = kind:find("...", 1, true) ~= nil, kind:find("?", 1, true) ~= nil
  kind = kind:gsub("%.%.%.$", ""):gsub("%?$", "")
  return {name = name, kind = kind, many = many, option = option,
    default = default ~= "" and default or nil, optional = optional or many or default ~= ""}
end

-- "x:tensor, {dim:dim=-1}" -> {{name=, kind=, default=, optional=, many=, option=}, ...}
local function parse_arguments(text)
  local list = {}
  local plain, options = text:match "^(.-),?%s*{(.*)}$"
  for i, part in ipairs {plain or text, options or ""} do
    for argument in (part .. ", "):gmatch "(.-),%s+" do
      if argument ~= "" then list[#list + 1] = parse_argument(argument, i == 2) end
    end
  end
  return list
end

-- 0.9/0.999 -> {0.9, 0.999}
local function default_text(a)
  return a.kind == "numpair" and "{" .. a.default:gsub("/", ", ") .. "}" or a.default
end

-- stride = 1, b?, {dtype = float32}
local function arguments_text(list)
  local plain, options = {}, {}
  for _, a in ipairs(list) do
    local mark = a.many and "..." or a.optional and "?" or ""
    if a.default then mark = " = " .. default_text(a) end
    table.insert(a.option and options or plain, a.name .. mark)
  end
  if #options > 0 then plain[#plain + 1] = "{" .. table.concat(options, ", ") .. "}" end
  return table.concat(plain, ", ")
end

-- --- entries ---

local function entry(fields)
  if fields.arguments then fields.args = parse_arguments(fields.arguments) end
  local text = fields.args and arguments_text(fields.args)
  fields.signature = text and ("%s(%s)"):format(fields.name, text) or fields.name
  return fields
end

local function from_table(section)
  local list = {}
  for i = 3, #section do
    local name, arguments, results, doc = table.unpack(section[i], 1, 4)
    local kind = not arguments and "field" or name:find(":", 1, true) and "method" or "function"
    list[#list + 1] =
      entry {name = name, arguments = arguments, results = results, doc = doc, kind = kind}
  end
  return list
end

local function tensors(n) return ("Tensor, "):rep(n):sub(1, -3) end

local function flags_of(op)
  local words = {}
  if op.view then words[#words + 1] = "view" end
  if op.inplace then words[#words + 1] = "in place" end
  if op.random then words[#words + 1] = "random" end
  if op.nograd and not op.inplace then words[#words + 1] = "no gradient" end
  return words
end

local tensor_kinds = {tensor = true, any = true, index = true, mask = true, operand = true,
  buffer = true}

local function from_ops()
  local list = {}
  for _, op in ipairs(core.ops()) do
    if not op.hidden then
      local e = entry {name = "vs." .. op.name, arguments = op.signature, doc = op.doc,
        results = tensors(op.outputs), kind = "op", flags = flags_of(op)}
      if op.name == "all" or op.name == "any" then e.results = "boolean|Tensor" end
      e.method = e.args[1] and tensor_kinds[e.args[1].kind] and op.name or nil
      list[#list + 1] = e
    end
  end
  return list
end

local function from_layers()
  local list = {}
  for _, l in ipairs(core.list_layers()) do
    local inputs = arguments_text(parse_arguments(l.inputs))
    list[#list + 1] = entry {name = "nn." .. l.name, arguments = l.signature, results = "Layer",
      doc = l.doc, kind = "layer", inputs = inputs, outputs = l.outputs}
  end
  return list
end

local function from_optims()
  local list = {}
  for _, o in ipairs(core.list_optims()) do
    local arguments = "parameters:list, {" .. o.signature .. "}"
    list[#list + 1] = entry {name = "optim." .. o.name, arguments = arguments,
      results = "Optimizer", doc = o.doc, kind = "optimizer"}
  end
  return list
end

local function from_readers()
  local list = {}
  for _, r in ipairs(core.data.readers()) do
    local named = r.args == "" -- takes a table of named tensors
    list[#list + 1] = entry {name = "data." .. r.name, doc = r.doc, kind = "reader",
      arguments = named and "tensors:table" or r.args, results = named and "Dataset" or "Dataset?"}
  end
  return list
end

local function make_sections()
  local described = {nn = from_layers, optim = from_optims, data = from_readers}
  local list = {}
  for _, section in ipairs(sections) do
    local all = described[section[1]] and described[section[1]]() or {}
    table.sort(all, function(a, b) return a.name < b.name end)
    table.move(from_table(section), 1, #section - 2, #all + 1, all)
    list[#list + 1] = {name = section[1], about = section[2], entries = all}
    if section[1] == "Tensor" then
      local ops = from_ops()
      table.sort(ops, function(a, b) return a.name < b.name end)
      list[#list + 1] = {name = "ops", entries = ops, about =
        "Functions of vs; where the first argument is a tensor, methods too: x:softmax(2)."}
    end
  end
  return list
end

local made

--- Every section in reading order: {name=, about=, entries=}.  An entry is {name=, kind=, doc=,
--- signature=, args=, results=} and, by kind, method=, flags=, inputs=, outputs=; kind is
--- "function", "method", "field", "op", "layer", "optimizer" or "reader".
function reference.sections()
  made = made or make_sections()
  return made
end

--- The entries of every section in one list.
function reference.entries()
  local list = {}
  for _, section in ipairs(reference.sections()) do
    table.move(section.entries, 1, #section.entries, #list + 1, list)
  end
  return list
end

--- The function or table that an entry tells about; nil for fields of objects.
function reference.live(name)
  if name == "vs" then return require "vesper" end
  local class, key = name:match "^(%u%w*)[.:]([%w_]+)$"
  if class and not classes[class] then
    local meta = debug.getregistry()["vesper." .. class]
    return meta and meta.methods and meta.methods[key]
  end
  local value = require "vesper"
  local path = class and classes[class] .. "." .. key or name:gsub("^vs%.", "")
  for part in path:gmatch "[%w_]+" do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  return value
end

return reference
