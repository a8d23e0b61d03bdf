/* Parsing of descriptor arguments, and the checks that every call goes through.  See args.h. */
#include "core/args.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"

static const struct {
  const char *name, *person;
} kinds[] = {[VS_A_TENSOR] = {"tensor", "float32 tensor"},
             [VS_A_ANY] = {"any", "tensor"},
             [VS_A_INDEX] = {"index", "int64 tensor"},
             [VS_A_MASK] = {"mask", "bool tensor"},
             [VS_A_OPERAND] = {"operand", "tensor or number"},
             [VS_A_BUFFER] = {"buffer", "float32 tensor"},
             [VS_A_TENSORS] = {"tensors", "list of tensors"},
             [VS_A_NUM] = {"num", "number"},
             [VS_A_NUMBER] = {"number", "number"},
             [VS_A_INT] = {"int", "integer"},
             [VS_A_BOOL] = {"bool", "boolean"},
             [VS_A_STRING] = {"string", "string"},
             [VS_A_DTYPE] = {"dtype", "dtype name"},
             [VS_A_PAIR] = {"pair", "integer or pair of integers"},
             [VS_A_NUMPAIR] = {"numpair", "pair of numbers"},
             [VS_A_DIM] = {"dim", "dimension"},
             [VS_A_DIMS] = {"dims", "dimension or list of dimensions"},
             [VS_A_INTS] = {"ints", "list of integers"},
             [VS_A_STRINGS] = {"strings", "list of strings"},
             [VS_A_PATHS] = {"paths", "string or list of strings"}};

const char *vs_argkind_name(const vs_arg *a) {
  return a->kind == VS_A_CHOICE ? a->choices : kinds[a->kind].person;
}

/* ---- parsing ---- */

int vs_choice(const char *choices, const char *word, size_t n) {
  int i = 0;
  for (const char *p = choices;; p++, i++) {
    size_t len = strcspn(p, "|");
    if (len == n && strncmp(p, word, n) == 0) return i;
    p += len;
    if (*p == '\0') return -1;
  }
}

/* The text of a default into a value. */
static int parse_default(vs_arg *a, const char *s, size_t n) {
  char text[64];
  if (n >= sizeof text) return vs_fail("default of %s is too long", a->name);
  memcpy(text, s, n);
  text[n] = '\0';
  a->has_default = true;
  char *end = text;
  switch (a->kind) {
    case VS_A_NUMBER:
    case VS_A_NUM: a->def = VS_F(vs_strtod(text, &end)); break;
    case VS_A_OPERAND: a->def = VS_F(vs_strtod(text, &end)); break;
    case VS_A_INT: a->def = VS_I(strtoll(text, &end, 10)); break;
    case VS_A_DIM: {
      int64_t dim = strtoll(text, &end, 10);
      a->def = VS_I(dim > 0 ? dim - 1 : dim);
      break;
    }
    case VS_A_DIMS: {
      int64_t dim = strtoll(text, &end, 10);
      a->def = (vs_value){.kind = VS_V_INTS, .n = 1, .ints = {dim > 0 ? dim - 1 : dim}};
      break;
    }
    case VS_A_PAIR: a->def = VS_P(strtoll(text, &end, 10), strtoll(text, NULL, 10)); break;
    case VS_A_BOOL:
      a->def = VS_B(strcmp(text, "true") == 0);
      end = text + n;
      break;
    case VS_A_CHOICE:
      a->def = VS_I(vs_choice(a->choices, text, n));
      end = text + n;
      break;
    case VS_A_DTYPE:
      a->def = VS_I(vs_dtype_parse(text));
      end = text + n;
      break;
    case VS_A_NUMPAIR:
      a->def = (vs_value){.kind = VS_V_NUMPAIR};
      a->def.numpair[0] = vs_strtod(text, &end);
      a->def.numpair[1] = *end == '/' ? vs_strtod(end + 1, &end) : a->def.numpair[0];
      break;
    default: return vs_fail("%s cannot have a default", a->name);
  }
  if (*end != '\0' || a->def.i == -1)
    if (a->kind != VS_A_DIM && a->kind != VS_A_DIMS && a->kind != VS_A_NUM &&
        a->kind != VS_A_NUMBER && a->kind != VS_A_INT)
      return vs_fail("bad default '%s' of %s", text, a->name);
  return 0;
}

