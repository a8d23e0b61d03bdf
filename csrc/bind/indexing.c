/* x[...] and x[...] = value: a position, an int64 tensor, a mask, or a list with an entry for each
 * of the first dimensions. */
#include "bind/indexing.h"
#include "op/op.h"

static bool is_mask(const vs_tensor *t) { return t->dtype == VS_BOOL || t->dtype == VS_UINT8; }

/* Whether the value at stack index i is a whole number, n / 2 too. */
static bool is_position(lua_State *L, int i, int64_t *position) {
  int whole = 0;
  if (lua_type(L, i) == LUA_TNUMBER) *position = lua_tointegerx(L, i, &whole);
  return whole;
}

/* ---- lists ---- */

/* What a list asks for: the view that its numbers and ranges give, at stack index `slot`, and the
 * index tensors, which follow it on the stack. */
typedef struct part {
  int slot, count;
  int dim[VS_MAX_DIM]; /* of the view, that of each index tensor */
  vs_tensor *index[VS_MAX_DIM];
} part;

static vs_tensor *view_of(lua_State *L, const part *p) { return lvs_checktensor(L, p->slot); }

/* The view is replaced by what the op makes of it. */
static void change(lua_State *L, const part *p, const vs_opdef *op, const vs_value *v, int n) {
  lvs_pushcall(L, op, v, n);
  lua_replace(L, p->slot);
}

/* {first, last} or {first, last, step} on top; {} leaves all. */
static void take_range(lua_State *L, const part *p, int dim, int entry) {
  int64_t range[3] = {1, -1, 1};
  int n = (int)lvs_listlen(L, -1, "x[{...}]", "a range");
  for (int i = 0; i < n && i < 3; i++) {
    lua_rawgeti(L, -1, i + 1);
    if (!is_position(L, -1, &range[i])) n = -1;
    lua_pop(L, 1);
  }
  if (n != 0 && n != 2 && n != 3)
    lvs_error(L,
              "x[{...}]: entry %d is a table, expected {first, last}, {first, last, step}, or "
              "{} for all positions",
              entry);
  vs_value v[] = {VS_T(view_of(L, p)), VS_I(dim), VS_I(range[0]), VS_I(range[1]), VS_I(range[2])};
  if (n != 0) change(L, p, &vs_op_slice, v, 5);
}

/* The index tensor on top, which stays there; a mask of one dimension becomes its positions. */
static void take_tensor(lua_State *L, part *p, int dim, int entry) {
  vs_tensor *t = lvs_checktensor(L, -1);
  if (is_mask(t)) {
    const vs_tensor *x = view_of(L, p);
    if (t->ndim != 1 || t->shape[0] != x->shape[dim])
      lvs_error(L, "x[{...}]: entry %d is a mask %s, expected [%d]", entry, vs_shape_str(t),
                (int)x->shape[dim]);
    lvs_pushcall(L, &vs_op_nonzero, (vs_value[]){VS_T(t)}, 1);
    lua_replace(L, -2);
    vs_value flat = {.kind = VS_V_INTS, .n = 1, .ints = {-1}};
    lvs_pushcall(L, &vs_op_reshape, (vs_value[]){VS_T(lvs_checktensor(L, -1)), flat}, 2);
    lua_replace(L, -2);
  }
  p->dim[p->count] = dim;
  p->index[p->count++] = lvs_checktensor(L, -1);
}

