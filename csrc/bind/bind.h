/* What the files of csrc/bind share.  This folder alone includes lua.h, and alone raises errors.
 *
 * Rule of every binding: check arguments (may raise) -> make the box with NULL inside (may raise)
 * -> call C -> fill the box.  Nothing that C owns is ever held across a Lua call that can raise. */
#ifndef VS_BIND_H
#define VS_BIND_H

#include <lauxlib.h>
#include <lua.h>

#include "core/args.h"
#include "core/error.h"
#include "core/tensor.h"

extern const char
    lvs_tensor_class[]; /* "vesper.Tensor"; its address is a key of the registry too */
#define LVS_TENSOR lvs_tensor_class

/* --- errors --- */
/* Raises vs_error() with the place in the user's own script before it, and the name of the running
 * function where the message of a mistake begins with no name. */
int lvs_raise(lua_State *L);
/* Raises this message, with the same place. */
int lvs_error(lua_State *L, const char *fmt, ...);
/* Pushes that place: "script.lua:12: ", behind the rank's name where there is one (_set_rank), of
 * the innermost Lua function that is not vesper's own, or
 * "". */
void lvs_pushplace(lua_State *L);
/* lua_pushfstring with a decimal point in every locale. */
const char *lvs_pushfstring(lua_State *L, const char *fmt, ...);
/* Pushes a value as luaL_tolstring does, numbers with a decimal point in every locale. */
const char *lvs_pushtext(lua_State *L, int index);
/* Raises "interrupted" where there is a request to stop (core/interrupt.h); C must own nothing. */
void lvs_poll_interrupt(lua_State *L);
/* The request has been seen: the error that ends it is raised next. */
void lvs_serve_interrupt(void);
/* For files: a VS_EFILE error becomes nil, message; any other is raised. */
int lvs_nilerror(lua_State *L);

/* Sets the prefix of the files that are vesper's own: errors skip their chunks. */
void lvs_set_own_folder(lua_State *L, const char *prefix);
/* Puts the rank's name, "rank 1 on node2: ", before the text on top; nothing without _set_rank. */
void lvs_addrank(lua_State *L);
/* What a person calls the value: "Tensor", "number", "nothing". */
const char *lvs_typename(lua_State *L, int index);

/* --- arguments of functions bound by hand --- */
/* The value at index, or raises "randint: low is a string, expected an integer": the name of the
 * running function is looked up in the module, so that it is right however it was called. */
lua_Integer lvs_checkint(lua_State *L, int index, const char *name);
double lvs_checknum(lua_State *L, int index, const char *name);
/* A number is not accepted as a string: a path 1.5 is a mistake. n: NULL or gets the length. */
const char *lvs_checkstr(lua_State *L, int index, const char *name, size_t *n);
void lvs_checktype(lua_State *L, int index, int type, const char *name);
/* The length of the list at index.  Raises "WHAT: NAME has no entry 2, but an entry 4" for one with
 * a hole, whose length Lua does not define. */
lua_Integer lvs_listlen(lua_State *L, int index, const char *what, const char *name);
/* The first missing entry of the list at index, and in *later one that is behind it; 0: none. */
lua_Integer lvs_hole(lua_State *L, int index, lua_Integer *later);
/* Raises that the argument is not what was expected ("a list of pictures"). */
int lvs_wrongarg(lua_State *L, int index, const char *name, const char *expected);
/* The running function as scripts write it: "randint", "image.load", "Vocab:encode".  Pushes it. */
const char *lvs_pushcallee(lua_State *L);

/* --- boxes: a userdata holding one pointer --- */
/* Pushes a box of that class holding NULL; fill the returned slot. */
void **lvs_newbox(lua_State *L, const char *class);
/* The pointer in the box at index, or raises "expected a Vocab, got a number" (class without
 * "vesper."). */
void *lvs_checkbox(lua_State *L, int index, const char *class);
/* The same, NULL when it is something else or closed. */
void *lvs_testbox(lua_State *L, int index, const char *class);
/* Pushes a box with zeroed memory of its own in it, which it returns; its class frees
 * it. */
void *lvs_newzeroed(lua_State *L, const char *class, size_t bytes);
/* Closes the box at index, as its __close does; raises when it is something else. */
int lvs_closebox(lua_State *L, int index, const char *class);
/* With a box on top that is called for one element after the other: pushes what else a generic
 * `for` takes, so that the loop closes it.  Returns 4. */
int lvs_iterate(lua_State *L);
/* Field `key` of the table on top = value. */
void lvs_setint(lua_State *L, const char *key, int64_t value);
/* Pushes the method of that name of the object at 1, or nil. */
void lvs_pushmethod(lua_State *L, const char *name);
/* The metatable on top of the stack prints its objects as the class's name behind the dot. */
void lvs_setname(lua_State *L, const char *class);
/* Makes the metatable of a class, which prints as its name unless meta has __tostring: methods
 * reachable by __index (unless meta has its own __index; the metatable's field "methods" holds them
 * in both cases), free as idempotent __gc and __close. Leaves nothing on the stack. */
