---@meta vesper
-- Annotations for editors, made by `make docs`; nothing loads this file.
-- luacheck: ignore

---@class vesper
local vs = {}

---@class vesper.Tensor
---@field shape integer[]
---@field dtype string
---@field grad vesper.Tensor?
---@field requires_grad boolean
---@operator add(vesper.Tensor|number): vesper.Tensor
---@operator sub(vesper.Tensor|number): vesper.Tensor
---@operator mul(vesper.Tensor|number): vesper.Tensor
---@operator div(vesper.Tensor|number): vesper.Tensor
---@operator pow(vesper.Tensor|number): vesper.Tensor
---@operator unm: vesper.Tensor
---@operator len: integer
local Tensor = {}

--- |x|, element by element.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.abs(x) end

--- |x|, element by element.
---@return vesper.Tensor
function Tensor:abs() end

--- Means of x [B,C,H,W] or [C,H,W] -> [..,size]: output i averages rows floor(i H / H') up to
--- ceil((i + 1) H / H'), counted from 0, and columns alike. size 1 is global average pooling.
---@param x vesper.Tensor
---@param size? integer|integer[] default 1
---@return vesper.Tensor
function vs.adaptive_avg_pool2d(x, size) end

--- Means of x [B,C,H,W] or [C,H,W] -> [..,size]: output i averages rows floor(i H / H') up to
--- ceil((i + 1) H / H'), counted from 0, and columns alike. size 1 is global average pooling.
---@param size? integer|integer[] default 1
---@return vesper.Tensor
function Tensor:adaptive_avg_pool2d(size) end

--- x + y with broadcasting; either may be a number. Same as x + y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.add(x, y) end

--- x + y with broadcasting; either may be a number. Same as x + y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:add(y) end

--- x = x + y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.add_(x, y) end

--- x = x + y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:add_(y) end

--- Whether every element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
function vs.all(x, dim, keepdim) end

--- Whether every element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
function Tensor:all(dim, keepdim) end

--- Whether some element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
function vs.any(x, dim, keepdim) end

--- Whether some element is nonzero: a Lua boolean, or a bool tensor along a dimension.
---@param dim? integer
---@param keepdim? boolean default false
---@return boolean|vesper.Tensor
function Tensor:any(dim, keepdim) end

--- Where the largest values are, int64 from 1, along one dimension or over everything.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
function vs.argmax(x, dim, keepdim) end

--- Where the largest values are, int64 from 1, along one dimension or over everything.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
function Tensor:argmax(dim, keepdim) end

--- Where the smallest values are, int64 from 1, along one dimension or over everything.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
function vs.argmin(x, dim, keepdim) end

--- Where the smallest values are, int64 from 1, along one dimension or over everything.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
function Tensor:argmin(dim, keepdim) end

--- The mean of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding -
--- kernel) / stride) + 1. stride is the kernel unless given; padding counts as zeros.
---@param x vesper.Tensor
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@return vesper.Tensor
function vs.avg_pool2d(x, kernel, stride, padding) end

--- The mean of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding -
--- kernel) / stride) + 1. stride is the kernel unless given; padding counts as zeros.
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@return vesper.Tensor
function Tensor:avg_pool2d(kernel, stride, padding) end

--- Batch normalisation (Ioffe and Szegedy, 2015) of each channel of x [B,C] or [B,C,...]: (x -
--- mean) / sqrt(var + eps) * weight + bias. In training mean and var are the batch's, and
--- running_mean and running_var [C] move towards them by momentum (var unbiased); otherwise they
--- are the running ones. Without running statistics they are always the batch's.
---@param x vesper.Tensor
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param running_mean? vesper.Tensor
---@param running_var? vesper.Tensor
---@param training? boolean default true
---@param momentum? number default 0.1
---@param eps? number default 1e-5
---@return vesper.Tensor
function vs.batch_norm(x, weight, bias, running_mean, running_var, training, momentum, eps) end

--- Batch normalisation (Ioffe and Szegedy, 2015) of each channel of x [B,C] or [B,C,...]: (x -
--- mean) / sqrt(var + eps) * weight + bias. In training mean and var are the batch's, and
--- running_mean and running_var [C] move towards them by momentum (var unbiased); otherwise they
--- are the running ones. Without running statistics they are always the batch's.
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param running_mean? vesper.Tensor
---@param running_var? vesper.Tensor
---@param training? boolean default true
---@param momentum? number default 0.1
---@param eps? number default 1e-5
---@return vesper.Tensor
function Tensor:batch_norm(weight, bias, running_mean, running_var, training, momentum, eps) end

