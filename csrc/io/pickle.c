/* The restricted pickle machine.  See pickle.h. */
#include "io/pickle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/tensor.h"

enum { MARK = -1 }; /* on the stack, whose other entries are nodes */

/* --- what is known --- */

typedef enum callable { ORDERED_DICT, SIZE, TENSOR, TENSOR_V2, PARAMETER, STORAGE } callable;

static const struct {
  const char *name; /* module and name with a space between */
  callable what;
  vs_dtype dtype; /* VS_NDTYPE: only the size of an element is known, to step over it */
  int width;
} globals[] = {{"collections OrderedDict", ORDERED_DICT, 0, 0},
               {"torch Size", SIZE, 0, 0},
               {"torch._utils _rebuild_tensor", TENSOR, 0, 0},
               {"torch._utils _rebuild_tensor_v2", TENSOR_V2, 0, 0},
               {"torch._utils _rebuild_parameter", PARAMETER, 0, 0},
               {"torch FloatStorage", STORAGE, VS_FLOAT32, 4},
               {"torch DoubleStorage", STORAGE, VS_FLOAT64, 8},
               {"torch HalfStorage", STORAGE, VS_FLOAT16, 2},
               {"torch BFloat16Storage", STORAGE, VS_BFLOAT16, 2},
               {"torch LongStorage", STORAGE, VS_INT64, 8},
               {"torch IntStorage", STORAGE, VS_INT32, 4},
               {"torch ShortStorage", STORAGE, VS_INT64, 2},
               {"torch CharStorage", STORAGE, VS_INT64, 1},
               {"torch ByteStorage", STORAGE, VS_UINT8, 1},
               {"torch BoolStorage", STORAGE, VS_BOOL, 1},
               {"torch ComplexFloatStorage", STORAGE, VS_NDTYPE, 8},
               {"torch ComplexDoubleStorage", STORAGE, VS_NDTYPE, 16},
               {"torch QInt8Storage", STORAGE, VS_NDTYPE, 1},
               {"torch QUInt8Storage", STORAGE, VS_NDTYPE, 1},
               {"torch QInt32Storage", STORAGE, VS_NDTYPE, 4}};

