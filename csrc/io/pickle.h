/* A pickle machine that can build a state dictionary and nothing else.
 *
 * It knows the opcodes that PyTorch's files use (protocols 2 to 4) and a closed list of globals:
 * OrderedDict, torch.Size, the storage types, and the functions that build a tensor.  None of them
 * is ever called: each selects a kind of node.  What another global would make, and what a state
 * dict has no opcode for, is one opaque node: what is put into it is dropped, and it knows its name
 * and place, so that whoever needs its value can refuse it (vs_pickle_refuse).  Opcodes that
 * PyTorch does not write are errors.  Memory is linear in the bytes read, of which there may be
 * VS_PICKLE_MAX; nodes may be shared and form cycles, so walks need a limit of their own. */
#ifndef VS_PICKLE_H
#define VS_PICKLE_H

#include "core/base.h"

enum { VS_PICKLE_MAX = 16 << 20 }; /* bytes of one pickle */

typedef enum vs_pkkind {
  VS_PK_NONE,
  VS_PK_BOOL,
  VS_PK_INT,
  VS_PK_FLOAT,
  VS_PK_TEXT,
  VS_PK_TUPLE,
  VS_PK_LIST,
  VS_PK_DICT, /* item: key, value, key, value, ... */
  VS_PK_GLOBAL,
  VS_PK_STORAGE, /* a storage described by a tuple: see vs_pickle_storage */
  VS_PK_TENSOR,  /* see vs_pickle_tensor */
  VS_PK_OPAQUE   /* anything else; room: its place, from the start of the pickle */
} vs_pkkind;

typedef struct vs_pknode {
  vs_pkkind kind;
  int32_t n, room; /* items; bytes of a text */
  union {
    int64_t i; /* bool, int; global: its number; storage, tensor: the node of its tuple;
                  opaque: the node of its module's name, before that of its own, or -opcode */
    double f;
    const char *text; /* in the caller's bytes, not ended by 0 */
    int32_t *item;    /* nodes */
  };
} vs_pknode;

typedef struct vs_pickle {
  const char *path;          /* for messages; borrowed, as the bytes are */
  const unsigned char *base; /* of the whole file: places in messages count from here */
  size_t start, at, op, end; /* the first byte; the next; the current opcode; the end */
  vs_pknode *node;
  int32_t *stack, *memo;
  int32_t nnode, node_room, nstack, stack_room, nmemo, memo_room;
} vs_pickle;

/* Runs the pickle that starts at byte `at` of base and ends before `end`; m->at is after it then.
 * The root's node, or -1.  Free with vs_pickle_free either way. */
int32_t vs_pickle_run(vs_pickle *m, const unsigned char *base, size_t at, size_t end,
                      const char *path);
void vs_pickle_free(vs_pickle *m);
/* Fails with the name and the place of an opaque node. */
int vs_pickle_refuse(const vs_pickle *m, int32_t node);

typedef struct vs_pkstorage {
  const char *key, *type; /* type: "torch FloatStorage" */
  int32_t nkey;
  vs_dtype dtype; /* of its tensors; VS_NDTYPE: there is none */
  int width;      /* bytes of an element in the file; narrower than dtype: a signed number */
  int64_t numel;
} vs_pkstorage;

/* A tensor's place in its storage, checked: no stride is negative, every element lies inside.  One
 * that was expanded has elements that share a place; there are then at most VS_PICKLE_EXPANDED. */
enum { VS_PICKLE_EXPANDED = 1 << 24 };
typedef struct vs_pktensor {
  int32_t storage; /* node */
  int ndim;
  int64_t offset, shape[VS_MAX_DIM], stride[VS_MAX_DIM];
} vs_pktensor;

vs_pkstorage vs_pickle_storage(const vs_pickle *m, int32_t node);
vs_pktensor vs_pickle_tensor(const vs_pickle *m, int32_t node);

#endif
