/* Graph nodes and the backward walk.  See autograd.h. */
#include "autograd/autograd.h"

#include <stdlib.h>
#include <string.h>

#include "autograd/accumulate.h"
#include "core/error.h"
#include "core/hooks.h"
#include "core/mem.h"

static _Thread_local bool grad_off;
static _Thread_local uint64_t visits;

bool vs_grad_enabled(void) { return !grad_off; }

bool vs_set_grad_enabled(bool on) {
  bool old = !grad_off;
  grad_off = !on;
  return old;
}

__attribute__((constructor)) static void connect(void) { vs_node_unref_hook = vs_node_unref; }

/* ---- nodes ---- */

vs_node *vs_node_new(const vs_nodeclass *class, void *self, vs_tensor *const *in, int nin,
                     int nout) {
  size_t bytes = sizeof(vs_node) + (size_t)nin * sizeof(vs_edge);
  vs_node *n = vs_mem_alloc(bytes);
  if (n == NULL) return NULL;
  memset(n, 0, bytes);
  n->refs = 1;
  n->nin = nin;
  n->nout = nout;
  n->class = class;
  n->self = self;
  for (int i = 0; i < nin; i++) {
    if (in[i] == NULL || !in[i]->requires_grad) continue;
    if (in[i]->node == NULL) {
      n->edge[i].leaf = vs_ref(in[i]);
    } else {
      n->edge[i].node = in[i]->node;
      n->edge[i].out_index = in[i]->out_index;
      in[i]->node->refs++;
    }
  }
  return n;
}

void vs_node_output(vs_node *n, vs_tensor *t, int i) {
  n->refs++;
  t->node = n;
  t->out_index = i;
  t->requires_grad = true;
}

static void drop_hooks(vs_node *n) {
  while (n->hooks != NULL) {
    vs_hook *h = n->hooks;
    n->hooks = h->next;
    vs_hook_unref(h);
  }
}

/* Iterative: a chain of ten thousand nodes must not use ten thousand stack frames. */
void vs_node_unref(vs_node *n) {
  vs_node *dead = NULL;
  if (n == NULL || --n->refs > 0) return;
  n->next = NULL;
  for (dead = n; dead != NULL;) {
    vs_node *d = dead;
    dead = d->next;
    for (int i = 0; i < d->nin; i++) {
      vs_node *below = d->edge[i].node;
      vs_unref(d->edge[i].leaf);
      if (below != NULL && --below->refs == 0) {
        below->next = dead;
        dead = below;
      }
    }
    drop_hooks(d);
    d->class->free(d->self);
    vs_mem_free(d);
  }
}

/* ---- hooks ---- */

void vs_hook_unref(vs_hook *h) {
  if (h == NULL || --h->refs > 0) return;
  h->free(h->self);
  free(h);
}

/* Leaves have no node of their own: a leaf with hooks owns one that holds them and that only the
 * walk sees. */
static void free_nothing(void *self) { (void)self; }
static const vs_nodeclass watch_class = {"watch", NULL, free_nothing, free_nothing};

vs_hook *vs_hook_add(vs_tensor *t, bool after, vs_tensor *(*call)(void *, vs_tensor *),
                     void (*free_self)(void *), void *self) {
  const char *what = after ? "register_post_accumulate_grad_hook" : "register_hook";
  if (!t->requires_grad)
    return vs_fail_null("%s: the tensor %s does not require a gradient", what, vs_shape_str(t));
  if (after && t->node != NULL)
    return vs_fail_null("%s: the tensor %s is computed from others, expected a leaf", what,
                        vs_shape_str(t));
  vs_node *n = t->node != NULL ? t->node : t->watch;
  if (n != NULL && n->released)
    return vs_fail_null("%s: the graph of %s was already used", what, vs_shape_str(t));
  vs_hook *h = vs_new(sizeof *h);
  if (h != NULL && n == NULL) n = t->watch = vs_node_new(&watch_class, NULL, NULL, 0, 1);
  if (h == NULL || n == NULL) {
    free(h);
    return NULL;
  }
  *h = (vs_hook){.refs = 2,
                 .out = t->node != NULL ? t->out_index : 0,
                 .after = after,
                 .call = call,
                 .free = free_self,
                 .self = self};
  vs_hook **end = &n->hooks;
  while (*end != NULL) end = &(*end)->next;
  *end = h;
  return h;
}

/* Lets the hooks of a node see, and change, the gradients that arrived.  With a leaf: those hooks
 * that see it after its gradient was added. */
static int run_hooks(vs_node *n, vs_tensor *leaf) {
  for (vs_hook **at = &n->hooks; *at != NULL;) {
    vs_hook *h = *at;
    if (h->removed) {
      *at = h->next;
      vs_hook_unref(h);
      continue;
    }
    at = &h->next;
    if (n->dout[h->out] == NULL || h->after != (leaf != NULL)) continue;
    vs_tensor *g = h->call(h->self, leaf != NULL ? leaf : n->dout[h->out]);
    if (g == NULL) return -1;
    if (leaf != NULL) {
      vs_unref(g);
      continue;
    }
    vs_unref(n->dout[h->out]);
    n->dout[h->out] = g;
  }
  return 0;
}