/* Reads the list at stack index 2 for the tensor at 1. */
static part read_list(lua_State *L) {
  part p = {.count = 0};
  int n = (int)lvs_listlen(L, 2, "x[{...}]", "the index"), dim = 0;
  const vs_tensor *x = lvs_checktensor(L, 1);
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1))
    if (!lua_isinteger(L, -2)) {
      lua_pushvalue(L, -2);
      lvs_error(L, "x[{...}]: the index has the key '%s', expected a list",
                luaL_tolstring(L, -1, NULL));
    }
  if (n > x->ndim)
    lvs_error(L, "x[{...}]: the index has %d entries, x is %s: expected at most one a dimension", n,
              vs_shape_str(x));
  luaL_checkstack(L, n + 8, "x[{...}]");
  lua_pushvalue(L, 1);
  p.slot = lua_gettop(L);
  for (int i = 1; i <= n; i++) {
    int64_t at = 0;
    lua_rawgeti(L, 2, i);
    const vs_tensor *t = lvs_testtensor(L, -1);
    bool scalar = t != NULL && t->ndim == 0 && t->dtype == VS_INT64; /* a position, as in PyTorch */
    if (scalar) at = vs_get_int(t, 0);
    if (t != NULL && !scalar) {
      take_tensor(L, &p, dim++, i);
      continue;
    }
    if (scalar || is_position(L, -1, &at))
      change(L, &p, &vs_op_select, (vs_value[]){VS_T(view_of(L, &p)), VS_I(dim), VS_I(at)}, 3);
    else if (lua_istable(L, -1))
      take_range(L, &p, dim++, i);
    else
      lvs_error(L,
                "x[{...}]: entry %d is a %s, expected a position, a range {first, last}, an "
                "int64 tensor or a mask",
                i, lvs_typename(L, -1));
    lua_pop(L, 1);
  }
  return p;
}

/* Brings the indexed dimensions of the view to the front.  Returns how many of the others their
 * common shape follows in the result: those before them where they are neighbours, else none. */
static int indexed_first(lua_State *L, const part *p) {
  vs_tensor *x = view_of(L, p);
  vs_value v[] = {VS_T(x), {.kind = VS_V_INTS, .n = x->ndim}};
  int n = 0;
  for (int i = 0; i < p->count; i++) v[1].ints[n++] = p->dim[i];
  for (int d = 0, i = 0; d < x->ndim; d++) {
    if (i < p->count && p->dim[i] == d)
      i++;
    else
      v[1].ints[n++] = d;
  }
  bool neighbours = p->dim[p->count - 1] - p->dim[0] == p->count - 1;
  if (p->dim[p->count - 1] != p->count - 1) change(L, p, &vs_op_permute, v, 2);
  return neighbours ? p->dim[0] : 0;
}

/* Dimensions [S, before, behind] as [before, S, behind], or back: the first `from` go behind the
 * next `to`. */
static void rotate(lua_State *L, const part *p, int from, int to) {
  vs_tensor *x = view_of(L, p);
  vs_value v[] = {VS_T(x), {.kind = VS_V_INTS, .n = x->ndim}};
  for (int d = 0; d < x->ndim; d++) v[1].ints[d] = d < to ? from + d : d < from + to ? d - to : d;
  if (from > 0 && to > 0) change(L, p, &vs_op_permute, v, 2);
}

static int push_part(lua_State *L) {
  part p = read_list(L);
  if (p.count == 1 && p.index[0]->ndim == 1) {
    vs_value v[] = {VS_T(view_of(L, &p)), VS_I(p.dim[0]), VS_T(p.index[0])};
    change(L, &p, &vs_op_index_select, v, 3);
  } else if (p.count > 0) {
    int rest = view_of(L, &p)->ndim - p.count, before = indexed_first(L, &p);
    change(L, &p, &vs_op_index, (vs_value[]){VS_T(view_of(L, &p)), VS_L(p.index, p.count)}, 2);
    rotate(L, &p, view_of(L, &p)->ndim - rest, before);
  }
  lua_pushvalue(L, p.slot);
  return 1;
}

/* The value as the op wants it, beside a view with the indexed dimensions first: what a tensor has
 * for [before, S] as [S, before]. */
static vs_value turned(lua_State *L, const part *p, vs_value value, int before) {
  if (value.kind != VS_V_TENSOR || value.t->ndim == 0 || before == 0) return value;
  vs_tensor *x = view_of(L, p), like = {.ndim = 0};
  vs_value v[] = {value, {.kind = VS_V_INTS}};
  int64_t dims[VS_MAX_DIM];
  for (int i = 0; i < p->count; i++) {
    int n = vs_broadcast(&like, p->index[i], dims);
    if (n < 0) lvs_raise(L);
    like.ndim = n;
    for (int d = 0; d < n; d++) like.shape[d] = dims[d];
  }
  int rest = x->ndim - p->count;
  if (like.ndim + rest > VS_MAX_DIM)
    lvs_error(L, "x[{...}]: %d dimensions, expected at most %d", like.ndim + rest, VS_MAX_DIM);
  for (int d = 0; d < before; d++) v[1].ints[v[1].n++] = x->shape[p->count + d];
  for (int d = 0; d < like.ndim; d++) v[1].ints[v[1].n++] = like.shape[d];
  for (int d = before; d < rest; d++) v[1].ints[v[1].n++] = x->shape[p->count + d];
  lvs_pushcall(L, &vs_op_expand, v, 2);
  part wide = {.slot = lua_gettop(L)};
  rotate(L, &wide, before, like.ndim);
  return VS_T(view_of(L, &wide));
}

