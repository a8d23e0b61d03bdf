/* The graph: nodes made by ops, and backward.
 *
 * A node points to its inputs only: to the node that made an input, or to the leaf tensor that
 * collects a gradient.  Its context keeps aliases of the values that backward reads, never the
 * output tensors themselves, so there are no cycles.  backward visits nodes once each, users before
 * makers, without recursion, and frees what they kept unless `retain` is set.  No second
 * derivatives. */
#ifndef VS_AUTOGRAD_H
#define VS_AUTOGRAD_H

#include "core/tensor.h"

/* Sees the gradient that arrived at an output of a node, or at a leaf, once a backward, as soon as
 * all of it is there.  Shared by the node and by whoever may remove it. */
typedef struct vs_hook {
  struct vs_hook *next; /* in order of registration */
  int refs, out;
  bool removed; /* no longer called, dropped at the next backward */
  bool after;   /* of a leaf: called with the leaf itself, once the gradient is added to .grad */
  /* The gradient to go on with, owned: grad itself, retained, or another of its shape; `after`: the
   * leaf, retained.  NULL: an error. */
  vs_tensor *(*call)(void *self, vs_tensor *grad);
  void (*free)(void *self);
  void *self;
} vs_hook;

typedef struct vs_edge {
  vs_node *node; /* owned; the maker of the input, with out_index saying which output */
  int out_index;
  vs_tensor *leaf; /* owned; a leaf that wants a gradient.  Both NULL: no gradient wanted */
} vs_edge;

/* What a node does, so that ops and functions written in Lua look alike to the walk. */
typedef struct vs_nodeclass {
  const char *name;
  /* Gradients in: dout[nout], NULL where nothing flowed.  Out: din[nin], owned, NULL where there is
   * none or none is wanted. */
  int (*backward)(void *self, vs_tensor *const *dout, vs_tensor **din);
  void (*release)(void *self); /* drops what backward needed; backward after it is an error */
  void (*free)(void *self);
} vs_nodeclass;

struct vs_node {
  int refs, nin, nout;
  bool released;
  bool busy;            /* a walk is under way here */
  int pending;          /* used by the walk */
  uint64_t visit;       /* used by the walk */
  vs_tensor **dout;     /* used by the walk: gradients that arrived */
  struct vs_node *next; /* used by the walk and by unref */
  const vs_nodeclass *class;
  void *self;
  vs_hook *hooks; /* owned; gone once the node is released */
  vs_edge edge[];
};

/* Grad mode of this thread; ops record nothing while it is off. */
bool vs_grad_enabled(void);
bool vs_set_grad_enabled(bool on); /* returns the old mode */
/* Whether t takes part in gradients: a leaf that asks for one or the output of a node. */
static inline bool vs_wants_grad(const vs_tensor *t) { return t->requires_grad; }

/* A node over these inputs; takes over self only on success. */
vs_node *vs_node_new(const vs_nodeclass *class, void *self, vs_tensor *const *in, int nin,
                     int nout);
/* Makes t output i of the node (retains it). */
void vs_node_output(vs_node *n, vs_tensor *t, int i);
void vs_node_unref(vs_node *n);

/* Adds a hook to a tensor that requires a gradient; `after` only to a leaf.  Takes over self only
 * on success; the caller owns a reference to what is returned.  Errors: NULL. */
vs_hook *vs_hook_add(vs_tensor *t, bool after, vs_tensor *(*call)(void *, vs_tensor *),
                     void (*free)(void *), void *self);
void vs_hook_unref(vs_hook *h);

/* Accumulates d(root)/d(leaf) * grad into .grad of every leaf.  grad NULL: root has one element,
 * 1.
 *
 * Memory.  What a step of the walk has allocated is there before it adds or releases anything, so a
 * step that ran out of memory is made again after vs_collect_hook, with the same bits as if nothing
 * had happened.  Where the second try fails too, backward fails.  Before the first step that
 * changes nothing, and backward may be called again.  Later the leaves that were reached keep what
 * was added to them and the nodes that ran are released: backward cannot be called again.  Without
 * these gradients (zero_grad), and with the random generator and the running statistics put back,
 * forward and backward from the start give the same bits as a step without refusal. */
int vs_backward(vs_tensor *root, vs_tensor *grad, bool retain);

#endif