--- -w (pos_weight y log s(x) + (1-y) log(1-s(x))), s the sigmoid, y = target in 0..1 of x's shape;
--- weight and pos_weight are broadcast to x.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param pos_weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function vs.binary_cross_entropy_with_logits(x, target, weight, pos_weight, reduction) end

--- -w (pos_weight y log s(x) + (1-y) log(1-s(x))), s the sigmoid, y = target in 0..1 of x's shape;
--- weight and pos_weight are broadcast to x.
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param pos_weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function Tensor:binary_cross_entropy_with_logits(target, weight, pos_weight, reduction) end

--- A list of tensors joined along dim; their other sizes and dtypes are equal.
---@param tensors vesper.Tensor[]
---@param dim? integer default 1
---@return vesper.Tensor
function vs.cat(tensors, dim) end

--- Smallest integer not below x. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.ceil(x) end

--- Smallest integer not below x. No gradient.
---@return vesper.Tensor
function Tensor:ceil() end

--- x limited to [min, max]; either bound may be absent. No gradient where x was cut off.
---@param x vesper.Tensor
---@param min? number
---@param max? number
---@return vesper.Tensor
function vs.clamp(x, min, max) end

--- x limited to [min, max]; either bound may be absent. No gradient where x was cut off.
---@param min? number
---@param max? number
---@return vesper.Tensor
function Tensor:clamp(min, max) end

--- A copy with memory of its own.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.clone(x) end

--- A copy with memory of its own.
---@return vesper.Tensor
function Tensor:clone() end

--- x itself when its elements lie in row order, else a copy that does.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.contiguous(x) end

--- x itself when its elements lie in row order, else a copy that does.
---@return vesper.Tensor
function Tensor:contiguous() end

--- 2-D cross-correlation. x [B,C,H,W], w [O,C/groups,kH,kW], b [O] -> [B,O,H',W'] with H' =
--- floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param dilation? integer|integer[] default 1
---@param groups? integer default 1
---@return vesper.Tensor
function vs.conv2d(x, w, b, stride, padding, dilation, groups) end

--- 2-D cross-correlation. x [B,C,H,W], w [O,C/groups,kH,kW], b [O] -> [B,O,H',W'] with H' =
--- floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@param stride? integer|integer[] default 1
---@param padding? integer|integer[] default 0
---@param dilation? integer|integer[] default 1
---@param groups? integer default 1
---@return vesper.Tensor
function Tensor:conv2d(w, b, stride, padding, dilation, groups) end

--- Copies src, broadcast and converted to x's dtype, into x. x[i] = src does the same to a row.
---@param x vesper.Tensor
---@param src vesper.Tensor|number
---@return vesper.Tensor
function vs.copy_(x, src) end

--- Copies src, broadcast and converted to x's dtype, into x. x[i] = src does the same to a row.
---@param src vesper.Tensor|number
---@return vesper.Tensor
function Tensor:copy_(src) end

--- Cosine; x in radians.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.cos(x) end

--- Cosine; x in radians.
---@return vesper.Tensor
function Tensor:cos() end

--- 1 - cos(x1, x2) where y is 1 (a match), max(0, cos - margin) where y is -1. x1, x2 [B,D], y [B]
--- of any dtype.
---@param x1 vesper.Tensor
---@param x2 vesper.Tensor
---@param y vesper.Tensor
---@param margin? number default 0
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function vs.cosine_embedding_loss(x1, x2, y, margin, reduction) end

--- 1 - cos(x1, x2) where y is 1 (a match), max(0, cos - margin) where y is -1. x1, x2 [B,D], y [B]
--- of any dtype.
---@param x2 vesper.Tensor
---@param y vesper.Tensor
---@param margin? number default 0
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function Tensor:cosine_embedding_loss(x2, y, margin, reduction) end

--- Negative log of softmax(x) at the target class. x [B,C], target [B] of 1..C, weight [C] per
--- class; the mean divides by the targets' weights. Rows with target ignore_index count nothing; if
--- all do, the mean is 0. label_smoothing spreads that share over all classes.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@param label_smoothing? number default 0
---@return vesper.Tensor
function vs.cross_entropy(x, target, weight, reduction, ignore_index, label_smoothing) end

--- Negative log of softmax(x) at the target class. x [B,C], target [B] of 1..C, weight [C] per
--- class; the mean divides by the targets' weights. Rows with target ignore_index count nothing; if
--- all do, the mean is 0. label_smoothing spreads that share over all classes.
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@param label_smoothing? number default 0
---@return vesper.Tensor
function Tensor:cross_entropy(target, weight, reduction, ignore_index, label_smoothing) end