static void put_part(lua_State *L, vs_value value) {
  part p = read_list(L);
  if (p.count == 0) {
    lvs_callinplace(L, &vs_op_copy_, (vs_value[]){VS_T(view_of(L, &p)), value}, 2);
    return;
  }
  int before = indexed_first(L, &p);
  vs_value v[] = {VS_T(view_of(L, &p)), VS_L(p.index, p.count), turned(L, &p, value, before)};
  lvs_callinplace(L, &vs_op_index_put_, v, 3);
}

/* ---- x[index] ---- */

/* x[i]: a view of row i. */
static int push_row(lua_State *L, vs_tensor *t, int64_t i) {
  return lvs_pushcall(L, &vs_op_select, (vs_value[]){VS_T(t), VS_I(0), VS_I(i)}, 3);
}

/* x[index]: those rows; x[mask]: those elements. */
static int push_picked(lua_State *L, vs_tensor *t, vs_tensor *index) {
  if (is_mask(index))
    return lvs_pushcall(L, &vs_op_masked_select, (vs_value[]){VS_T(t), VS_T(index)}, 2);
  return lvs_pushcall(L, &vs_op_index_select, (vs_value[]){VS_T(t), VS_I(0), VS_T(index)}, 3);
}

int lvs_pushindexed(lua_State *L, vs_tensor *t) {
  int64_t i = 0;
  if (is_position(L, 2, &i)) {
    /* ipairs and table functions stop at the first nil after the end */
    if (t->ndim > 0 && i == t->shape[0] + 1) return 0;
    return push_row(L, t, i);
  }
  vs_tensor *index = lvs_testtensor(L, 2);
  if (index != NULL) return push_picked(L, t, index);
  if (lua_istable(L, 2)) return push_part(L);
  return lvs_error(L,
                   "tensor index is a %s, expected a position, an int64 tensor, a mask, a list of "
                   "these or a method name",
                   lvs_typename(L, 2));
}

/* The value at stack index i as an operand. */
static vs_value operand(lua_State *L, int i) {
  if (lua_isinteger(L, i)) return VS_I(lua_tointeger(L, i));
  if (lua_type(L, i) == LUA_TNUMBER) return VS_F(lua_tonumber(L, i));
  if (lua_isboolean(L, i)) return VS_F(lua_toboolean(L, i));
  if (lua_istable(L, i)) lvs_error(L, "x[i] = table: convert it first by vs.tensor(table)");
  return VS_T(lvs_checktensor(L, i));
}

int lvs_setindexed(lua_State *L, vs_tensor *t) {
  int64_t i = 0;
  lua_settop(L, 3);
  vs_tensor *index = lvs_testtensor(L, 2);
  bool row = is_position(L, 2, &i);
  if (!row && index == NULL && !lua_istable(L, 2))
    return lvs_error(L,
                     "tensor index is a %s, expected a position, an int64 tensor, a mask or a list "
                     "of these",
                     lvs_typename(L, 2));
  vs_value value = operand(L, 3);
  if (row) {
    push_row(L, t, i);
    lvs_callinplace(L, &vs_op_copy_, (vs_value[]){VS_T(lvs_checktensor(L, 4)), value}, 2);
  } else if (index == NULL) {
    put_part(L, value);
  } else if (is_mask(index)) {
    lvs_callinplace(L, &vs_op_masked_scatter_, (vs_value[]){VS_T(t), VS_T(index), value}, 3);
  } else {
    lvs_callinplace(L, &vs_op_index_put_, (vs_value[]){VS_T(t), VS_L(&index, 1), value}, 3);
  }
  return 0;
}