static int parse_one(vs_arg *a, const char *s, size_t n) {
  memset(a, 0, sizeof *a);
  const char *colon = memchr(s, ':', n), *end = s + n;
  if (colon == NULL || (size_t)(colon - s) >= sizeof a->name)
    return vs_fail("argument '%.*s' has no kind", (int)n, s);
  memcpy(a->name, s, (size_t)(colon - s));
  const char *k = colon + 1, *equals = memchr(k, '=', (size_t)(end - k));
  const char *kend = equals != NULL ? equals : end;
  if (kend > k && kend[-1] == '?') {
    a->optional = true;
    kend--;
  }
  size_t klen = (size_t)(kend - k);
  if (memchr(k, '|', klen) != NULL) {
    a->kind = VS_A_CHOICE;
    if (klen >= sizeof a->choices) return vs_fail("choices of %s are too long", a->name);
    memcpy(a->choices, k, klen);
  } else {
    int i = 0;
    while (i < VS_COUNT(kinds) &&
           !(strlen(kinds[i].name) == klen && memcmp(kinds[i].name, k, klen) == 0))
      i++;
    if (i == VS_COUNT(kinds)) return vs_fail("unknown kind '%.*s'", (int)klen, k);
    a->kind = (vs_argkind)i;
  }
  return equals != NULL ? parse_default(a, equals + 1, (size_t)(end - equals - 1)) : 0;
}

static int parse(const char *text, vs_argspec *out) {
  memset(out, 0, sizeof *out);
  for (const char *p = text; *p != '\0';) {
    while (isspace((unsigned char)*p) || *p == ',') p++;
    size_t n = strcspn(p, ",");
    while (n > 0 && isspace((unsigned char)p[n - 1])) n--;
    if (n == 0) break;
    if (out->n == VS_MAX_ARGS) return vs_fail("more than %d arguments in '%s'", VS_MAX_ARGS, text);
    if (parse_one(&out->arg[out->n], p, n) < 0) return -1;
    if (vs_arg_is_tensor(&out->arg[out->n])) out->ntensor++;
    if (out->arg[out->n].kind == VS_A_TENSORS) out->lists = true;
    if (out->arg[out->n].kind == VS_A_BUFFER) out->buffers = true;
    out->n++;
    p += strcspn(p, ",");
  }
  return 0;
}

/* ---- parsed texts ---- */

/* An open hash by address of positions in `parsed`, plus 1.  Entries are only ever added. */
enum { MAX_TEXTS = 512, NHASH = 4 * MAX_TEXTS, HASH_BITS = 11 };
_Static_assert(1 << HASH_BITS == NHASH, "a hash has as many bits as the table has places");
static struct {
  const char *text;
  vs_argspec spec;
} parsed[MAX_TEXTS];
static int nparsed;
static uint16_t by_address[NHASH];
static pthread_mutex_t parsing = PTHREAD_MUTEX_INITIALIZER;

/* The place in the table where the text is, or the empty one where it would go; *found: its
 * position + 1, or 0. */
static unsigned place_of(const char *text, int *found) {
  unsigned h = (unsigned)((uint64_t)(uintptr_t)text * 0x9E3779B97F4A7C15u >> (64 - HASH_BITS));
  for (;; h = (h + 1) & (NHASH - 1)) {
    *found = __atomic_load_n(&by_address[h], __ATOMIC_ACQUIRE);
    if (*found == 0 || parsed[*found - 1].text == text) return h;
  }
}