--- The same memory, outside the graph: no gradient flows back through it.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.detach(x) end

--- The same memory, outside the graph: no gradient flows back through it.
---@return vesper.Tensor
function Tensor:detach() end

--- The main diagonal of a matrix [M,N] -> [min(M,N)], as a view.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.diagonal(x) end

--- The main diagonal of a matrix [M,N] -> [min(M,N)], as a view.
---@return vesper.Tensor
function Tensor:diagonal() end

--- x / y with broadcasting; either may be a number. Same as x / y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.div(x, y) end

--- x / y with broadcasting; either may be a number. Same as x / y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:div(y) end

--- x = x / y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.div_(x, y) end

--- x = x / y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:div_(y) end

--- Zeroes each element with probability p and scales the others by 1/(1-p); training = false
--- returns x as it is. Srivastava et al. 2014.
---@param x vesper.Tensor
---@param p? number default 0.5
---@param training? boolean default true
---@return vesper.Tensor
function vs.dropout(x, p, training) end

--- Zeroes each element with probability p and scales the others by 1/(1-p); training = false
--- returns x as it is. Srivastava et al. 2014.
---@param p? number default 0.5
---@param training? boolean default true
---@return vesper.Tensor
function Tensor:dropout(p, training) end

--- x above 0, alpha * (exp(x) - 1) below. Clevert et al., 2016.
---@param x vesper.Tensor
---@param alpha? number default 1
---@return vesper.Tensor
function vs.elu(x, alpha) end

--- x above 0, alpha * (exp(x) - 1) below. Clevert et al., 2016.
---@param alpha? number default 1
---@return vesper.Tensor
function Tensor:elu(alpha) end

--- Rows of a table. weight [V,D], ids [...] of 1..V -> [...,D]. The row padding_idx gets no
--- gradient. An id outside the table is an error that names it and its position.
---@param weight vesper.Tensor
---@param ids vesper.Tensor
---@param padding_idx? integer
---@return vesper.Tensor
function vs.embedding(weight, ids, padding_idx) end

--- Rows of a table. weight [V,D], ids [...] of 1..V -> [...,D]. The row padding_idx gets no
--- gradient. An id outside the table is an error that names it and its position.
---@param ids vesper.Tensor
---@param padding_idx? integer
---@return vesper.Tensor
function Tensor:embedding(ids, padding_idx) end

--- x == y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.eq(x, y) end

--- x == y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:eq(y) end

--- e to the power x, element by element.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.exp(x) end

--- e to the power x, element by element.
---@return vesper.Tensor
function Tensor:exp() end

--- Broadcast to a larger shape without copying; -1 keeps a size. The view is not writable.
---@param x vesper.Tensor
---@param shape integer|integer[]
---@return vesper.Tensor
function vs.expand(x, shape) end

--- Broadcast to a larger shape without copying; -1 keeps a size. The view is not writable.
---@param shape integer|integer[]
---@return vesper.Tensor
function Tensor:expand(shape) end

--- Sets every element to value.
---@param x vesper.Tensor
---@param value number
---@return vesper.Tensor
function vs.fill_(x, value) end

--- Sets every element to value.
---@param value number
---@return vesper.Tensor
function Tensor:fill_(value) end

--- Dimensions first to last become one. nn.Flatten starts at 2 and so keeps the batch.
---@param x vesper.Tensor
---@param first? integer default 1
---@param last? integer default -1
---@return vesper.Tensor
function vs.flatten(x, first, last) end

--- Dimensions first to last become one. nn.Flatten starts at 2 and so keeps the batch.
---@param first? integer default 1
---@param last? integer default -1
---@return vesper.Tensor
function Tensor:flatten(first, last) end

--- Largest integer not above x. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.floor(x) end

--- Largest integer not above x. No gradient.
---@return vesper.Tensor
function Tensor:floor() end

--- One element of x per element of index, looked up along dim. index has x's shape but for dim.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function vs.gather(x, dim, index) end

--- One element of x per element of index, looked up along dim. index has x's shape but for dim.
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function Tensor:gather(dim, index) end

--- x >= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.ge(x, y) end

--- x >= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:ge(y) end

--- x * Phi(x), Phi the normal distribution function (exact, by erf). Hendrycks and Gimpel, 2016.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.gelu(x) end

--- x * Phi(x), Phi the normal distribution function (exact, by erf). Hendrycks and Gimpel, 2016.
---@return vesper.Tensor
function Tensor:gelu() end

