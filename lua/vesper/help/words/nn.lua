-- Words of the reference: layers and modules.
return {
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
}
