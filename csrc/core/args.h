/* Arguments of descriptors: the language of `.args`, and values.
 *
 *   "x:tensor, w:tensor, b:tensor?, stride:pair=1, reduction:mean|sum|none=mean"
 *
 * kinds   tensor   of the compute type or bfloat16
 *         any      tensor of any dtype
 *         index    int64 tensor (1-based values) mask    bool or uint8 tensor
 *         operand  tensor or number             tensors  list of one or more tensors, any dtype
 *         buffer   tensor of the compute type that forward may write (running statistics)
 *         num int bool string dtype             pair     two ints, one number stands for both
 *         number   as num, but an integer of Lua keeps its digits
 *         numpair  two numbers, "0.9/0.999", or one for both
 *         dim      a dimension of the first tensor
 *         dims     a list of such dimensions    ints     a list of ints, or one
 *         strings  a list of strings             paths     the same, or one string
 *         a|b|c    one of these words (the value is its position from 0)
 * "?" after a kind: may be absent (value kind VS_V_NONE; a tensor is NULL).  "=v": default.
 * dims: Lua and this text count from 1, C from 0; negative values count from the end on both sides.
 * vs_args_check makes them 0-based and non-negative.  */
#ifndef VS_ARGS_H
#define VS_ARGS_H

#include "core/tensor.h"

typedef enum vs_argkind {
  VS_A_TENSOR,
  VS_A_ANY,
  VS_A_INDEX,
  VS_A_MASK,
  VS_A_OPERAND,
  VS_A_BUFFER,
  VS_A_TENSORS, /* tensors */
  VS_A_NUM,
  VS_A_NUMBER,
  VS_A_INT,
  VS_A_BOOL,
  VS_A_STRING,
  VS_A_DTYPE,
  VS_A_PAIR,
  VS_A_NUMPAIR,
  VS_A_DIM,
  VS_A_DIMS,
  VS_A_INTS,
  VS_A_STRINGS,
  VS_A_PATHS,
  VS_A_CHOICE
} vs_argkind;

typedef enum vs_valuekind {
  VS_V_NONE,
  VS_V_TENSOR,
  VS_V_LIST,
  VS_V_NUM,
  VS_V_INT,
  VS_V_BOOL,
  VS_V_STRING,
  VS_V_PAIR,
  VS_V_NUMPAIR,
  VS_V_INTS,
  VS_V_STRINGS
} vs_valuekind;

/* Borrows tensors, lists and strings. */
typedef struct vs_value {
  vs_valuekind kind;
  int n; /* of list, ints or strings */
  union {
    vs_tensor *t;
    vs_tensor **list;
    double f;
    int64_t i; /* VS_V_INT, VS_V_BOOL; a choice, a dtype, a dim */
    const char *s;
    const char **strings;
    int64_t pair[2];
    double numpair[2];
    int64_t ints[VS_MAX_DIM];
  };
} vs_value;

/* Values for calls from C: vs_call1(&vs_op_conv2d, VS_T(x), VS_T(w), VS_NONE, VS_P(1, 1)). */
#define VS_NONE ((vs_value){.kind = VS_V_NONE})
#define VS_T(x) ((vs_value){.kind = VS_V_TENSOR, .t = (x)})
#define VS_L(v, count) ((vs_value){.kind = VS_V_LIST, .n = (count), .list = (v)})
#define VS_F(x) ((vs_value){.kind = VS_V_NUM, .f = (x)})
#define VS_I(x) ((vs_value){.kind = VS_V_INT, .i = (x)})
#define VS_B(x) ((vs_value){.kind = VS_V_BOOL, .i = (x)})
#define VS_P(a, b) ((vs_value){.kind = VS_V_PAIR, .pair = {(a), (b)}})

typedef struct vs_arg {
  char name[32];
  vs_argkind kind;
  bool optional, has_default;
  vs_value def;
  char choices[64]; /* "mean|sum|none" */
} vs_arg;

typedef struct vs_argspec {
  int n, ntensor; /* arguments; those that are tensors or lists of any kind */
  bool lists;     /* some are lists */
  bool buffers;   /* some are written by forward */
  vs_arg arg[VS_MAX_ARGS];
} vs_argspec;

/* A number of either kind. */
static inline double vs_number(const vs_value *v) {
  return v->kind == VS_V_INT ? (double)v->i : v->f;
}
static inline bool vs_arg_is_tensor(const vs_arg *a) { return a->kind <= VS_A_TENSORS; }
/* The parsed form of a descriptor's text, which is a constant: parsed at the first call, found by
 * its address from then on.  NULL with an error when the text is wrong, a mistake in vesper. */
const vs_argspec *vs_args_spec(const char *text);
/* Fills absent values with defaults, checks kinds and dtypes, resolves dims against the first
 * tensor. v has spec->n entries. */
int vs_args_check(const vs_argspec *spec, vs_value *v);
/* The position of word[0..n) among "a|b|c", or -1. */
int vs_choice(const char *choices, const char *word, size_t n);
/* The kind as a person reads it: "float32 tensor", "number". */
const char *vs_argkind_name(const vs_arg *a);

#endif