--- One layer of GRU in one direction. x [B,T,I], w_ih [3H,I], w_hh [3H,H], biases [3H] (gates r, z,
--- n), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H]: the last valid state.
--- reverse reads each row from its last valid step to its first. Cho et al. 2014.
---@param x vesper.Tensor
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function vs.gru(x, w_ih, w_hh, b_ih, b_hh, lengths, reverse) end

--- One layer of GRU in one direction. x [B,T,I], w_ih [3H,I], w_hh [3H,H], biases [3H] (gates r, z,
--- n), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H]: the last valid state.
--- reverse reads each row from its last valid step to its first. Cho et al. 2014.
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:gru(w_ih, w_hh, b_ih, b_hh, lengths, reverse) end

--- x > y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.gt(x, y) end

--- x > y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:gt(y) end

--- Hinge ranking of a similarity matrix, scores [B,B] with the matches on the diagonal: max(0,
--- margin + s_ij - s_ii) over each row and max(0, margin + s_ij - s_jj) over each column, summed
--- over all negatives (Kiros et al. 2014) or the hardest one alone (Faghri et al. 2018, VSE++).
--- same [B,B] marks pairs that are no negatives, such as pairs with one label. mean divides by B.
---@param scores vesper.Tensor
---@param margin? number default 0.2
---@param negatives? "sum"|"hardest" default sum
---@param reduction? "mean"|"sum" default mean
---@param same? vesper.Tensor
---@return vesper.Tensor
function vs.hinge_ranking(scores, margin, negatives, reduction, same) end

--- Hinge ranking of a similarity matrix, scores [B,B] with the matches on the diagonal: max(0,
--- margin + s_ij - s_ii) over each row and max(0, margin + s_ij - s_jj) over each column, summed
--- over all negatives (Kiros et al. 2014) or the hardest one alone (Faghri et al. 2018, VSE++).
--- same [B,B] marks pairs that are no negatives, such as pairs with one label. mean divides by B.
---@param margin? number default 0.2
---@param negatives? "sum"|"hardest" default sum
---@param reduction? "mean"|"sum" default mean
---@param same? vesper.Tensor
---@return vesper.Tensor
function Tensor:hinge_ranking(margin, negatives, reduction, same) end

--- The positions of index [K] along dim, in that order, repeats allowed. x[index] for dimension 1.
---@param x vesper.Tensor
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function vs.index_select(x, dim, index) end

--- The positions of index [K] along dim, in that order, repeats allowed. x[index] for dimension 1.
---@param dim integer
---@param index vesper.Tensor
---@return vesper.Tensor
function Tensor:index_select(dim, index) end

--- |x - target|, both of one shape.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function vs.l1_loss(x, target, reduction) end

--- |x - target|, both of one shape.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function Tensor:l1_loss(target, reduction) end

--- Layer normalisation (Ba et al., 2016) over the last dimensions of x [...,shape]: (x - mean) /
--- sqrt(var + eps) * weight + bias, weight and bias of that shape.
---@param x vesper.Tensor
---@param shape integer|integer[]
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param eps? number default 1e-5
---@return vesper.Tensor
function vs.layer_norm(x, shape, weight, bias, eps) end

--- Layer normalisation (Ba et al., 2016) over the last dimensions of x [...,shape]: (x - mean) /
--- sqrt(var + eps) * weight + bias, weight and bias of that shape.
---@param shape integer|integer[]
---@param weight? vesper.Tensor
---@param bias? vesper.Tensor
---@param eps? number default 1e-5
---@return vesper.Tensor
function Tensor:layer_norm(shape, weight, bias, eps) end

--- x <= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.le(x, y) end

--- x <= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:le(y) end

--- x above 0, negative_slope * x below.
---@param x vesper.Tensor
---@param negative_slope? number default 0.01
---@return vesper.Tensor
function vs.leaky_relu(x, negative_slope) end

--- x above 0, negative_slope * x below.
---@param negative_slope? number default 0.01
---@return vesper.Tensor
function Tensor:leaky_relu(negative_slope) end

--- x w^T + b. x [...,I], w [O,I], b [O] -> [...,O].
---@param x vesper.Tensor
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@return vesper.Tensor
function vs.linear(x, w, b) end

--- x w^T + b. x [...,I], w [O,I], b [O] -> [...,O].
---@param w vesper.Tensor
---@param b? vesper.Tensor
---@return vesper.Tensor
function Tensor:linear(w, b) end

--- Natural logarithm; -inf at 0, NaN below.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.log(x) end

--- Natural logarithm; -inf at 0, NaN below.
---@return vesper.Tensor
function Tensor:log() end