/* ---- backward ---- */

/* Whether that failed for want of memory and garbage was collected since: it has changed nothing
 * and is worth a second try. */
static bool again(int err) {
  return err != 0 && vs_error_kind() == VS_ENOMEM && vs_collect_hook != NULL && vs_collect_hook();
}

/* Adds grad to the gradients that arrived at one output. */
static int arrive(vs_node *n, int out, vs_tensor *grad) {
  if (n->dout[out] == NULL) {
    n->dout[out] = vs_ref(grad);
    return 0;
  }
  int err = vs_accumulate(&n->dout[out], grad);
  return again(err) ? vs_accumulate(&n->dout[out], grad) : err;
}

static int add_to_leaf(vs_tensor *leaf, vs_tensor *grad) {
  if (leaf->grad != NULL) return vs_accumulate_into(leaf->grad, grad);
  leaf->grad = vs_own_copy(grad);
  return leaf->grad == NULL ? -1 : 0;
}

static int leaf_arrive(vs_tensor *leaf, vs_tensor *grad) {
  int err = add_to_leaf(leaf, grad);
  return again(err) ? add_to_leaf(leaf, grad) : err;
}

/* What a walk goes over: the nodes below its root, and the leaves there that have hooks.  Both are
 * linked by ->next, are busy, have dout slots, and count the edges that lead to them. */
typedef struct walk {
  vs_node *nodes, *leaves;
  size_t count; /* of the nodes */
} walk;

/* Puts a node in front of a list of the walk. */
static int enlist(vs_node **list, vs_node *n) {
  n->next = *list;
  *list = n;
  n->busy = true;
  n->dout = vs_new0((size_t)n->nout * sizeof *n->dout);
  return n->dout == NULL ? -1 : 0;
}

static int fail_busy(void) {
  return vs_fail("backward: called inside a backward of the same graph");
}

/* Fills the walk, and counts for every node how many edges lead to it. */
static int discover(vs_node *root, walk *w) {
  uint64_t visit = ++visits;
  vs_node *stack = root;
  if (root->busy) return fail_busy();
  root->visit = visit;
  root->pending = 0;
  root->next = NULL;
  while (stack != NULL) {
    vs_node *n = stack;
    stack = n->next;
    if (enlist(&w->nodes, n) < 0) return -1;
    w->count++;
    if (n->released)
      return vs_fail(
          "backward: the graph was already used; call backward with retain = true the first time");
    for (int i = 0; i < n->nin; i++) {
      vs_node *below = n->edge[i].node, *leaf = n->edge[i].leaf ? n->edge[i].leaf->watch : NULL;
      if (leaf != NULL && leaf->visit != visit) {
        if (leaf->busy) return fail_busy();
        leaf->visit = visit;
        leaf->pending = 0;
        leaf->self = n->edge[i].leaf;
        if (enlist(&w->leaves, leaf) < 0) return -1;
      }
      if (leaf != NULL) leaf->pending++;
      if (below == NULL) continue;
      if (below->visit != visit) {
        if (below->busy) return fail_busy();
        below->visit = visit;
        below->pending = 0;
        below->next = stack;
        stack = below;
      }
      below->pending++;
    }
  }
  return 0;
}

/* The gradients of a node's inputs; none of them when it fails. */
static int derive(vs_node *n, vs_tensor **din) {
  int err = n->class->backward(n->self, n->dout, din);
  for (int i = 0; err != 0 && i < n->nin; i++) {
    vs_unref(din[i]);
    din[i] = NULL;
  }
  return err;
}

/* The node that holds the hooks of the edge's leaf, where this walk knows them; a hook that is
 * added meanwhile is called from the next walk on. */
static vs_node *busy_watch(const vs_edge *e) {
  vs_node *watch = e->leaf != NULL ? e->leaf->watch : NULL;
  return watch != NULL && watch->busy ? watch : NULL;
}

static int hand_down(const vs_edge *e, vs_tensor *grad) {
  vs_node *watch = busy_watch(e);
  if (e->node != NULL) return arrive(e->node, e->out_index, grad);
  if (e->leaf == NULL) return 0; /* nobody wants it */
  return watch != NULL ? arrive(watch, 0, grad) : leaf_arrive(e->leaf, grad);
}

/* Runs one node and hands its gradients down. */
static int run(vs_node *n) {
  bool any = false;
  vs_tensor *few[16] = {0}, **din = few;
  for (int i = 0; i < n->nout; i++) any = any || n->dout[i] != NULL;
  if (!any) return 0; /* nothing flowed here */
  if (run_hooks(n, NULL) < 0) return -1;
  size_t bytes = (size_t)n->nin * sizeof *din;
  if (n->nin > VS_COUNT(few) && (din = vs_new0(bytes)) == NULL &&
      !(again(-1) && (din = vs_new0(bytes)) != NULL))
    return -1;
  int err = derive(n, din);
  if (again(err)) err = derive(n, din);
  for (int i = 0; i < n->nin; i++) {
    if (err == 0 && din[i] != NULL) err = hand_down(&n->edge[i], din[i]);
    vs_unref(din[i]);
  }
  if (din != few) free(din);
  return err;
}