void lvs_newclass(lua_State *L, const char *class, const luaL_Reg *methods, const luaL_Reg *meta,
                  void (*free)(void *));

/* --- tensors --- */
vs_tensor *lvs_checktensor(lua_State *L, int index); /* borrowed */
vs_tensor *lvs_testtensor(lua_State *L, int index);  /* borrowed or NULL */
/* Pushes the tensor that make(arg) returns, tried twice as by lvs_retry; raises when it fails. */
int lvs_pushmade(lua_State *L, vs_tensor *(*make)(void *), void *arg);
/* Pushes another reference to the tensor. */
void lvs_pushref(lua_State *L, vs_tensor *t);
/* Moves the tensor into a new box, field `key` of the table on top; *t is NULL then. */
void lvs_movetensor(lua_State *L, vs_tensor **t, const char *key);
/* Runs a full collection when enough bytes were allocated since the last one.  Called before new
 * tensors are made, so that they take over the memory of what has just become garbage, which is
 * still in the cache of the processor. */
void lvs_maybe_collect(lua_State *L);
/* At the end of backward, when a step's graph has just become garbage: collects unless the step was
 * small compared with the Lua heap, on whose size the cost depends. */
void lvs_collect_after_step(lua_State *L);
/* Full collection now. */
void lvs_collect(lua_State *L);
/* Whether a call that failed is to be made a second time: memory ran out, and a full collection has
 * just run.  False the second time.
 *   bool again = false;
 *   do rc = vs_npy_save(path, t); while (rc < 0 && lvs_retry(L, &again)); */
bool lvs_retry(lua_State *L, bool *again);

/* --- backward --- */
/* vs_backward, with L as the state on which hooks and functions written in Lua run. */
int lvs_backward(lua_State *L, vs_tensor *t, vs_tensor *grad, bool retain);
/* After a backward without an error: calls the functions given to _after_backward, which may
 * raise. */
void lvs_endbackward(lua_State *L);
/* The state whose backward is under way on this thread, or NULL. */
lua_State *lvs_running(void);
/* The main thread of L: it is alive where L, a coroutine, may be dead. */
lua_State *lvs_mainof(lua_State *L);
/* Makes the error on top of the stack after a failed lua_pcall the message of vs_fail; pops it.
 * Returns -1. */
int lvs_failtop(lua_State *L, const char *what);
/* Whether the box at index 1, which Lua is about to free, is kept for the hooks of its tensor t. */
bool lvs_keephooked(lua_State *L, const vs_tensor *t);
/* Lets Lua collect the boxes that were kept and that only Lua uses any more. */
void lvs_dropkept(lua_State *L);

/* --- values by descriptor --- */
/* Reads Lua arguments first.. into v[spec->n] by the spec: by position, the rest by name from a
 * last table.  Memory for lists is put into a userdata left on the stack.  `what` names the
 * callee. */
void lvs_checkargs(lua_State *L, int first, const vs_argspec *spec, vs_value *v, const char *what);
void lvs_pushvalue(lua_State *L, const vs_arg *a, const vs_value *v);

/* Pushes a descriptor as a table {name, signature, args, doc} for help() and docs; signature is the
 * text, args a list of {name, kind, optional, default}. */
void lvs_pushdescriptor(lua_State *L, const char *name, const char *args, const char *doc);
/* --- ops (op/op.h) --- */
struct vs_opdef;
/* Pushes an op as a function. */
void lvs_pushop(lua_State *L, const struct vs_opdef *op);
/* Calls the op on n values and pushes its results; returns how many.  Tried twice as by lvs_retry;
 * raises when it fails. */
int lvs_pushcall(lua_State *L, const struct vs_opdef *op, const vs_value *v, int n);
/* The same for an op in place: pushes nothing. */
void lvs_callinplace(lua_State *L, const struct vs_opdef *op, const vs_value *v, int n);

/* --- openers: each adds its classes and functions to the module table on top of the stack --- */
/* Adds the functions to the field of that name, a table, of the table on top. */
void lvs_setfunctions(lua_State *L, const char *field, const luaL_Reg *functions);
/* clang-format off */
#define LVS_OPENERS(X) \
  X(api) X(guard) X(strings) X(tensor) X(create) X(random) X(op) X(autograd) X(function) X(hook) \
  X(layer) X(optim) X(memory) X(products) X(system) X(profile) X(interrupt) X(image) X(csv) \
  X(json) X(xml) X(h5file) X(npy) X(pth) X(safetensors) X(folder) X(text) X(vocab) X(vectors) \
  X(wordpiece) X(batch) X(dataset) X(luaset) X(loader) X(writer) X(aids)
/* clang-format on */
#define LVS_DECLARE(name) void lvs_open_##name(lua_State *L);
LVS_OPENERS(LVS_DECLARE)

#endif