--- log(softmax(x)) along dim, any shape, computed without overflow.
---@param x vesper.Tensor
---@param dim? integer default -1
---@return vesper.Tensor
function vs.log_softmax(x, dim) end

--- log(softmax(x)) along dim, any shape, computed without overflow.
---@param dim? integer default -1
---@return vesper.Tensor
function Tensor:log_softmax(dim) end

--- x and y of two masks -> bool.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.logical_and(x, y) end

--- x and y of two masks -> bool.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:logical_and(y) end

--- not x, of a mask -> bool.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.logical_not(x) end

--- not x, of a mask -> bool.
---@return vesper.Tensor
function Tensor:logical_not() end

--- x or y of two masks -> bool.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.logical_or(x, y) end

--- x or y of two masks -> bool.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:logical_or(y) end

--- Either but not both of two masks -> bool.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.logical_xor(x, y) end

--- Either but not both of two masks -> bool.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:logical_xor(y) end

--- log(sum(exp(x))) along dim, computed without overflow; keepdim leaves the dimension as 1.
---@param x vesper.Tensor
---@param dim? integer default -1
---@param keepdim? boolean default false
---@return vesper.Tensor
function vs.logsumexp(x, dim, keepdim) end

--- log(sum(exp(x))) along dim, computed without overflow; keepdim leaves the dimension as 1.
---@param dim? integer default -1
---@param keepdim? boolean default false
---@return vesper.Tensor
function Tensor:logsumexp(dim, keepdim) end

--- One layer of LSTM in one direction. x [B,T,I], w_ih [4H,I], w_hh [4H,H], biases [4H] (gates i,
--- f, g, o), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H], c_n [B,H]: the
--- last valid state and cell. reverse reads each row from its last valid step to its first.
--- Hochreiter & Schmidhuber 1997.
---@param x vesper.Tensor
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function vs.lstm(x, w_ih, w_hh, b_ih, b_hh, lengths, reverse) end

--- One layer of LSTM in one direction. x [B,T,I], w_ih [4H,I], w_hh [4H,H], biases [4H] (gates i,
--- f, g, o), lengths [B] of 1..T -> y [B,T,H] (zeros at padded steps), h_n [B,H], c_n [B,H]: the
--- last valid state and cell. reverse reads each row from its last valid step to its first.
--- Hochreiter & Schmidhuber 1997.
---@param w_ih vesper.Tensor
---@param w_hh vesper.Tensor
---@param b_ih? vesper.Tensor
---@param b_hh? vesper.Tensor
---@param lengths? vesper.Tensor
---@param reverse? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:lstm(w_ih, w_hh, b_ih, b_hh, lengths, reverse) end

--- x < y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.lt(x, y) end

--- x < y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:lt(y) end

--- x with `value` where mask (broadcast to x) is true; no gradient flows there.
---@param x vesper.Tensor
---@param mask vesper.Tensor
---@param value number
---@return vesper.Tensor
function vs.masked_fill(x, mask, value) end

--- x with `value` where mask (broadcast to x) is true; no gradient flows there.
---@param mask vesper.Tensor
---@param value number
---@return vesper.Tensor
function Tensor:masked_fill(mask, value) end

--- Matrix product. [M,K] x [K,N] -> [M,N]; batches [...,M,K] x [...,K,N] broadcast; a vector on the
--- left counts as a row, on the right as a column.
---@param x vesper.Tensor
---@param y vesper.Tensor
---@return vesper.Tensor
function vs.matmul(x, y) end

--- Matrix product. [M,K] x [K,N] -> [M,N]; batches [...,M,K] x [...,K,N] broadcast; a vector on the
--- left counts as a row, on the right as a column.
---@param y vesper.Tensor
---@return vesper.Tensor
function Tensor:matmul(y) end

--- Largest values and where they are (int64, from 1; the first of equals), along one dimension or
--- over everything (then the place counts in row order). NaN counts as largest.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function vs.max(x, dim, keepdim) end

--- Largest values and where they are (int64, from 1; the first of equals), along one dimension or
--- over everything (then the place counts in row order). NaN counts as largest.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:max(dim, keepdim) end

--- The most of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding -
--- kernel) / stride) + 1. stride is the kernel unless given; padding never wins. The gradient goes
--- to the first of equal values.
---@param x vesper.Tensor
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@return vesper.Tensor
function vs.max_pool2d(x, kernel, stride, padding) end

--- The most of each window of x [B,C,H,W] or [C,H,W] -> [..,H',W'], H' = floor((H + 2 padding -
--- kernel) / stride) + 1. stride is the kernel unless given; padding never wins. The gradient goes
--- to the first of equal values.
---@param kernel integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[] default 0
---@return vesper.Tensor
function Tensor:max_pool2d(kernel, stride, padding) end

