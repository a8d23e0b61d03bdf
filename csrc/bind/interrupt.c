/* Ctrl-C, the terminal and standard output for the program vesper; `require "vesper"` installs
 * nothing.
 *
 * The handler requests a stop (core/interrupt.h), which long work in C polls, and sets a hook that
 * raises the error at the next instruction of Lua's machine, as lua.c does.  Whichever comes first
 * raises "interrupted" and clears both.  lua_sethook may be called from a handler, but only on the
 * thread that runs Lua: a signal that another thread got is passed on. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bind/bind.h"
#include "core/interrupt.h"

static lua_State *volatile listening; /* the main thread of the program's state; NULL: no handler */
static pthread_t thread;              /* that runs it */
static volatile sig_atomic_t mode;    /* what Ctrl-C does */
static volatile sig_atomic_t pressed; /* Ctrl-C, since the mode was set */
enum { OFF, SCRIPT, SESSION, WAITING };

/* The hook first: a signal in between leaves the flag set, and at worst interrupts once more. */
void lvs_serve_interrupt(void) {
  if (listening != NULL) lua_sethook(listening, NULL, 0, 0);
  vs_interrupt_clear();
}

static void stop(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  vs_interrupt_clear();
  lvs_error(L, "interrupted");
}

void lvs_poll_interrupt(lua_State *L) {
  if (!vs_interrupt_pending()) return;
  lvs_serve_interrupt();
  lvs_error(L, "interrupted");
}

static void on_interrupt(int number) {
  int kept = errno;
  if (!pthread_equal(pthread_self(), thread)) {
    pthread_kill(thread, number);
  } else if (mode == SCRIPT && vs_interrupt_pending()) {
    signal(number, SIG_DFL);
    raise(number);
  } else {
    pressed = 1;
    vs_interrupt();
    if (mode != WAITING)
      lua_sethook(listening, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
  }
  errno = kept;
}

/* _catch_interrupt(mode): Ctrl-C is an error of the running code ("session"; "script": and a second
 * one, while the first was not noticed yet, ends the program), ends _wait_input ("waiting"), or is
 * as the system has it ("off"). */
static int catch_interrupt(lua_State *L) {
  static const char *const modes[] = {"off", "script", "session", "waiting", NULL};
  int wanted = luaL_checkoption(L, 1, NULL, modes);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  action.sa_handler = wanted != OFF ? on_interrupt : SIG_DFL;
  if (wanted != OFF) {
    listening = lvs_mainof(L);
    thread = pthread_self();
    pressed = 0;
    if (vs_interrupt_pending()) pressed = 1; /* it will still stop something */
  }
  mode = wanted;
  sigaction(SIGINT, &action, NULL);
  return 0;
}

/* _take_interrupt(): whether Ctrl-C was pressed and nothing was stopped by it; forgets it. */
static int take_interrupt(lua_State *L) {
  bool pending = vs_interrupt_pending();
  lvs_serve_interrupt();
  lua_pushboolean(L, pending);
  return 1;
}

/* _pressed_interrupt(): whether Ctrl-C was pressed since _catch_interrupt, whatever it stopped. */
static int pressed_interrupt(lua_State *L) {
  lua_pushboolean(L, pressed);
  return 1;
}

/* _wait_input(): waits for standard input; false when Ctrl-C is pressed meanwhile. */
static int wait_input(lua_State *L) {
  struct pollfd in = {.fd = 0, .events = POLLIN};
  int n = 0;
  while (!vs_interrupt_pending() && n <= 0) {
    n = poll(&in, 1, 1000); /* a signal just before the call is seen within the second */
    if (n < 0 && errno != EINTR) break;
  }
  lua_pushboolean(L, !vs_interrupt_pending());
  return 1;
}

/* _terminal_size(): columns and rows of standard output; nothing where it is no terminal. */
static int terminal_size(lua_State *L) {
  struct winsize size;
  if (ioctl(1, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return 0;
  lua_pushinteger(L, size.ws_col);
  lua_pushinteger(L, size.ws_row);
  return 2;
}

/* _flush_output(): whether all that was written to standard output arrived.  print flushes and
 * drops the error, so that a flush at the end alone does not fail. */
static int flush_output(lua_State *L) {
  bool flushed = fflush(stdout) == 0;
  lua_pushboolean(L, flushed && !ferror(stdout));
  return 1;
}

void lvs_open_interrupt(lua_State *L) {
  static const luaL_Reg functions[] = {{"_catch_interrupt", catch_interrupt},
                                       {"_take_interrupt", take_interrupt},
                                       {"_pressed_interrupt", pressed_interrupt},
                                       {"_wait_input", wait_input},
                                       {"_terminal_size", terminal_size},
                                       {"_flush_output", flush_output},
                                       {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
