/* vesper/dist.so: MPI's collectives over tensors.  Only the files of this
 * folder include mpi.h.
 *
 * It is a shared object of its own: it takes what it needs of core.so from vs_api, and nothing
 * loads it before vs.dist asks for it.  Here is only what needs C: Lua (lua/vesper/dist) decides
 * what is sent when, and checks arguments.
 *
 * Every collective is started and does not block.  A request keeps its tensors until it is done.
 * Requests advance in `advance`, which all waits call, and which a thread calls all the time where
 * MPI allows calls from any thread, one at a time: `lock` guards MPI and the list of requests.
 *
 * A job that fails ends as a whole: at the exit of a process whose status is not 0, all ranks are
 * ended.  A process that ends well first meets the others, so that one that still waits for it gets
 * an error. */
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bind/api.h"
#include "dist/dist.h"

typedef struct request {
  struct request *next; /* in the list of those that are not done */
  MPI_Request mpi;
  vs_tensor *tensor[2]; /* owned; NULL: none */
  int *counts;          /* owned; of a gather or a scatter: counts and places of all ranks */
  int error;            /* of MPI, once it is done */
  bool done;
} request;

/* What a script asks for goes over the first channel.  Each vs.dist.DataParallel opens one of its
 * own, so that gradients under way keep an order of their own. */
enum { SCRIPT, NCHANNEL = 256 };

static const vs_api *api;
static struct {
  bool up;
  pid_t owner; /* a forked child must not speak to MPI */
  int rank, size;
  char host[MPI_MAX_PROCESSOR_NAME + 1];
  MPI_Comm channel[NCHANNEL]; /* MPI_COMM_NULL: free */
  pthread_t thread;
  bool threaded, stop;
  request *first;
} job;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t some = PTHREAD_COND_INITIALIZER;

/* sum, min or max at index of the stack. */
static MPI_Op op_of(lua_State *L, int index, const vs_tensor *t) {
  static const char *const names[] = {"sum", "min", "max", NULL};
  return vd_op_of(t->dtype, luaL_checkoption(L, index, NULL, names));
}

/* ---- progress ---- */

static void finish_request(request *r, int error) {
  r->done = true;
  r->error = error;
  for (int i = 0; i < 2; i++)
    if (r->tensor[i] != NULL) api->unref(r->tensor[i]);
  free(r->counts);
}

/* Lets MPI work on all requests; the caller holds the lock. */
static void advance(void) {
  for (request **at = &job.first; *at != NULL;) {
    request *r = *at;
    int done = 0, error = MPI_Test(&r->mpi, &done, MPI_STATUS_IGNORE);
    if (error == MPI_SUCCESS && !done) {
      at = &r->next;
      continue;
    }
    *at = r->next;
    finish_request(r, error);
  }
}

static void rest(int *round) {
  if (++*round < 100) {
    sched_yield();
    return;
  }
  struct timespec moment = {0, *round < 1000 ? 20000 : 100000};
  nanosleep(&moment, NULL);
}