--- The larger of x and y, with broadcasting. Equal values share the gradient.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.maximum(x, y) end

--- The larger of x and y, with broadcasting. Equal values share the gradient.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:maximum(y) end

--- Mean over all elements, or over the dimensions given. Of nothing: NaN.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
function vs.mean(x, dim, keepdim) end

--- Mean over all elements, or over the dimensions given. Of nothing: NaN.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
function Tensor:mean(dim, keepdim) end

--- Smallest values and where they are; see max.
---@param x vesper.Tensor
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function vs.min(x, dim, keepdim) end

--- Smallest values and where they are; see max.
---@param dim? integer
---@param keepdim? boolean default false
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:min(dim, keepdim) end

--- The smaller of x and y, with broadcasting. Equal values share the gradient.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.minimum(x, y) end

--- The smaller of x and y, with broadcasting. Equal values share the gradient.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:minimum(y) end

--- (x - target)^2, both of one shape.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function vs.mse_loss(x, target, reduction) end

--- (x - target)^2, both of one shape.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@return vesper.Tensor
function Tensor:mse_loss(target, reduction) end

--- x * y with broadcasting; either may be a number. Same as x * y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.mul(x, y) end

--- x * y with broadcasting; either may be a number. Same as x * y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:mul(y) end

--- x = x * y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.mul_(x, y) end

--- x = x * y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:mul_(y) end

--- x ~= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.ne(x, y) end

--- x ~= y -> bool, with broadcasting. Unlike Lua's own operator it compares element by element.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:ne(y) end

--- -x, element by element.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.neg(x) end

--- -x, element by element.
---@return vesper.Tensor
function Tensor:neg() end

--- -x at the target class, x [B,C] being log-probabilities. target [B] of 1..C; weight, mean and
--- ignore_index as in cross_entropy.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@return vesper.Tensor
function vs.nll_loss(x, target, weight, reduction, ignore_index) end

--- -x at the target class, x [B,C] being log-probabilities. target [B] of 1..C; weight, mean and
--- ignore_index as in cross_entropy.
---@param target vesper.Tensor
---@param weight? vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param ignore_index? integer
---@return vesper.Tensor
function Tensor:nll_loss(target, weight, reduction, ignore_index) end

--- Fills x with normal random numbers.
---@param x vesper.Tensor
---@param mean? number default 0
---@param std? number default 1
---@return vesper.Tensor
function vs.normal_(x, mean, std) end

--- Fills x with normal random numbers.
---@param mean? number default 0
---@param std? number default 1
---@return vesper.Tensor
function Tensor:normal_(mean, std) end

--- x / max(norm, eps), norm being the p-norm along dim: rows of length 1. A row of zeros stays
--- zeros.
---@param x vesper.Tensor
---@param p? number default 2
---@param dim? integer default -1
---@param eps? number default 1e-12
---@return vesper.Tensor
function vs.normalize(x, p, dim, eps) end

--- x / max(norm, eps), norm being the p-norm along dim: rows of length 1. A row of zeros stays
--- zeros.
---@param p? number default 2
---@param dim? integer default -1
---@param eps? number default 1e-12
---@return vesper.Tensor
function Tensor:normalize(p, dim, eps) end

--- Dimensions in a new order: x:permute(3, 1, 2).
---@param x vesper.Tensor
---@param dims integer|integer[]
---@return vesper.Tensor
function vs.permute(x, dims) end

--- Dimensions in a new order: x:permute(3, 1, 2).
---@param dims integer|integer[]
---@return vesper.Tensor
function Tensor:permute(dims) end

--- x to the power y with broadcasting; either may be a number. Same as x ^ y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.pow(x, y) end

--- x to the power y with broadcasting; either may be a number. Same as x ^ y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:pow(y) end

--- Rank from 1 of one column in each row, largest score first. scores [Q,N], target [Q] the column
--- -> int64 [Q]. Scores equal to the target's, and NaN, count as above it. With group [N] target
--- names a group: the rank of its best column among those of other groups. x [Q,D] and y [N,D],
--- rows of length 1 that the scores are products of: scores within 1e-5 are compared again in
--- double precision, so that equal rows tie exactly.
---@param scores vesper.Tensor
---@param target vesper.Tensor
---@param group? vesper.Tensor
---@param x? vesper.Tensor
---@param y? vesper.Tensor
---@return vesper.Tensor
function vs.rank(scores, target, group, x, y) end