/* Opcodes whose values are opaque or that are refused, for the message. */
static const struct {
  unsigned char code;
  const char *name;
} unusual[] = {{'2', "DUP"},          {'F', "FLOAT"},        {'I', "INT"},
               {'L', "LONG"},         {'P', "PERSID"},       {'S', "STRING"},
               {'V', "UNICODE"},      {'B', "BINBYTES"},     {'C', "SHORT_BINBYTES"},
               {'d', "DICT"},         {'l', "LIST"},         {'g', "GET"},
               {'p', "PUT"},          {'i', "INST"},         {'o', "OBJ"},
               {0x81, "NEWOBJ"},      {0x82, "EXT1"},        {0x83, "EXT2"},
               {0x84, "EXT4"},        {0x8a, "LONG1"},       {0x8b, "LONG4"},
               {0x8d, "BINUNICODE8"}, {0x8e, "BINBYTES8"},   {0x8f, "EMPTY_SET"},
               {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},   {0x92, "NEWOBJ_EX"},
               {0x96, "BYTEARRAY8"},  {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};

/* --- errors, bytes, memory --- */

#define fail_at(m, ...) (vs_fail_file((m)->path, __VA_ARGS__))

static int damaged(const vs_pickle *m, const char *what) {
  return fail_at(m, "pickle, byte %zu: %s", m->op, what);
}

static uint64_t get(const unsigned char *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << 8 * i;
  return v;
}

/* The next n bytes, or NULL. */
static const unsigned char *take(vs_pickle *m, uint64_t n) {
  if (n > m->end - m->at) {
    damaged(m, "an opcode reaches past the end (truncated?)");
    return NULL;
  }
  const unsigned char *p = m->base + m->at;
  m->at += (size_t)n;
  return p;
}

/* A little-endian number of `width` bytes. */
static int take_uint(vs_pickle *m, int width, uint64_t *out) {
  const unsigned char *p = take(m, (uint64_t)width);
  if (!p) return -1;
  *out = get(p, width);
  return 0;
}

static int grow(int32_t **list, int32_t n, int32_t *room) {
  if (n < *room) return 0;
  int32_t more = *room < 8 ? 8 : *room * 2;
  int32_t *p = realloc(*list, (size_t)more * sizeof *p);
  if (!p) return vs_fail_memory((size_t)more * sizeof *p);
  *list = p;
  *room = more;
  return 0;
}

/* A new node, or -1. */
static int32_t make(vs_pickle *m, vs_pkkind kind) {
  if (m->nnode == m->node_room) {
    int32_t room = m->node_room ? m->node_room * 2 : 256;
    vs_pknode *p = realloc(m->node, (size_t)room * sizeof *p);
    if (!p) return vs_fail_memory((size_t)room * sizeof *p);
    m->node = p;
    m->node_room = room;
  }
  m->node[m->nnode] = (vs_pknode){.kind = kind, .item = NULL};
  return m->nnode++;
}

static int push(vs_pickle *m, int32_t node) {
  if (grow(&m->stack, m->nstack, &m->stack_room)) return -1;
  m->stack[m->nstack++] = node;
  return 0;
}

static int push_new(vs_pickle *m, vs_pkkind kind, int64_t i) {
  int32_t at = make(m, kind);
  if (at < 0) return -1;
  if (kind != VS_PK_LIST && kind != VS_PK_DICT && kind != VS_PK_TUPLE) m->node[at].i = i;
  return push(m, at);
}

/* What is known of it: see vs_pknode.i. */
static int push_opaque(vs_pickle *m, int64_t name) {
  if (push_new(m, VS_PK_OPAQUE, name)) return -1;
  m->node[m->stack[m->nstack - 1]].room = (int32_t)(m->op - m->start);
  return 0;
}

/* An opaque node with the name and place of another. */
static int push_like(vs_pickle *m, const vs_pknode *other) {
  int32_t place = other->room;
  if (push_new(m, VS_PK_OPAQUE, other->i)) return -1;
  m->node[m->stack[m->nstack - 1]].room = place;
  return 0;
}

/* Whether there are n values above the last mark. */
static bool has(const vs_pickle *m, int32_t n) {
  if (n > m->nstack) return false;
  for (int32_t i = m->nstack - n; i < m->nstack; i++)
    if (m->stack[i] == MARK) return false;
  return true;
}

static int want(const vs_pickle *m, int32_t n) {
  return has(m, n) ? 0 : damaged(m, "takes more from the stack than there is");
}

static int32_t pop(vs_pickle *m) { return m->stack[--m->nstack]; }

/* How many values are above the last mark, or -1. */
static int32_t above_mark(const vs_pickle *m) {
  for (int32_t i = m->nstack - 1; i >= 0; i--)
    if (m->stack[i] == MARK) return m->nstack - 1 - i;
  return damaged(m, "the mark is missing");
}

static const vs_pknode *node_is(const vs_pickle *m, int32_t node, vs_pkkind kind) {
  return node >= 0 && m->node[node].kind == kind ? &m->node[node] : NULL;
}

/* --- containers --- */

/* The top n values become a tuple. */
static int make_tuple(vs_pickle *m, int32_t n) {
  int32_t at = make(m, VS_PK_TUPLE);
  if (at < 0) return -1;
  vs_pknode *t = &m->node[at];
  if (n > 0 && !(t->item = vs_new((size_t)n * sizeof *t->item))) return -1;
  t->n = t->room = n;
  m->nstack -= n;
  for (int32_t i = 0; i < n; i++) t->item[i] = m->stack[m->nstack + i];
  return push(m, at);
}

/* The top n values go into the list or dictionary below them (and below a mark if `marked`). */
static int add_items(vs_pickle *m, int32_t n, vs_pkkind kind, bool marked) {
  int32_t at = m->nstack - n - (marked ? 2 : 1);
  if (at >= 0 && node_is(m, m->stack[at], VS_PK_OPAQUE)) {
    m->nstack = at + 1;
    return 0;
  }
  if (at < 0 || !node_is(m, m->stack[at], kind))
    return damaged(m, kind == VS_PK_DICT ? "sets items of something that is not a dict"
                                         : "appends to something that is not a list");
  if (kind == VS_PK_DICT && n % 2 != 0) return damaged(m, "a key without a value");
  vs_pknode *c = &m->node[m->stack[at]];
  for (int32_t i = m->nstack - n; i < m->nstack; i++) {
    if (grow(&c->item, c->n, &c->room)) return -1;
    c->item[c->n++] = m->stack[i];
  }
  m->nstack = at + 1;
  return 0;
}

/* --- numbers and texts --- */

static int push_float(vs_pickle *m) {
  const unsigned char *p = take(m, 8);
  int32_t at = p ? make(m, VS_PK_FLOAT) : -1;
  uint64_t bits = 0;
  if (at < 0) return -1;
  for (int i = 0; i < 8; i++) bits = bits << 8 | p[i];
  memcpy(&m->node[at].f, &bits, 8);
  return push(m, at);
}

static int push_int(vs_pickle *m, int width, bool is_signed) {
  uint64_t v;
  if (take_uint(m, width, &v)) return -1;
  if (is_signed && width < 8 && v >> (8 * width - 1)) v |= ~(uint64_t)0 << 8 * width;
  return push_new(m, VS_PK_INT, (int64_t)v);
}

/* Bytes after their length, a number of `width` bytes, that have no kind of node. */
static int push_bytes(vs_pickle *m, int width, unsigned char code) {
  uint64_t n;
  if (take_uint(m, width, &n)) return -1;
  return take(m, n) ? push_opaque(m, -(int64_t)code) : -1;
}

static int push_long(vs_pickle *m, unsigned char code) {
  uint64_t n;
  if (take_uint(m, 1, &n)) return -1;
  if (n > 8) return take(m, n) ? push_opaque(m, -(int64_t)code) : -1;
  return n == 0 ? push_new(m, VS_PK_INT, 0) : push_int(m, (int)n, true);
}

/* A text after its length, a number of `width` bytes. */
static int push_text(vs_pickle *m, int width) {
  uint64_t n;
  if (take_uint(m, width, &n)) return -1;
  const unsigned char *p = take(m, n);
  int32_t at = p ? make(m, VS_PK_TEXT) : -1;
  if (at < 0) return -1;
  m->node[at].text = (const char *)p;
  m->node[at].n = (int32_t)n;
  return push(m, at);
}

/* --- the memo: filled in order, as picklers do, so that it is no longer than the pickle --- */

static int memo_put(vs_pickle *m, uint64_t at) {
  if (want(m, 1)) return -1;
  if (at > (uint64_t)m->nmemo + 1) return damaged(m, "the memo is filled out of order");
  while ((uint64_t)m->nmemo <= at) {
    if (grow(&m->memo, m->nmemo, &m->memo_room)) return -1;
    m->memo[m->nmemo++] = MARK;
  }
  m->memo[at] = m->stack[m->nstack - 1];
  return 0;
}

static int memo_get(vs_pickle *m, int width) {
  uint64_t at;
  if (take_uint(m, width, &at)) return -1;
  if (at >= (uint64_t)m->nmemo || m->memo[at] == MARK)
    return damaged(m, "reads a memo entry that was not stored");
  return push(m, m->memo[at]);
}

static int memo_put_numbered(vs_pickle *m, int width) {
  uint64_t at;
  return take_uint(m, width, &at) ? -1 : memo_put(m, at);
}

/* --- globals --- */

static int push_global(vs_pickle *m, const char *module, size_t nmodule, const char *name,
                       size_t nname) {
  for (int i = 0; i < VS_COUNT(globals); i++) {
    const char *g = globals[i].name;
    if (strlen(g) == nmodule + 1 + nname && !memcmp(g, module, nmodule) && g[nmodule] == ' ' &&
        !memcmp(g + nmodule + 1, name, nname))
      return push_new(m, VS_PK_GLOBAL, i);
  }
  int32_t at = make(m, VS_PK_TEXT), next = at < 0 ? -1 : make(m, VS_PK_TEXT);
  if (next < 0) return -1;
  m->node[at].text = module;
  m->node[at].n = (int32_t)nmodule;
  m->node[next].text = name;
  m->node[next].n = (int32_t)nname;
  return push_opaque(m, at);
}

int vs_pickle_refuse(const vs_pickle *m, int32_t node) {
  const vs_pknode *v = &m->node[node];
  size_t place = m->start + (size_t)v->room;
  const char *opcode = "?";
  if (v->i >= 0) {
    const vs_pknode *module = &m->node[v->i], *name = module + 1;
    return fail_at(m,
                   "pickle, byte %zu: it names %.*s.%.*s, which is not part of a state dict of "
                   "known types; nothing was run",
                   place, VS_MIN(module->n, 80), module->text, VS_MIN(name->n, 80), name->text);
  }
  for (int i = 0; i < VS_COUNT(unusual); i++)
    if (unusual[i].code == -v->i) opcode = unusual[i].name;
  if (-v->i == 0x8a) return fail_at(m, "pickle, byte %zu: a number of more than 64 bits", place);
  return fail_at(m,
                 "pickle, byte %zu: the value of opcode %s is not part of a state dict; nothing "
                 "was run",
                 place, opcode);
}

/* GLOBAL: module and name, each ended by a newline. */
static int global_lines(vs_pickle *m) {
  const unsigned char *p = m->base + m->at, *end = m->base + m->end;
  const unsigned char *a = memchr(p, '\n', (size_t)(end - p));
  const unsigned char *b = a ? memchr(a + 1, '\n', (size_t)(end - a - 1)) : NULL;
  if (!b) return damaged(m, "a name without an end");
  m->at = (size_t)(b + 1 - m->base);
  return push_global(m, (const char *)p, (size_t)(a - p), (const char *)a + 1, (size_t)(b - a - 1));
}

static int global_stack(vs_pickle *m) {
  if (want(m, 2)) return -1;
  const vs_pknode *name = node_is(m, pop(m), VS_PK_TEXT);
  const vs_pknode *module = node_is(m, pop(m), VS_PK_TEXT);
  if (!name || !module) return damaged(m, "a global without a name");
  return push_global(m, module->text, (size_t)module->n, name->text, (size_t)name->n);
}

/* --- storages and tensors --- */

/* ("storage", type, key, place, number of elements[, None]) becomes a storage. */
static int persistent(vs_pickle *m) {
  if (want(m, 1)) return -1;
  int32_t tuple = pop(m);
  const vs_pknode *t = node_is(m, tuple, VS_PK_TUPLE);
  if (!t || t->n < 5) return damaged(m, "a storage is not described by five values");
  const vs_pknode *what = node_is(m, t->item[0], VS_PK_TEXT);
  const vs_pknode *type = node_is(m, t->item[1], VS_PK_GLOBAL);
  const vs_pknode *n = node_is(m, t->item[4], VS_PK_INT);
  bool is_storage = what && what->n == 7 && !memcmp(what->text, "storage", 7);
  const vs_pknode *other = node_is(m, t->item[1], VS_PK_OPAQUE);
  if (is_storage && other) return push_like(m, other);
  if (!is_storage || !type || globals[type->i].what != STORAGE ||
      !node_is(m, t->item[2], VS_PK_TEXT) || !n || n->i < 0)
    return damaged(m, "the description of a storage differs from PyTorch's");
  if (t->n > 6 || (t->n == 6 && !node_is(m, t->item[5], VS_PK_NONE)))
    return damaged(m, "a storage that is part of another one is not supported");
  return push_new(m, VS_PK_STORAGE, tuple);
}

vs_pkstorage vs_pickle_storage(const vs_pickle *m, int32_t node) {
  const int32_t *item = m->node[m->node[node].i].item;
  const vs_pknode *key = &m->node[item[2]];
  int64_t type = m->node[item[1]].i;
  return (vs_pkstorage){.key = key->text,
                        .nkey = key->n,
                        .type = globals[type].name,
                        .dtype = globals[type].dtype,
                        .width = globals[type].width,
                        .numel = m->node[item[4]].i};
}

vs_pktensor vs_pickle_tensor(const vs_pickle *m, int32_t node) {
  const int32_t *item = m->node[m->node[node].i].item;
  const vs_pknode *shape = &m->node[item[2]], *stride = &m->node[item[3]];
  vs_pktensor t = {.storage = item[0], .ndim = shape->n, .offset = m->node[item[1]].i};
  for (int d = 0; d < t.ndim; d++) {
    t.shape[d] = m->node[shape->item[d]].i;
    t.stride[d] = m->node[stride->item[d]].i;
  }
  return t;
}

/* A tuple of at most VS_MAX_DIM whole numbers from 0. */
static const vs_pknode *sizes(const vs_pickle *m, int32_t node) {
  const vs_pknode *t = node_is(m, node, VS_PK_TUPLE);
  if (!t || t->n > VS_MAX_DIM) return NULL;
  for (int32_t i = 0; i < t->n; i++) {
    const vs_pknode *v = node_is(m, t->item[i], VS_PK_INT);
    if (!v || v->i < 0) return NULL;
  }
  return t;
}

static int check_inside(const vs_pickle *m, const vs_pktensor *t, int64_t room) {
  int64_t last = t->offset, step, n = vs_numel(t->ndim, t->shape);
  bool fits = n >= 0 && n <= VS_MAX(room, VS_PICKLE_EXPANDED) && t->offset <= room;
  for (int d = 0; fits && n > 0 && d < t->ndim; d++)
    fits = !__builtin_mul_overflow(t->shape[d] - 1, t->stride[d], &step) &&
           !__builtin_add_overflow(last, step, &last);
  if (fits && (n == 0 || last < room)) return 0;
  return fail_at(
      m, "pickle, byte %zu: a tensor %s from %" PRId64 " on does not fit its storage of %" PRId64,
      m->op, vs_dims_str(t->ndim, t->shape), t->offset, room);
}

/* _rebuild_tensor(storage, offset, shape, stride), and _v2 with three more, which are ignored. */
static int rebuild_tensor(vs_pickle *m, int32_t args, bool second) {
  const vs_pknode *a = &m->node[args];
  if (second ? a->n < 6 || a->n > 7 : a->n != 4)
    return damaged(m, "a tensor has the wrong number of values");
  const vs_pknode *other = node_is(m, a->item[0], VS_PK_OPAQUE);
  if (other) return push_like(m, other);
  const vs_pknode *offset = node_is(m, a->item[1], VS_PK_INT);
  const vs_pknode *shape = sizes(m, a->item[2]), *stride = sizes(m, a->item[3]);
  if (!node_is(m, a->item[0], VS_PK_STORAGE) || !offset || offset->i < 0 || !shape || !stride ||
      shape->n != stride->n)
    return damaged(
        m, "the description of a tensor differs from PyTorch's (or it has over 8 dimensions)");
  int32_t at = make(m, VS_PK_TENSOR);
  if (at < 0) return -1;
  m->node[at].i = args;
  vs_pktensor t = vs_pickle_tensor(m, at);
  if (check_inside(m, &t, vs_pickle_storage(m, t.storage).numel)) return -1;
  return push(m, at);
}

/* OrderedDict() or OrderedDict([[key, value], ...]) */
static int ordered_dict(vs_pickle *m, int32_t args) {
  int32_t at = make(m, VS_PK_DICT);
  if (at < 0) return -1;
  const vs_pknode *a = &m->node[args];
  const vs_pknode *list = a->n == 1 ? node_is(m, a->item[0], VS_PK_LIST) : NULL;
  if (a->n != 0 && !list) return damaged(m, "an OrderedDict is not made from a list");
  vs_pknode *d = &m->node[at];
  for (int32_t i = 0; list && i < list->n; i++) {
    const vs_pknode *entry = &m->node[list->item[i]];
    if ((entry->kind != VS_PK_LIST && entry->kind != VS_PK_TUPLE) || entry->n != 2)
      return damaged(m, "an OrderedDict is not made from pairs");
    for (int k = 0; k < 2; k++) {
      if (grow(&d->item, d->n, &d->room)) return -1;
      d->item[d->n++] = entry->item[k];
    }
  }
  return push(m, at);
}

/* NEWOBJ: the top n values, the first of them a class, become an object. */
static int new_object(vs_pickle *m, int32_t n, unsigned char code) {
  if (want(m, n)) return -1;
  m->nstack -= n;
  const vs_pknode *class = node_is(m, m->stack[m->nstack], VS_PK_OPAQUE);
  return class ? push_like(m, class) : push_opaque(m, -(int64_t)code);
}

/* REDUCE: makes the node that the known function would have returned. */
static int reduce(vs_pickle *m) {
  if (want(m, 2)) return -1;
  int32_t args = pop(m), callee = pop(m);
  const vs_pknode *a = node_is(m, args, VS_PK_TUPLE), *g = node_is(m, callee, VS_PK_GLOBAL);
  const vs_pknode *other = node_is(m, callee, VS_PK_OPAQUE);
  if (other) return push_like(m, other);
  if (!a || !g) return damaged(m, "calls something that is not a function of a state dict");
  switch (globals[g->i].what) {
    case ORDERED_DICT: return ordered_dict(m, args);
    case TENSOR: return rebuild_tensor(m, args, false);
    case TENSOR_V2: return rebuild_tensor(m, args, true);
    case PARAMETER:
      if (a->n == 3 &&
          (node_is(m, a->item[0], VS_PK_TENSOR) || node_is(m, a->item[0], VS_PK_OPAQUE)))
        return push(m, a->item[0]);
      return damaged(m, "a parameter is not a tensor");
    case SIZE:
      if (a->n == 1 && node_is(m, a->item[0], VS_PK_TUPLE)) return push(m, a->item[0]);
      return damaged(m, "a torch.Size is not made from a tuple");
    case STORAGE: break;
  }
  return damaged(m, "calls a storage type");
}

/* BUILD: attributes of a dictionary (a state dict's _metadata) or an object are dropped. */
static int build(vs_pickle *m) {
  if (want(m, 2)) return -1;
  pop(m);
  int32_t top = m->stack[m->nstack - 1];
  if (node_is(m, top, VS_PK_DICT) || node_is(m, top, VS_PK_OPAQUE)) return 0;
  return damaged(m, "BUILD sets attributes of something that is not a dictionary");
}

/* --- the machine --- */

static int refuse(const vs_pickle *m, unsigned char code) {
  for (int i = 0; i < VS_COUNT(unusual); i++)
    if (unusual[i].code == code)
      return fail_at(m, "pickle, byte %zu: opcode %s is not part of a state dict; nothing was run",
                     m->op, unusual[i].name);
  return fail_at(m, "pickle, byte %zu: unknown opcode 0x%02x", m->op, code);
}

static int protocol(vs_pickle *m) {
  uint64_t v;
  if (take_uint(m, 1, &v)) return -1;
  return v >= 2 && v <= 4 ? 0 : damaged(m, "its protocol is not 2, 3 or 4");
}

/* All above the last mark into the container below it. */
static int add_marked(vs_pickle *m, vs_pkkind kind) {
  int32_t n = above_mark(m);
  return n < 0 ? -1 : add_items(m, n, kind, true);
}

static int add_plain(vs_pickle *m, int32_t n, vs_pkkind kind) {
  return want(m, n + 1) ? -1 : add_items(m, n, kind, false);
}

/* Drops all above the last mark, and the mark. */
static int pop_marked(vs_pickle *m) {
  int32_t n = above_mark(m);
  if (n < 0) return -1;
  m->nstack -= n + 1;
  return 0;
}

/* POP, which picklers write for a tuple that contains itself. */
static int pop_one(vs_pickle *m) {
  if (m->nstack > 0 && m->stack[m->nstack - 1] == MARK) return pop_marked(m);
  if (want(m, 1)) return -1;
  pop(m);
  return 0;
}

static int frozen_set(vs_pickle *m, unsigned char code) {
  return pop_marked(m) ? -1 : push_opaque(m, -(int64_t)code);
}

static int marked_tuple(vs_pickle *m) {
  int32_t n = above_mark(m);
  if (n < 0 || make_tuple(m, n)) return -1;
  m->stack[m->nstack - 2] = m->stack[m->nstack - 1]; /* over the mark */
  m->nstack--;
  return 0;
}

static int short_tuple(vs_pickle *m, int32_t n) { return want(m, n) ? -1 : make_tuple(m, n); }

static int step(vs_pickle *m, unsigned char code) {
  switch (code) {
    case 0x80: return protocol(m);
    case 0x95: return take(m, 8) ? 0 : -1; /* FRAME: how much to read ahead */
    case '(': return push(m, MARK);
    case 'N': return push_new(m, VS_PK_NONE, 0);
    case 0x88: return push_new(m, VS_PK_BOOL, 1);
    case 0x89: return push_new(m, VS_PK_BOOL, 0);
    case 'J': return push_int(m, 4, true);
    case 'K': return push_int(m, 1, false);
    case 'M': return push_int(m, 2, false);
    case 0x8a: return push_long(m, code);
    case 0x8b: return push_bytes(m, 4, code);
    case 'B': return push_bytes(m, 4, code);
    case 'C': return push_bytes(m, 1, code);
    case 0x8e: return push_bytes(m, 8, code);
    case 0x8f: return push_opaque(m, -(int64_t)code);
    case 0x90: return add_marked(m, VS_PK_OPAQUE);
    case 0x91: return frozen_set(m, code);
    case 0x81: return new_object(m, 2, code);
    case 0x92: return new_object(m, 3, code);
    case '0': return pop_one(m);
    case '1': return pop_marked(m);
    case 'G': return push_float(m);
    case 'X': return push_text(m, 4);
    case 0x8c: return push_text(m, 1);
    case 'T': return push_text(m, 4);
    case 'U': return push_text(m, 1);
    case ']': return push_new(m, VS_PK_LIST, 0);
    case '}': return push_new(m, VS_PK_DICT, 0);
    case ')': return push_new(m, VS_PK_TUPLE, 0);
    case 'a': return add_plain(m, 1, VS_PK_LIST);
    case 'e': return add_marked(m, VS_PK_LIST);
    case 's': return add_plain(m, 2, VS_PK_DICT);
    case 'u': return add_marked(m, VS_PK_DICT);
    case 't': return marked_tuple(m);
    case 0x85: return short_tuple(m, 1);
    case 0x86: return short_tuple(m, 2);
    case 0x87: return short_tuple(m, 3);
    case 'q': return memo_put_numbered(m, 1);
    case 'r': return memo_put_numbered(m, 4);
    case 0x94: return memo_put(m, (uint64_t)m->nmemo);
    case 'h': return memo_get(m, 1);
    case 'j': return memo_get(m, 4);
    case 'c': return global_lines(m);
    case 0x93: return global_stack(m);
    case 'R': return reduce(m);
    case 'b': return build(m);
    case 'Q': return persistent(m);
    default: return refuse(m, code);
  }
}

int32_t vs_pickle_run(vs_pickle *m, const unsigned char *base, size_t at, size_t end,
                      const char *path) {
  bool cut = end - at > VS_PICKLE_MAX;
  *m = (vs_pickle){.path = path, .base = base, .start = at, .at = at};
  m->end = cut ? at + VS_PICKLE_MAX : end;
  for (;;) {
    m->op = m->at;
    const unsigned char *code = take(m, 1);
    if (!code) break;
    if (*code == '.') {
      if (m->nstack == 1 && m->stack[0] != MARK) return m->stack[0];
      return damaged(m, "does not end with one value");
    }
    if (step(m, *code)) break;
  }
  if (cut && m->at + 64 > m->end)
    fail_at(m, "pickle: longer than %d MiB, more than a state dict takes", VS_PICKLE_MAX >> 20);
  return -1;
}

void vs_pickle_free(vs_pickle *m) {
  for (int32_t i = 0; i < m->nnode; i++) {
    vs_pkkind kind = m->node[i].kind;
    if (kind == VS_PK_TUPLE || kind == VS_PK_LIST || kind == VS_PK_DICT) free(m->node[i].item);
  }
  free(m->node);
  free(m->stack);
  free(m->memo);
  *m = (vs_pickle){0};
}