/* The thread: sleeps while there is no request. */
static void *work(void *arg) {
  (void)arg;
  pthread_mutex_lock(&lock);
  while (!job.stop) {
    if (job.first == NULL) {
      pthread_cond_wait(&some, &lock);
      continue;
    }
    advance();
    pthread_mutex_unlock(&lock);
    nanosleep(&(struct timespec){0, 50000}, NULL);
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void start_thread(void) {
  sigset_t all, old; /* signals are for the thread that runs Lua */
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  job.threaded = pthread_create(&job.thread, NULL, work, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void stop_thread(void) {
  if (!job.threaded) return;
  pthread_mutex_lock(&lock);
  job.stop = true;
  pthread_cond_signal(&some);
  pthread_mutex_unlock(&lock);
  pthread_join(job.thread, NULL);
  job.threaded = false;
}

/* Takes over a request that was just started; the caller holds the lock, which is released. */
static request *launched(request *r, int error) {
  if (error != MPI_SUCCESS) {
    finish_request(r, error);
  } else {
    r->next = job.first;
    job.first = r;
    pthread_cond_signal(&some);
  }
  pthread_mutex_unlock(&lock);
  return r;
}

static bool is_done(const request *r) {
  pthread_mutex_lock(&lock);
  if (!r->done) advance();
  bool done = r->done;
  pthread_mutex_unlock(&lock);
  return done;
}

/* Waits until the request is done, at most `limit` seconds, and frees it then.  Returns MPI's
 * error, or -1: the time is over, and the request goes on.  L: where Ctrl-C raises, or NULL. */
static int wait_for(lua_State *L, request *r, double limit) {
  double end = MPI_Wtime() + limit;
  for (int round = 0; !is_done(r); rest(&round)) {
    if (round % 128 == 127 && MPI_Wtime() > end) return -1;
    if (L != NULL) api->poll_interrupt(L);
  }
  int error = r->error;
  free(r);
  return error;
}

/* ---- texts of all ranks, without Lua: the end of a script uses them too ---- */

enum { FOREVER = 1 << 30, CALL_BYTES = 400 };

static request *new_request(void) {
  request *r = calloc(1, sizeof *r);
  if (r == NULL) abort(); /* a few bytes; a rank that cannot go on ends the job */
  return r;
}

/* Whether all ranks gave the same number. */
static int all_same(lua_State *L, int64_t number, double limit, bool *same) {
  static int64_t mine[2], most[2]; /* may be in use when the time is over */
  request *r = new_request();
  mine[0] = number;
  mine[1] = -number;
  pthread_mutex_lock(&lock);
  int error = MPI_Iallreduce(mine, most, 2, MPI_INT64_T, MPI_MAX, job.channel[SCRIPT], &r->mpi);
  error = wait_for(L, launched(r, error), limit);
  *same = error == MPI_SUCCESS && most[0] == -most[1];
  return error;
}

/* The texts of all ranks, each n bytes; freed by the caller. */
static char *gather_texts(lua_State *L, const char *text, int n, double limit, int *error) {
  char *all = malloc((size_t)n * (size_t)job.size);
  request *r = new_request();
  if (all == NULL) abort(); /* little, as in new_request */
  pthread_mutex_lock(&lock);
  *error = MPI_Iallgather(text, n, MPI_BYTE, all, n, MPI_BYTE, job.channel[SCRIPT], &r->mpi);
  *error = wait_for(L, launched(r, *error), limit);
  return all;
}

static int64_t hash_of(const void *bytes, size_t n) { /* FNV-1a; not negative */
  const unsigned char *s = bytes;
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < n; i++) h = (h ^ s[i]) * 1099511628211u;
  return (int64_t)(h >> 2);
}

/* ---- the end ---- */

static void end_all(int status) {
  fflush(NULL);
  MPI_Abort(MPI_COMM_WORLD, status);
  _exit(status);
}

/* Meets the other ranks at the end.  Where one of them calls a collective instead, that one raises
 * an error and ends the job. */
static void meet_at_end(void) {
  char text[CALL_BYTES] = "the end of the script";
  bool same;
  int error = all_same(NULL, hash_of(text, sizeof text), FOREVER, &same);
  if (error == MPI_SUCCESS && same) return;
  free(gather_texts(NULL, text, sizeof text, 10, &error));
  sleep(10);
  end_all(1);
}

static void at_exit(int status, void *arg) {
  (void)arg;
  if (!job.up || job.owner != getpid()) return;
  if (status != 0) {
    if (job.size > 1)
      fprintf(stderr, "vesper: rank %d of %d on %s ended with status %d; all ranks are ended\n",
              job.rank, job.size, job.host, status);
    stop_thread();
    end_all(status);
  }
  if (job.size > 1) meet_at_end();
  stop_thread();
  MPI_Finalize();
}

/* ---- functions for Lua ---- */

/* Raises what wait_for returned where it is an error. */
static void check_done(lua_State *L, int error, double limit, const char *what) {
  char text[MPI_MAX_ERROR_STRING + 1] = "";
  int n = 0;
  if (error == MPI_SUCCESS) return;
  if (error == -1) api->raise(L, "%s: the other ranks did not come within %d s", what, (int)limit);
  MPI_Error_string(error, text, &n);
  api->raise(L, "%s: %s", what, text);
}

/* init(thread, seconds, rank) -> rank, size, host, ranks on this host, whether a thread lets MPI
 * work; thread: it may. */
static int init(lua_State *L) {
  int provided = 0, n = 0, here = 1;
  MPI_Comm local;
  bool thread = lua_toboolean(L, 1);
  if (!job.up) {
    if (vd_start(luaL_checkstring(L, 3), luaL_checknumber(L, 2), &provided) != MPI_SUCCESS)
      return api->raise(L, "dist.init: MPI_Init_thread failed");
    MPI_Comm_rank(MPI_COMM_WORLD, &job.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &job.size);
    MPI_Get_processor_name(job.host, &n);
    for (int i = 0; i < NCHANNEL; i++) job.channel[i] = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &job.channel[SCRIPT]);
    MPI_Comm_set_errhandler(job.channel[SCRIPT], MPI_ERRORS_RETURN);
    vd_make_types(api);
    job.up = true;
    job.owner = getpid();
    on_exit(at_exit, NULL);
    if (thread && provided >= MPI_THREAD_SERIALIZED && job.size > 1) start_thread();
  }
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
  MPI_Comm_size(local, &here);
  MPI_Comm_free(&local);
  lua_pushinteger(L, job.rank);
  lua_pushinteger(L, job.size);
  lua_pushstring(L, job.host);
  lua_pushinteger(L, here);
  lua_pushboolean(L, job.threaded);
  return 5;
}

/* The tensor at index, which has to be contiguous, and its length. */
static vs_tensor *check_tensor(lua_State *L, int index, int *n) {
  vs_tensor *t = api->check_tensor(L, index);
  if (!api->is_contiguous(t)) luaL_error(L, "the tensor is not contiguous");
  if (t->numel > INT_MAX)
    api->raise(L, "a tensor of more than %d elements cannot be sent at once", INT_MAX);
  *n = (int)t->numel;
  return t;
}

static request *request_of(vs_tensor *a, vs_tensor *b) {
  request *r = new_request();
  r->tensor[0] = api->ref(a);
  r->tensor[1] = api->ref(b);
  return r;
}

/* Starts a collective under the lock and pushes its request. */
#define START(L, r, call) \
  (pthread_mutex_lock(&lock), lua_pushlightuserdata(L, launched(r, call)), 1)

/* open_channel(seconds, what) -> the number of a new channel; all ranks call it */
static int open_channel(lua_State *L) {
  double limit = luaL_checknumber(L, 1);
  const char *what = luaL_checkstring(L, 2);
  int i = 0;
  while (i < NCHANNEL && job.channel[i] != MPI_COMM_NULL) i++;
  if (i == NCHANNEL)
    return api->raise(L, "%s: there are %d already; remove() ends one", what, NCHANNEL - 1);
  request *r = new_request();
  pthread_mutex_lock(&lock);
  int error = MPI_Comm_idup(job.channel[SCRIPT], &job.channel[i], &r->mpi);
  check_done(L, wait_for(L, launched(r, error), limit), limit, what);
  MPI_Comm_set_errhandler(job.channel[i], MPI_ERRORS_RETURN);
  lua_pushinteger(L, i);
  return 1;
}

/* close_channel(number): nothing is under way on it */
static int close_channel(lua_State *L) {
  lua_Integer i = luaL_checkinteger(L, 1);
  luaL_argcheck(L, i > SCRIPT && i < NCHANNEL && job.channel[i] != MPI_COMM_NULL, 1, "no channel");
  pthread_mutex_lock(&lock);
  MPI_Comm_free(&job.channel[i]);
  pthread_mutex_unlock(&lock);
  return 0;
}

/* reduce(x, op, channel = SCRIPT) -> request: x becomes the sum, min or max over the ranks */
static int reduce(lua_State *L) {
  int n;
  vs_tensor *x = check_tensor(L, 1, &n);
  MPI_Op op = op_of(L, 2, x);
  MPI_Comm channel = job.channel[luaL_optinteger(L, 3, SCRIPT)];
  request *r = request_of(x, NULL);
  return START(
      L, r,
      MPI_Iallreduce(MPI_IN_PLACE, api->data(x), n, vd_type_of(x->dtype), op, channel, &r->mpi));
}

/* broadcast(x, root) -> request: x becomes that of the rank root */
static int broadcast(lua_State *L) {
  int n, root = (int)luaL_checkinteger(L, 2);
  vs_tensor *x = check_tensor(L, 1, &n);
  request *r = request_of(x, NULL);
  return START(
      L, r, MPI_Ibcast(api->data(x), n, vd_type_of(x->dtype), root, job.channel[SCRIPT], &r->mpi));
}

/* The list of lengths at index as counts and, behind them, places of all ranks. */
static int *counts_of(lua_State *L, int index) {
  int *counts = malloc(2 * (size_t)job.size * sizeof *counts);
  int64_t at = 0;
  if (counts == NULL) abort();
  for (int i = 0; i < job.size; i++) {
    lua_rawgeti(L, index, i + 1);
    counts[i] = (int)lua_tointeger(L, -1);
    counts[job.size + i] = (int)at;
    at += counts[i];
    lua_pop(L, 1);
  }
  return counts;
}

/* gather(x, all, counts) -> request: all becomes the x of all ranks, one behind the other */
static int gather(lua_State *L) {
  int n, total;
  vs_tensor *x = check_tensor(L, 1, &n), *all = check_tensor(L, 2, &total);
  request *r = request_of(x, all);
  int *counts = r->counts = counts_of(L, 3);
  return START(
      L, r,
      MPI_Iallgatherv(api->data(x), n, vd_type_of(x->dtype), api->data(all), counts,
                      counts + job.size, vd_type_of(x->dtype), job.channel[SCRIPT], &r->mpi));
}

/* scatter(all, x, counts, op) -> request: x becomes this rank's part of the sum of all */
static int scatter(lua_State *L) {
  int n, total;
  vs_tensor *all = check_tensor(L, 1, &total), *x = check_tensor(L, 2, &n);
  MPI_Op op = op_of(L, 4, x);
  request *r = request_of(x, all);
  r->counts = counts_of(L, 3);
  return START(L, r,
               MPI_Ireduce_scatter(api->data(all), api->data(x), r->counts, vd_type_of(x->dtype),
                                   op, job.channel[SCRIPT], &r->mpi));
}

/* wait(request, seconds, what): raises where MPI fails or the time is over */
static int wait_request(lua_State *L) {
  request *r = lua_touserdata(L, 1);
  double limit = luaL_checknumber(L, 2);
  const char *what = luaL_checkstring(L, 3);
  check_done(L, wait_for(L, r, limit), limit, what);
  return 0;
}

/* poll(): lets MPI work where no thread does */
static int poll_requests(lua_State *L) {
  (void)L;
  if (job.threaded) return 0;
  pthread_mutex_lock(&lock);
  advance();
  pthread_mutex_unlock(&lock);
  return 0;
}

/* same(number, seconds, what) -> whether all ranks gave the same number */
static int same(lua_State *L) {
  bool equal;
  double limit = luaL_checknumber(L, 2);
  const char *what = luaL_checkstring(L, 3);
  check_done(L, all_same(L, luaL_checkinteger(L, 1), limit, &equal), limit, what);
  lua_pushboolean(L, equal);
  return 1;
}

/* texts(text, seconds) -> the list of the texts of all ranks, cut to CALL_BYTES */
static int texts(lua_State *L) {
  static char mine[CALL_BYTES]; /* may be in use when the time is over */
  int error;
  memset(mine, 0, sizeof mine);
  snprintf(mine, sizeof mine, "%s", luaL_checkstring(L, 1));
  double limit = luaL_checknumber(L, 2);
  char *all = gather_texts(L, mine, CALL_BYTES, limit, &error);
  check_done(L, error, limit, "dist"); /* where it raises, all may be in use */
  lua_createtable(L, job.size, 0);
  for (int i = 0; i < job.size; i++) {
    lua_pushstring(L, all + (size_t)i * CALL_BYTES);
    lua_rawseti(L, -2, i + 1);
  }
  free(all);
  return 1;
}

/* hash(text or contiguous tensor) -> integer */
static int hash(lua_State *L) {
  size_t n;
  int count;
  const void *bytes = lua_tolstring(L, 1, &n);
  if (bytes == NULL) {
    const vs_tensor *t = check_tensor(L, 1, &count);
    bytes = api->data(t);
    n = api->bytes(t);
  }
  lua_pushinteger(L, hash_of(bytes, n));
  return 1;
}

__attribute__((visibility("default"))) int luaopen_vesper_dist(lua_State *L);

int luaopen_vesper_dist(lua_State *L) {
  static const luaL_Reg functions[] = {{"init", init},
                                       {"reduce", reduce},
                                       {"broadcast", broadcast},
                                       {"gather", gather},
                                       {"scatter", scatter},
                                       {"wait", wait_request},
                                       {"poll", poll_requests},
                                       {"same", same},
                                       {"texts", texts},
                                       {"hash", hash},
                                       {"open_channel", open_channel},
                                       {"close_channel", close_channel},
                                       {NULL, NULL}};
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "vesper.core") != LUA_TTABLE)
    return luaL_error(L, "vesper/dist.so: vesper is not loaded");
  lua_getfield(L, -1, "_api");
  const vs_api *found = lua_touserdata(L, -1);
  if (found == NULL || found->number != VS_API_NUMBER)
    return luaL_error(L,
                      "vesper/dist.so is built for interface %d, but vesper/core.so has %d: "
                      "build both from the same sources (make dist-mpi)",
                      VS_API_NUMBER, found ? found->number : 0);
  if (strcmp(found->version, VESPER_VERSION) != 0)
    return luaL_error(L,
                      "vesper/dist.so is of vesper %s, but vesper/core.so of %s: build both "
                      "from the same sources (make dist-mpi)",
                      VESPER_VERSION, found->version);
  api = found;
  luaL_newlib(L, functions);
  return 1;
}