--- Rank from 1 of one column in each row, largest score first. scores [Q,N], target [Q] the column
--- -> int64 [Q]. Scores equal to the target's, and NaN, count as above it. With group [N] target
--- names a group: the rank of its best column among those of other groups. x [Q,D] and y [N,D],
--- rows of length 1 that the scores are products of: scores within 1e-5 are compared again in
--- double precision, so that equal rows tie exactly.
---@param target vesper.Tensor
---@param group? vesper.Tensor
---@param x? vesper.Tensor
---@param y? vesper.Tensor
---@return vesper.Tensor
function Tensor:rank(target, group, x, y) end

--- 1 / x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.reciprocal(x) end

--- 1 / x.
---@return vesper.Tensor
function Tensor:reciprocal() end

--- max(x, 0).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.relu(x) end

--- max(x, 0).
---@return vesper.Tensor
function Tensor:relu() end

--- min(max(x, 0), 6).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.relu6(x) end

--- min(max(x, 0), 6).
---@return vesper.Tensor
function Tensor:relu6() end

--- The same elements in another shape; one size may be -1. A view where strides allow, else a copy.
---@param x vesper.Tensor
---@param shape integer|integer[]
---@return vesper.Tensor
function vs.reshape(x, shape) end

--- The same elements in another shape; one size may be -1. A view where strides allow, else a copy.
---@param shape integer|integer[]
---@return vesper.Tensor
function Tensor:reshape(shape) end

--- Nearest integer, halves to even. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.round(x) end

--- Nearest integer, halves to even. No gradient.
---@return vesper.Tensor
function Tensor:round() end

--- 1 / sqrt(x).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.rsqrt(x) end

--- 1 / sqrt(x).
---@return vesper.Tensor
function Tensor:rsqrt() end

--- One position along dim, which goes: x:select(2, 1) is the first column. x[i] is x:select(1, i).
---@param x vesper.Tensor
---@param dim integer
---@param index integer
---@return vesper.Tensor
function vs.select(x, dim, index) end

--- One position along dim, which goes: x:select(2, 1) is the first column. x[i] is x:select(1, i).
---@param dim integer
---@param index integer
---@return vesper.Tensor
function Tensor:select(dim, index) end

--- 1 / (1 + exp(-x)).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sigmoid(x) end

--- 1 / (1 + exp(-x)).
---@return vesper.Tensor
function Tensor:sigmoid() end

--- -1, 0 or 1. No gradient.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sign(x) end

--- -1, 0 or 1. No gradient.
---@return vesper.Tensor
function Tensor:sign() end

--- x * sigmoid(x). Elfwing et al., 2018.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.silu(x) end

--- x * sigmoid(x). Elfwing et al., 2018.
---@return vesper.Tensor
function Tensor:silu() end

--- Sine; x in radians.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sin(x) end

--- Sine; x in radians.
---@return vesper.Tensor
function Tensor:sin() end

--- Positions first to last (both included, negative from the end) along dim, as a view. last =
--- first - 1 gives an empty one.
---@param x vesper.Tensor
---@param dim integer
---@param first? integer default 1
---@param last? integer default -1
---@param step? integer default 1
---@return vesper.Tensor
function vs.slice(x, dim, first, last, step) end

--- Positions first to last (both included, negative from the end) along dim, as a view. last =
--- first - 1 gives an empty one.
---@param dim integer
---@param first? integer default 1
---@param last? integer default -1
---@param step? integer default 1
---@return vesper.Tensor
function Tensor:slice(dim, first, last, step) end

--- d = |x - target|: d^2 / (2 beta) below beta, d - beta / 2 above; beta = 0 is l1_loss.
---@param x vesper.Tensor
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param beta? number default 1
---@return vesper.Tensor
function vs.smooth_l1_loss(x, target, reduction, beta) end

--- d = |x - target|: d^2 / (2 beta) below beta, d - beta / 2 above; beta = 0 is l1_loss.
---@param target vesper.Tensor
---@param reduction? "mean"|"sum"|"none" default mean
---@param beta? number default 1
---@return vesper.Tensor
function Tensor:smooth_l1_loss(target, reduction, beta) end

--- exp(x) / sum(exp(x)) along dim, any shape. A row of -inf alone (everything masked) gives zeros.
---@param x vesper.Tensor
---@param dim? integer default -1
---@return vesper.Tensor
function vs.softmax(x, dim) end

--- exp(x) / sum(exp(x)) along dim, any shape. A row of -inf alone (everything masked) gives zeros.
---@param dim? integer default -1
---@return vesper.Tensor
function Tensor:softmax(dim) end

--- log(1 + exp(x)).
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.softplus(x) end