/* Parses a text that is not in the table yet, unless another thread just did. */
static const vs_argspec *add_text(const char *text) {
  const vs_argspec *spec = NULL;
  int found;
  pthread_mutex_lock(&parsing);
  unsigned place = place_of(text, &found);
  if (found > 0) {
    spec = &parsed[found - 1].spec;
  } else if (nparsed == MAX_TEXTS) {
    vs_fail("more than %d descriptors", MAX_TEXTS);
  } else if (parse(text, &parsed[nparsed].spec) == 0) {
    parsed[nparsed].text = text;
    spec = &parsed[nparsed].spec;
    __atomic_store_n(&by_address[place], (uint16_t)++nparsed, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&parsing);
  return spec;
}

const vs_argspec *vs_args_spec(const char *text) {
  int found;
  place_of(text, &found);
  return found > 0 ? &parsed[found - 1].spec : add_text(text);
}

/* ---- checking ---- */

static int want(const vs_arg *a, const char *got) {
  return vs_fail("%s is %s, expected %s", a->name, got, vs_argkind_name(a));
}

static int check_tensor(const vs_arg *a, const vs_tensor *t) {
  char got[64];
  bool ok = true;
  switch (a->kind) {
    case VS_A_TENSOR: ok = vs_is_derivable(t); break;
    case VS_A_BUFFER: ok = t->dtype == VS_REAL; break;
    case VS_A_INDEX: ok = t->dtype == VS_INT64; break;
    case VS_A_MASK: ok = t->dtype == VS_BOOL || t->dtype == VS_UINT8; break;
    default: break;
  }
  if (ok) return 0;
  snprintf(got, sizeof got, "a %s tensor %.40s", vs_dtype_name(t->dtype), vs_shape_str(t));
  const char *cast = a->kind == VS_A_TENSOR  ? "float"
                     : a->kind == VS_A_INDEX ? "long"
                     : a->kind == VS_A_MASK  ? "bool"
                                             : NULL; /* what is written cannot be a copy */
  if (cast == NULL) return want(a, got);
  return vs_fail("%s is %s, expected %s: call :%s()", a->name, got, vs_argkind_name(a), cast);
}

/* One dimension, made non-negative.  Lua's 3 arrives as 2: messages speak of 3. */
static int resolve_dim(const vs_arg *a, int64_t *d, const vs_tensor *x) {
  int n = x == NULL ? 0 : VS_MAX(x->ndim, 1);
  int64_t v = *d < 0 ? *d + n : *d;
  if (v < 0 || v >= n)
    return vs_fail("%s %lld is out of range for %s", a->name, (long long)(*d < 0 ? *d : *d + 1),
                   x == NULL ? "no tensor" : vs_shape_str(x));
  *d = v;
  return 0;
}

static int check_dims(const vs_arg *a, vs_value *v, const vs_tensor *x) {
  unsigned seen = 0;
  for (int i = 0; i < v->n; i++) {
    if (resolve_dim(a, &v->ints[i], x) < 0) return -1;
    if (seen >> v->ints[i] & 1)
      return vs_fail("%s has dimension %d twice", a->name, (int)v->ints[i] + 1);
    seen |= 1u << v->ints[i];
  }
  return 0;
}

static int check_one(const vs_arg *a, vs_value *v, const vs_tensor *x) {
  static const vs_valuekind wanted[] = {
      [VS_A_TENSOR] = VS_V_TENSOR, [VS_A_ANY] = VS_V_TENSOR,      [VS_A_INDEX] = VS_V_TENSOR,
      [VS_A_MASK] = VS_V_TENSOR,   [VS_A_OPERAND] = VS_V_TENSOR,  [VS_A_BUFFER] = VS_V_TENSOR,
      [VS_A_TENSORS] = VS_V_LIST,  [VS_A_NUM] = VS_V_NUM,         [VS_A_NUMBER] = VS_V_NUM,
      [VS_A_INT] = VS_V_INT,       [VS_A_BOOL] = VS_V_BOOL,       [VS_A_STRING] = VS_V_STRING,
      [VS_A_DTYPE] = VS_V_INT,     [VS_A_PAIR] = VS_V_PAIR,       [VS_A_NUMPAIR] = VS_V_NUMPAIR,
      [VS_A_DIM] = VS_V_INT,       [VS_A_DIMS] = VS_V_INTS,       [VS_A_INTS] = VS_V_INTS,
      [VS_A_CHOICE] = VS_V_INT,    [VS_A_STRINGS] = VS_V_STRINGS, [VS_A_PATHS] = VS_V_STRINGS};
  if (v->kind == VS_V_TENSOR && v->t != NULL && a->kind < VS_A_TENSORS)
    return check_tensor(a, v->t);
  if (v->kind == VS_V_NONE || (v->kind == VS_V_TENSOR && v->t == NULL)) {
    *v = VS_NONE;
    if (a->has_default)
      *v = a->def;
    else if (a->optional)
      return 0;
    else
      return vs_fail("%s is missing, expected %s", a->name, vs_argkind_name(a));
  }
  if (a->kind == VS_A_NUMBER && v->kind == VS_V_INT) return 0;
  if (a->kind == VS_A_OPERAND && (v->kind == VS_V_NUM || v->kind == VS_V_INT)) return 0;
  if (a->kind == VS_A_NUM && v->kind == VS_V_INT) *v = VS_F((double)v->i);
  if (a->kind == VS_A_PAIR && v->kind == VS_V_INT) *v = VS_P(v->i, v->i);
  if ((a->kind == VS_A_DIMS || a->kind == VS_A_INTS) && v->kind == VS_V_INT)
    *v = (vs_value){.kind = VS_V_INTS, .n = 1, .ints = {v->i}};
  if (v->kind != wanted[a->kind]) return want(a, "something else");
  if (a->kind == VS_A_DIMS) return check_dims(a, v, x);
  if (a->kind == VS_A_DIM) return resolve_dim(a, &v->i, x);
  return 0;
}

int vs_args_check(const vs_argspec *spec, vs_value *v) {
  const vs_tensor *x = NULL;
  for (int i = 0; i < spec->n; i++) {
    const vs_arg *a = &spec->arg[i];
    if (check_one(a, &v[i], x) < 0) return -1;
    if (x == NULL && v[i].kind == VS_V_TENSOR) x = v[i].t;
    if (x == NULL && v[i].kind == VS_V_LIST && v[i].n > 0) x = v[i].list[0];
  }
  return 0;
}