/* The hooks of a leaf, once all of its gradient is there. */
static int run_leaf(vs_node *leaf) {
  if (leaf->dout[0] == NULL) return 0;
  if (run_hooks(leaf, NULL) < 0 || leaf_arrive(leaf->self, leaf->dout[0]) < 0) return -1;
  return run_hooks(leaf, leaf->self);
}

static void drop_douts(vs_node *n) {
  for (int i = 0; n->dout != NULL && i < n->nout; i++) vs_unref(n->dout[i]);
  free(n->dout);
  n->dout = NULL;
}

static void finish(vs_node *n) {
  for (; n != NULL; n = n->next) {
    drop_douts(n);
    n->busy = false;
  }
}

/* Finds the nodes below root, and room for all of them; NULL, and the walk is empty, when that
 * fails. */
static vs_node **prepare(vs_node *root, walk *w) {
  vs_node **ready = NULL;
  *w = (walk){0};
  if (discover(root, w) == 0) ready = vs_new(w->count * sizeof *ready);
  if (ready != NULL) return ready;
  finish(w->nodes);
  finish(w->leaves);
  return NULL;
}

/* Starts with seed as the gradient of output `out` of root. */
static int walk_from(vs_node *root, int out, vs_tensor *seed, bool retain) {
  walk w;
  vs_node **queue = prepare(root, &w); /* the nodes that are ready; their ->next is the walk's */
  if (queue == NULL && again(-1)) queue = prepare(root, &w);
  if (queue == NULL) return -1;
  size_t count = 0;
  int err = arrive(root, out, seed);
  queue[count++] = root;
  while (err == 0 && count > 0) {
    vs_node *ready = queue[--count];
    err = run(ready);
    drop_douts(ready);
    if (err != 0) break;
    for (int i = 0; err == 0 && i < ready->nin; i++) {
      vs_node *below = ready->edge[i].node, *leaf = busy_watch(&ready->edge[i]);
      if (below != NULL && --below->pending == 0) queue[count++] = below;
      if (leaf == NULL || --leaf->pending > 0) continue;
      err = run_leaf(leaf);
      drop_douts(leaf);
    }
    if (err != 0) break;
    if (!retain) {
      ready->class->release(ready->self);
      ready->released = true;
      drop_hooks(ready); /* one that holds its own tensor must not keep it alive */
    }
  }
  free(queue);
  finish(w.nodes);
  finish(w.leaves);
  return err;
}

/* A backward that begins and ends at a leaf. */
static int seed_leaf(vs_tensor *leaf, vs_tensor *seed) {
  vs_node *n = leaf->watch, *list = NULL;
  int err = 0;
  if (n == NULL) return leaf_arrive(leaf, seed);
  if (n->busy) return fail_busy();
  n->self = leaf;
  if (enlist(&list, n) < 0 || arrive(n, 0, seed) < 0 || run_leaf(n) < 0) err = -1;
  finish(list);
  return err;
}

static vs_tensor *seed_of(const vs_tensor *root, vs_tensor *grad) {
  if (grad == NULL) return vs_tensor_full(VS_REAL, root->ndim, root->shape, 1);
  return grad->dtype != VS_REAL ? vs_cast(grad, VS_REAL) : vs_contiguous(grad);
}

int vs_backward(vs_tensor *root, vs_tensor *grad, bool retain) {
  vs_tensor *seed = NULL;
  int err = -1;
  if (!root->requires_grad)
    return vs_fail("backward: the tensor %s does not depend on anything that requires a gradient",
                   vs_shape_str(root));
  if (grad == NULL && root->numel != 1)
    return vs_fail("backward: %s has more than one element: give the gradient to start from",
                   vs_shape_str(root));
  if (grad != NULL && (!vs_same_shape(root, grad) || !vs_is_derivable(grad)))
    return vs_fail("backward: the gradient is %s %s, the tensor %s", vs_dtype_name(grad->dtype),
                   vs_shape_str(grad), vs_shape_str(root));
  seed = seed_of(root, grad);
  if (seed == NULL && again(-1)) seed = seed_of(root, grad);
  if (seed == NULL) return -1;
  bool old = vs_set_grad_enabled(false);
  vs_ref(root); /* functions written in Lua may drop it meanwhile */
  if (root->node != NULL)
    err = walk_from(root->node, root->out_index, seed, retain);
  else
    err = seed_leaf(root, seed);
  vs_unref(root);
  vs_set_grad_enabled(old);
  vs_unref(seed);
  return err;
}