--- log(1 + exp(x)).
---@return vesper.Tensor
function Tensor:softplus() end

--- Square root; NaN below 0.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.sqrt(x) end

--- Square root; NaN below 0.
---@return vesper.Tensor
function Tensor:sqrt() end

--- x * x.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.square(x) end

--- x * x.
---@return vesper.Tensor
function Tensor:square() end

--- Without dimensions of size 1: all of them, or just dim.
---@param x vesper.Tensor
---@param dim? integer
---@return vesper.Tensor
function vs.squeeze(x, dim) end

--- Without dimensions of size 1: all of them, or just dim.
---@param dim? integer
---@return vesper.Tensor
function Tensor:squeeze(dim) end

--- A list of tensors of one shape along a new dimension dim.
---@param tensors vesper.Tensor[]
---@param dim? integer default 1
---@return vesper.Tensor
function vs.stack(tensors, dim) end

--- x - y with broadcasting; either may be a number. Same as x - y.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.sub(x, y) end

--- x - y with broadcasting; either may be a number. Same as x - y.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:sub(y) end

--- x = x - y, written into x.
---@param x vesper.Tensor
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.sub_(x, y) end

--- x = x - y, written into x.
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:sub_(y) end

--- Sum over all elements, or over the dimensions given. Integers and masks give int64.
---@param x vesper.Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
function vs.sum(x, dim, keepdim) end

--- Sum over all elements, or over the dimensions given. Integers and masks give int64.
---@param dim? integer|integer[]
---@param keepdim? boolean default false
---@return vesper.Tensor
function Tensor:sum(dim, keepdim) end

--- Hyperbolic tangent.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.tanh(x) end

--- Hyperbolic tangent.
---@return vesper.Tensor
function Tensor:tanh() end

--- x as another dtype, x itself when it has it. To integers: towards zero, clipped to their range.
--- Gradients flow only where both are the compute type.
---@param x vesper.Tensor
---@param dtype string
---@return vesper.Tensor
function vs.to(x, dtype) end

--- x as another dtype, x itself when it has it. To integers: towards zero, clipped to their range.
--- Gradients flow only where both are the compute type.
---@param dtype string
---@return vesper.Tensor
function Tensor:to(dtype) end

--- The k largest (or smallest) values along dim, best first, the earlier of equals first -> values
--- and their positions (int64), both of x's shape with k in place of dim.
---@param x vesper.Tensor
---@param k integer
---@param dim? integer default -1
---@param largest? boolean default true
---@return vesper.Tensor
---@return vesper.Tensor
function vs.topk(x, k, dim, largest) end

--- The k largest (or smallest) values along dim, best first, the earlier of equals first -> values
--- and their positions (int64), both of x's shape with k in place of dim.
---@param k integer
---@param dim? integer default -1
---@param largest? boolean default true
---@return vesper.Tensor
---@return vesper.Tensor
function Tensor:topk(k, dim, largest) end

--- Dimensions a and b swapped (the last two when not given).
---@param x vesper.Tensor
---@param a? integer default -2
---@param b? integer default -1
---@return vesper.Tensor
function vs.transpose(x, a, b) end

--- Dimensions a and b swapped (the last two when not given).
---@param a? integer default -2
---@param b? integer default -1
---@return vesper.Tensor
function Tensor:transpose(a, b) end

--- Fills x with numbers uniform in [low, high).
---@param x vesper.Tensor
---@param low? number default 0
---@param high? number default 1
---@return vesper.Tensor
function vs.uniform_(x, low, high) end

--- Fills x with numbers uniform in [low, high).
---@param low? number default 0
---@param high? number default 1
---@return vesper.Tensor
function Tensor:uniform_(low, high) end

--- With a new dimension of size 1 at position dim (-1: last).
---@param x vesper.Tensor
---@param dim integer
---@return vesper.Tensor
function vs.unsqueeze(x, dim) end

--- With a new dimension of size 1 at position dim (-1: last).
---@param dim integer
---@return vesper.Tensor
function Tensor:unsqueeze(dim) end

--- x where mask is true, y elsewhere, with broadcasting; x and y may be numbers.
---@param mask vesper.Tensor
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function vs.where(mask, x, y) end

--- x where mask is true, y elsewhere, with broadcasting; x and y may be numbers.
---@param x vesper.Tensor|number
---@param y vesper.Tensor|number
---@return vesper.Tensor
function Tensor:where(x, y) end

--- Sets every element to 0.
---@param x vesper.Tensor
---@return vesper.Tensor
function vs.zero_(x) end

--- Sets every element to 0.
---@return vesper.Tensor
function Tensor:zero_() end

return vs
