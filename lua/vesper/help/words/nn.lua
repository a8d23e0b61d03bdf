-- Texts of the reference: layers and modules.
return {
  {"nn", "Layers, implemented in C, and modules, written in Lua, share the methods of Module.",
    {"nn.Parameter", "x:tensor", "Tensor",
      "A tensor to be trained: as a field of a module it is one of the module's parameters."},
    {"nn.Sequential", "modules:value?", "Module",
      "Calls modules or functions one after the other: nn.Sequential{a, b, c}."},
    {"nn.Module", nil, "Module",
      "The base class of your own modules: local Net = nn.Module:extend(\"Net\")."},
    {"nn.Embedding.from_pretrained",
      "weight:tensor, {freeze:bool=true, padding_idx:int?, sparse:bool=false}",
      "Layer", "An Embedding whose table is weight [V,D]; not trained unless freeze = false."},
    {"nn.functional", nil, "table",
      "Every op, under the same name as in vs: nn.functional.cross_entropy."},
    {"nn.utils", nil, "table", "clip_grad_norm_ and clip_grad_value_, as in optim."},
    {"nn.InfoNCE", "temperature:num=0.07, {learn:bool=true}", "Module",
      "The symmetric cross-entropy of scores [B,B] / temperature with the pairs on the diagonal: "
        .. "loss(scores, same?). Scores should be cosines. same, bool [B,B], marks pairs that are "
        .. "not negatives. The parameter logit_scale, log(1 / temperature), is learned "
        .. "and clamped to at most log(100); learn = false fixes it. Radford et al., 2021.",
      "scores:value, same:mask?"},
    {"InfoNCE:temperature", "", "number", "The current temperature."},
    {"nn.SigmoidLoss", "{temperature:num=0.1, bias:num=-10, learn:bool=true}", "Module",
      "The sigmoid loss of scores [B,B] with the pairs on the diagonal, loss(scores, same?): every "
        .. "pair is a binary decision with logit scores / temperature + bias; the sum over all "
        .. "pairs, divided by B. The parameters logit_scale and logit_bias are learned; learn = "
        .. "false fixes them. same, bool [B,B], marks pairs that are not negatives. Zhai et al., "
        .. "SigLIP, ICCV 2023.",
      "scores:value, same:mask?"},
    {"nn.UniCL", "temperature:num=0.07, {learn:bool=true}", "Module",
      "The supervised contrastive loss of scores [B,B] / temperature, loss(scores, positive?): as "
        .. "InfoNCE, but the targets of a row and of a column are shared equally by its positive "
        .. "pairs; positive is bool [B,B], such as equal labels, and the diagonal is positive. "
        .. "Yang et al., Unified Contrastive Learning, CVPR 2022.",
      "scores:value, positive:mask?"},
    {"nn.HingeRanking", "{margin:num=0.2, negatives:hardest|sum=hardest, warmup:num=1}", "Module",
      "The hinge ranking loss of scores [B,B] with the pairs on the diagonal: loss(scores, epoch, "
        .. "same?) is the mean over pairs. Up to epoch warmup it uses all negatives, later only "
        .. "the hardest one; epoch may be omitted if warmup is 0, and may count steps if warmup "
        .. "does. same, bool [B,B], marks pairs that are not negatives. If the loss is stuck at "
        .. "2 * margin for 100 training steps, the embeddings have collapsed into one point; the "
        .. "module reports this once on standard error. Faghri et al., VSE++, BMVC 2018.",
      "scores:value, epoch:int?, same:mask?"},
    {"nn.CosineSimilarity", "dim:dim=2, eps:num=1e-8", "Module",
      "cosine_similarity of two tensors along dim.",
      "x:tensor, y:tensor"},
    {"nn.MultiheadAttention", "embed_dim:int, num_heads:int, {dropout:num=0, bias:bool=true, "
        .. "kdim:int?, vdim:int?}",
      "Module",
      "Called with query [B,L,E], key [B,S,kdim] (default: query), value [B,S,vdim] (default: key) "
        .. "and options it returns [B,L,E]. key_padding_mask bool [B,S] and attn_mask bool [L,S] "
        .. "or [B*heads,L,S] are true at masked positions; a float attn_mask is added to the "
        .. "scores; is_causal; need_weights also returns the mean weights [B,L,S], or "
        .. "[B,heads,L,S] with average_attn_weights = false. A row with all positions masked is "
        .. "zero before out_proj. The scores are stored only with need_weights. Vaswani et al., "
        .. "2017."},
    {"nn.TransformerEncoderLayer", "d_model:int, nhead:int, {dim_feedforward:int=2048, "
        .. "dropout:num=0.1, activation:string=relu, layer_norm_eps:num=1e-5, "
        .. "norm_first:bool=false}",
      "Module",
      "Self-attention and a feed-forward net, each with a residual connection, followed by a layer "
        .. "norm (preceded by it with norm_first). Called with x [B,T,D] and the options "
        .. "key_padding_mask, attn_mask, is_causal of nn.MultiheadAttention it returns [B,T,D]. "
        .. "activation is the name of an op."},
    {"nn.TransformerEncoder", "layer:Module, num_layers:int, norm:Module?", "Module",
      "num_layers layers: the given one and newly initialised copies of it, then norm. Called "
        .. "like a layer."},
    {"nn.positional_encoding", "n:int, d:int", "Tensor",
      "[n,d]: the sinusoids of positions 0..n-1; sin in odd, cos in even channels (from 1). "
        .. "Vaswani et al., 2017."},
    {"nn.positional_encoding2d", "height:int, width:int, d:int", "Tensor",
      "[height*width,d], row by row: the first half of the channels encodes the row, the second "
        .. "the column."},
    {"nn.GPO", "d_pe:int=32, d_hidden:int=32", "Module",
      "Generalized pooling. Called with x [B,T,D] and lengths int64 [B] (default: T) it returns "
        .. "[B,D] and the weights of the ranks [B,T]: the values of each channel are sorted and "
        .. "summed with weights that a BiGRU computes for the ranks. A row of length 0 gives "
        .. "zeros. Chen et al., VSE-infinity, CVPR 2021.",
      "x:tensor, lengths:index?"},
    {"nn.summary", "module:Module, inputs:value...", "list",
      "Runs the module once, in evaluation mode, without gradients: a list of {name=, kind=, "
        .. "depth=, output=, parameters=}, one per call in order, with the totals in the fields "
        .. "parameters and trained; print shows it as a table."},
    {"nn.init.uniform_", "x:tensor, low:num=0, high:num=1", "Tensor",
      "Fills x with uniform numbers. All of nn.init works in place, is not recorded and returns "
        .. "x."},
    {"nn.init.normal_", "x:tensor, mean:num=0, std:num=1", "Tensor",
      "Fills x with normal numbers."},
    {"nn.init.constant_", "x:tensor, value:num", "Tensor", "Sets every element of x to value."},
    {"nn.init.zeros_", "x:tensor", "Tensor", "Sets every element of x to 0."},
    {"nn.init.ones_", "x:tensor", "Tensor", "Sets every element of x to 1."},
    {"nn.init.xavier_uniform_", "x:tensor, gain:num=1", "Tensor",
      "Uniform in [-a, a], a = gain * sqrt(6 / (fan_in + fan_out)). x is [out,in,...]; the fans "
        .. "are in and out times the kernel's size. Glorot and Bengio, 2010."},
    {"nn.init.xavier_normal_", "x:tensor, gain:num=1", "Tensor",
      "Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out))."},
    {"nn.init.kaiming_uniform_",
      "x:tensor, {a:num=0, mode:string=fan_in, nonlinearity:string=leaky_relu}", "Tensor",
      "Uniform in [-b, b], b = gain * sqrt(3 / fan); mode selects fan_in or fan_out, a is the "
        .. "negative slope of leaky_relu. He et al., 2015."},
    {"nn.init.kaiming_normal_",
      "x:tensor, {a:num=0, mode:string=fan_in, nonlinearity:string=leaky_relu}", "Tensor",
      "Normal with standard deviation gain / sqrt(fan); see kaiming_uniform_."},
    {"nn.init.orthogonal_", "x:tensor, gain:num=1", "Tensor",
      "gain times a random matrix with orthonormal rows, or columns if it has more rows than "
        .. "columns; dimensions after the first are flattened to columns. Saxe et al., 2014."},
    {"nn.init.calculate_gain", "nonlinearity:string, slope:num=0.01", "number",
      "The recommended gain for linear, sigmoid, tanh, relu, leaky_relu (with this negative slope) "
        .. "or selu."},
    {"Module:extend", "name:string", "Module",
      "Creates a subclass. Define init(self, ...) and forward(self, ...); calling the class "
        .. "creates an instance, calling the instance runs forward."},
    {"Module:init", "args:value...", nil,
      "Called when an instance is created; sets layers, parameters and modules as fields."},
    {"Module:forward", "args:value...", "value", "The computation, run by calling the module."},
    {"Module:register_buffer", "name:string, x:any", "Tensor",
      "Makes x a field that is saved but not trained; returns x."},
    {"Module:parameters", "trainable:bool=false", "list",
      "The parameters, each once, for an optimizer; trainable: only those that are not frozen. "
        .. "Fields in sorted order."},
    {"Module:named_parameters", "", "list",
      "The parameters as {name, tensor}; names are PyTorch's: \"0.weight\"."},
    {"Module:buffers", "", "list", "The tensors that are saved but not trained (running "
      .. "statistics)."},
    {"Module:named_buffers", "", "list", "The buffers as {name, tensor}."},
    {"Module:named_modules", "", "list",
      "This module (name \"\") and its submodules as {name, module}."},
    {"Module:num_parameters", "trainable:bool=false", "integer",
      "The number of elements of all parameters; trainable: only of those that are not frozen."},
    {"Module:state_dict", "", "table",
      "{name = tensor} of parameters and buffers, which share memory with the module: training "
        .. "changes them too. To keep the best weights, copy: for name, t in "
        .. "pairs(net:state_dict()) do best[name] = t:clone() end; load_state_dict(best) copies "
        .. "them back."},
    {"Module:load_state_dict", "dict:table, {strict:bool=true}", "table",
      "Copies the tensors of a state dictionary into the module. If names are missing or "
        .. "unexpected or shapes differ, raises an error that lists them and changes nothing; "
        .. "strict = false checks only shapes. Returns {missing, unexpected}."},
    {"Module:train", "on:bool=true", "Module",
      "Sets training mode, which Dropout and BatchNorm use, for this module and its submodules."},
    {"Module:eval", "", "Module", "Sets evaluation mode for this module and its submodules."},
    {"Module:freeze", "", "Module", "Turns off gradients of the parameters and sets evaluation "
        .. "mode, which train() does not change: running statistics of batch norms stay too."},
    {"Module:unfreeze", "", "Module", "Turns on gradients of the parameters; train() then sets "
        .. "training mode again."},
    {"Module:zero_grad", "", nil, "Sets the gradients to nil."},
    {"Module:apply", "fn:function", "Module",
      "Calls fn(module) for this module and its submodules."},
    {"Module:register_forward_pre_hook", "hook:function", "Hook",
      "Calls hook(module, inputs) before each call of the module; inputs is a list with field n, "
        .. "which the hook may change. module:forward(...) does not run hooks."},
    {"Module:register_forward_hook", "hook:function", "Hook",
      "Calls hook(module, inputs, outputs) after each call; it may change both lists."},
    {"Module:register_full_backward_hook", "hook:function", "Hook",
      "Calls hook(module, grad_inputs, grad_outputs) in each backward through the module. The "
        .. "lists correspond to the tensors among arguments and results. The hook may change "
        .. "grad_inputs, which is empty if no input needs a gradient."},
    {"Module.training", nil, "boolean", "Whether it is in training mode."},
    {"Layer:slots", "", "list",
      "Parameters and buffers of a layer as {name, tensor, is_parameter}."},
    {"Layer.name", nil, "string",
      "The class: \"Linear\". The constructor's arguments are fields too."},
  },
}
