# vesper: build, test, install.  `make help` lists what there is to type.
#
# Two builds from the same sources: build/float (what users install) and build/double (gradient checks).
# Every target first sees to the Debian packages it needs; where dpkg does not exist, or with DEPS=no,
# that step is left out and pkg-config decides (csrc/libraries.sh).

# Every Debian package that is needed, in one list; and what `make lint` and vs.dist need on top of it.
DEBS := build-essential pkg-config lua5.4 liblua5.4-dev luarocks lua-busted lua-check \
        libopenblas-openmp-dev libhdf5-dev libstb-dev libjpeg-dev zlib1g-dev libjansson-dev \
        libutf8proc-dev libexpat1-dev
DEBS_DEV := clang clang-format libclang-rt-dev
DEBS_MPI := libopenmpi-dev openmpi-bin

CC      ?= cc
LUA     ?= $(or $(shell for l in lua5.4 lua-5.4 lua54 lua; do case "$$($$l -v 2>&1)" in \
             ("Lua 5.4"*) echo $$l; break;; esac; done),lua5.4)
BUILD   ?= build
OPT     ?= -O3
PREFIX  ?= /usr/local
VERSION := $(shell sed -n 's/^\#define VESPER_VERSION "\(.*\)"/\1/p' csrc/core/base.h)
# Warnings are errors in a clone, not in a release's sources and not for LuaRocks: another compiler
# may have other warnings.
WERROR  ?= $(if $(wildcard .git),-Werror)
WARN     = -Wall -Wextra -Wshadow -Wmissing-prototypes $(WERROR)
# libjpeg is used where it is found; `make JPEG=` builds with stb_image in its place.
JPEG    ?= yes
LIBRARIES = JPEG=$(JPEG) sh csrc/libraries.sh
# pkg-config is asked once, and only when something is compiled: it may be missing until deps ran.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell $(LIBRARIES) cflags))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(shell $(LIBRARIES) libs))$(PKG_LIBS)
LUA_CFLAGS = $(eval LUA_CFLAGS := $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(shell $(LIBRARIES) lua)))$(LUA_CFLAGS)
CPPFLAGS_ALL = -Icsrc $(PKG_CFLAGS) $(LUA_CFLAGS)
# -fno-plt: even the smallest op calls Lua some twenty times.
CFLAGS_ALL = $(CFLAGS) -std=c11 -D_GNU_SOURCE $(OPT) -g -fPIC -fvisibility=hidden -fno-plt -fno-math-errno \
             -fno-trapping-math $(WARN) -MMD -MP
LIBS     = $(PKG_LIBS) -lm -lpthread
LINK     = -shared -Wl,-z,nodelete $(LDFLAGS)

# Chosen at run time.  Elsewhere than on x86 the three levels are the same plain code.
ifeq ($(shell uname -m),x86_64)
ISA_avx2    := -mavx2 -mfma -mf16c -ffp-contract=fast
ISA_avx512  := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512 -ffp-contract=fast
ISA_avx512bf16 := $(ISA_avx512) -mavx512bf16
ISA_tiles := $(ISA_avx512bf16) -DVS_TILES
ISA_amx := $(ISA_avx512bf16) -DVS_AMX
endif

KERNELS := $(filter-out csrc/kernel/dispatch.c,$(wildcard csrc/kernel/*.c))
DIST_C  := $(wildcard csrc/dist/*.c)
SOURCES := $(filter-out $(KERNELS) $(DIST_C),$(wildcard csrc/*/*.c))
PLAIN   := $(SOURCES:csrc/%.c=%.o)
kernel_objects = $(foreach isa,$(1),$(KERNELS:csrc/%.c=%.$(isa).o))
# Products of bfloat16 have instructions that not every processor of the level avx512 has.
BF16    := $(foreach isa,avx512bf16 tiles amx,kernel/gemm.$(isa).o)

FLOAT_OBJECTS  := $(addprefix $(BUILD)/float/,$(PLAIN) $(call kernel_objects,generic avx2 avx512) $(BF16))
DOUBLE_OBJECTS := $(addprefix $(BUILD)/double/,$(PLAIN) $(call kernel_objects,generic))

# `make V=1` shows the commands, QUIET=1 not even the files.  JOBS is how many compilers, or processes of tests, run at once.
say = $(if $(V),,@$(if $(QUIET),,echo "$(1)" &&))
JOBS ?= $(shell env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
BUSTED ?= $(shell command -v busted)
jobs = -j$(JOBS) --no-print-directory

all: float        ## the library, build/float/vesper/core.so (the same as float)
float: $(BUILD)/float/vesper/core.so    ## the build that users install
double: $(BUILD)/double/vesper/core.so  ## the build that gradient checks run on

# A line for each folder, as LuaRocks shows what is printed.
FOLDERS := $(sort $(patsubst csrc/%/,%,$(dir $(SOURCES) $(KERNELS))))
ROCK     = $(MAKE) $(jobs) QUIET=1 WERROR=
rock: deps        ## what LuaRocks builds
	@echo "vesper $(VERSION) with $$($(LIBRARIES) list)"
	@for f in $(FOLDERS); do echo "compiling csrc/$$f" && $(ROCK) folder-$$f || exit 1; done
	@echo "linking $(BUILD)/float/vesper/core.so"
	@$(ROCK) float
	@if [ -n "$(HAS_MPI)" ]; then echo "compiling csrc/dist" && $(ROCK) dist-mpi; \
	else echo "without vs.dist: $(MPICC) was not found"; fi
$(FOLDERS:%=folder-%): ; @:
$(foreach f,$(FOLDERS),$(eval folder-$(f): $(filter $(BUILD)/float/$(f)/%,$(FLOAT_OBJECTS))))

$(BUILD)/float/vesper/core.so: $(FLOAT_OBJECTS)
	@mkdir -p $(@D)
	$(call say,link $@) $(CC) -o $@ $^ $(LINK) $(LIBS)
$(BUILD)/double/vesper/core.so: $(DOUBLE_OBJECTS)
	@mkdir -p $(@D)
	$(call say,link $@) $(CC) -o $@ $^ $(LINK) $(LIBS)

# vs.dist's own shared object, which core.so does not need: MPI's compiler knows its places.
MPICC   ?= mpicc
HAS_MPI  = $(shell command -v $(MPICC))
DIST_FLAGS = $(CFLAGS) -std=c11 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden $(WARN) -Icsrc $(LUA_CFLAGS)
dist-mpi:         ## vs.dist, build/float/vesper/dist.so; needs an MPI such as OpenMPI (mpicc)
	@[ -n "$(HAS_MPI)" ] || { echo "make dist-mpi: $(MPICC) was not found.  On Debian:" \
	  "sudo apt-get install $(DEBS_MPI)" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(BUILD)/float/vesper/dist.so
$(BUILD)/float/vesper/dist.so $(BUILD)/double/vesper/dist.so: $(DIST_C) csrc/dist/dist.h csrc/bind/api.h csrc/core/tensor.h csrc/core/base.h
	@mkdir -p $(@D)
	$(call say,mpicc $@) $(MPICC) $(DIST_FLAGS) -o $@ $(DIST_C) -shared -Wl,-z,nodelete $(LDFLAGS) -lpthread

# Kernels: one object per instruction set.
define kernel_rule
$(BUILD)/$(1)/kernel/%.$(2).o: csrc/kernel/%.c | deps
	@mkdir -p $$(@D)
	$$(call say,cc $$@) $$(CC) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) $(3) -DVS_ISA=$(2) $$(ISA_$(2)) -c -o $$@ $$<
endef
$(eval $(call kernel_rule,float,generic,))
$(eval $(call kernel_rule,float,avx2,))
$(eval $(call kernel_rule,float,avx512,))
$(eval $(call kernel_rule,float,avx512bf16,))
$(eval $(call kernel_rule,float,tiles,))
$(eval $(call kernel_rule,float,amx,))
$(eval $(call kernel_rule,double,generic,-DVS_DOUBLE))

$(BUILD)/float/%.o: csrc/%.c | deps
	@mkdir -p $(@D)
	$(call say,cc $@) $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<
$(BUILD)/double/%.o: csrc/%.c | deps
	@mkdir -p $(@D)
	$(call say,cc $@) $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -DVS_DOUBLE -c -o $@ $<

-include $(FLOAT_OBJECTS:.o=.d) $(DOUBLE_OBJECTS:.o=.d)

# --- packages ---

# $(call missing_debs,list): shell code that leaves in $missing what is not installed of the list.
define missing_debs
have=" $$(dpkg-query -W -f='$${Package}:$${db:Status-Status} ' $(1) 2>/dev/null)"; missing=; \
for p in $(1); do case "$$have" in *" $$p:installed "*) ;; *) missing="$$missing $$p";; esac; done
endef

# Shell code that leaves in $apt how apt-get is run as root, or fails.
define as_root
if [ "$$(id -u)" = 0 ]; then sudo=; \
elif sudo -n true 2>/dev/null; then sudo="sudo -n"; \
elif [ -t 0 ] && [ -z "$$CI" ] && command -v sudo >/dev/null; then sudo=sudo; else false; fi && \
apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0"
endef

# $(call install_debs,list): silent when all is there; else installs, or says what to type and fails.
define install_debs
command -v dpkg-query >/dev/null || exit 0; $(call missing_debs,$(1)); [ -n "$$missing" ] || exit 0; \
$(as_root) || { echo "vesper needs Debian packages that are not installed.  Type this, then try again:" >&2; \
  echo "sudo apt-get install$$missing" >&2; exit 1; }; \
echo "installing$$missing"; \
$$apt update </dev/null && $$apt install --no-install-recommends $$missing </dev/null || \
{ echo "this failed: sudo apt-get install$$missing" >&2; exit 1; }
endef

deps:             ## install the Debian packages that are missing
ifeq ($(DEPS),no)
	@$(LIBRARIES) check $(if $(LUA_INCDIR),no-lua)
else
	@command -v dpkg-query >/dev/null || $(LIBRARIES) check $(if $(LUA_INCDIR),no-lua)
	@$(call install_debs,$(DEBS))
endif

deps-dev: deps
	@$(call install_debs,$(DEBS_DEV))

# --- running ---

# The environment of scripts that use the build as it lies here.
PATHS = LUA_PATH_5_4="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;" \
        LUA_CPATH_5_4="$(abspath $(BUILD))/float/?.so;;"
RUN = $(PATHS) $(LUA)

test: deps        ## build both, run every spec; FAST=1: the float build at the best instruction set only
	@$(MAKE) $(jobs) float $(if $(FAST),,double) || { echo "the build failed"; echo "0 passed, 1 failed"; exit 1; }
	@JOBS=$(JOBS) BUSTED="$(BUSTED)" $(LUA) spec/support/run.lua $(abspath $(BUILD)) $(if $(FAST),--fast) $(SPECS)

# Processes of several ranks run one after the other: each has as many processes as ranks.
test-dist: deps   ## install OpenMPI, build vs.dist, run its specs on several ranks of this machine
	@$(if $(filter no,$(DEPS)),,$(call install_debs,$(DEBS_MPI)))
	@$(MAKE) $(jobs) float double dist-mpi $(BUILD)/double/vesper/dist.so || \
	  { echo "the build failed"; echo "0 passed, 1 failed"; exit 1; }
	@JOBS=1 BUSTED="$(BUSTED)" $(LUA) spec/support/run.lua $(abspath $(BUILD)) $(or $(SPECS),spec/dist)

MOMENTS ?= 50

kill-test: deps   ## kill a training run at 50 random moments; each time it has to go on
	@$(MAKE) $(jobs) float
	@$(RUN) spec/support/kill.lua $(MOMENTS)

has_torch = $(or $(PYTHON),python3) -c 'import torch' 2>/dev/null || { \
  echo "bench: $(or $(PYTHON),python3) has no torch; on Debian: sudo apt-get install python3-torch"; exit 1; }

bench: deps       ## vesper against PyTorch (PYTHON has to have it; ONLY=W1,W3 for some; BESIDE=1: beside a busy process)
	@$(MAKE) $(jobs) float
	@$(has_torch)
	@$(PATHS) LUA=$(LUA) $(or $(PYTHON),python3) bench/run.py $(if $(ONLY),--only=$(ONLY)) $(if $(BESIDE),--beside)

bench-ops: deps   ## single ops against PyTorch's (PYTHON has to have it; ONLY=sum,cat for some)
	@$(MAKE) $(jobs) float
	@$(has_torch)
	@$(PATHS) LUA=$(LUA) $(or $(PYTHON),python3) bench/ops.py $(if $(ONLY),--only="$(ONLY)")

minilm: deps      ## compare sentence embeddings of FOLDER with transformers' (PYTHON has to have it)
	@$(MAKE) $(jobs) float
	@PYTHON=$(or $(PYTHON),python3) $(RUN) bench/minilm.lua $(FOLDER)

# Pictures of Debian packages, unpacked but not installed.
EMOJI = $(BUILD)/demo/ruby-gemojione
OPENCLIPART = $(BUILD)/demo/openclipart
REPORT ?= report

# $(call unpack,list): shell code that unpacks the packages into the folder $@, all or nothing.
define unpack
mkdir -p $@.debs && cd $@.debs && { apt-get download -qq $(1) 2>/dev/null || \
{ $(as_root) && $$apt update </dev/null && apt-get download -qq $(1); } || \
{ echo "this failed: sudo apt-get update && apt-get download $(1)" >&2; exit 1; }; } && \
cd .. && rm -rf $(@F).part && for deb in $(@F).debs/*.deb; do \
  dpkg-deb -x "$$deb" $(@F).part || exit 1; done && rm -rf $(@F).debs && mv $(@F).part $(@F)
endef

$(EMOJI): | deps
	@$(call unpack,ruby-gemojione)
$(OPENCLIPART): | deps
	@$(call unpack,openclipart-png openclipart-svg)

openclipart: deps ## build/demo/openclipart.h5: 6,900 drawings of a Debian package (156 MB to fetch)
	@$(MAKE) $(jobs) float
	@$(MAKE) --no-print-directory $(OPENCLIPART)
	@$(RUN) examples/openclipart.lua $(OPENCLIPART) $(BUILD)/demo/openclipart.h5

# A Hugging Face folder of a BERT, for the row DPM: make demo BERT=folder.
BERT ?=
TABLE = $(RUN) bin/vesper table $(REPORT)/emoji.h5 $(REPORT) $(if $(BERT),--bert=$(BERT))

emoji: deps
	@$(MAKE) $(jobs) float
	@$(MAKE) --no-print-directory $(EMOJI)
	@mkdir -p $(REPORT)
	@$(RUN) examples/demo.lua $(EMOJI) $(REPORT)/emoji.h5

demo: emoji       ## train seven models on emoji, print the table, leave report/index.html
	@$(TABLE) --epochs=12 --seeds=1

table: REPORT = report/table
table: emoji      ## the same table over three seeds, in report/table; it may be stopped and goes on
	@$(TABLE) --epochs=20 --seeds=1,2,3

# stb_image_write shifts negative numbers: that is reported, but stops nothing.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fsanitize-recover=shift
asan: deps        ## every spec under the address and undefined-behaviour sanitizers
	@$(MAKE) $(jobs) float BUILD=$(BUILD)/asan OPT=-O1 CFLAGS="$(SANITIZE) -fno-omit-frame-pointer" LDFLAGS="$(SANITIZE)"
	@env LUA_PATH_5_4="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;" \
	  VESPER_CORE="$(abspath $(BUILD))/asan/float/vesper/core.so" \
	  LUA_CPATH_5_4="$(abspath $(BUILD))/asan/float/?.so;;" \
	  LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
	  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
	  $(LUA) $(BUSTED) --ignore-lua -r suite -o plainTerminal $(or $(SPECS),spec)

# Lua and the libraries are not instrumented.  The sanitizer wants addresses that are not random.
TSAN_SPECS := spec/core/thread_spec.lua spec/op/threads_spec.lua spec/data/loader_spec.lua \
              spec/data/loader_chunks_spec.lua spec/data/loader_parts_spec.lua spec/data/shards_spec.lua \
              spec/data/writer_shards_spec.lua spec/data/extract_shards_spec.lua
tsan: deps        ## the specs of threads under the thread sanitizer
	@$(MAKE) $(jobs) float BUILD=$(BUILD)/tsan OPT=-O1 CFLAGS=-fsanitize=thread LDFLAGS=-fsanitize=thread
	@mkdir -p $(BUILD)/tsan/bin
	@$(CC) $(LUA_CFLAGS) -fsanitize=thread -o $(BUILD)/tsan/bin/lua5.4 spec/support/lua.c $$(pkg-config --libs lua5.4)
	@env LUA_PATH_5_4="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;" \
	  VESPER_CORE="$(abspath $(BUILD))/tsan/float/vesper/core.so" \
	  LUA_CPATH_5_4="$(abspath $(BUILD))/tsan/float/?.so;;" PATH="$(abspath $(BUILD))/tsan/bin:$$PATH" \
	  TSAN_OPTIONS=die_after_fork=0 setarch -R lua5.4 $(BUSTED) --ignore-lua -r suite -o plainTerminal $(or $(SPECS),$(TSAN_SPECS))

# By clang; every block comes from malloc (core/mem.c), so that the limits see it.  The
# limit of all memory is here, those of time and of one allocation are in spec/fuzz/run.lua: the
# latter is the sanitizer's, as libFuzzer's would also tell of the child that tries HDF5 files.
FUZZ_TARGETS := image h5 safetensors npy csv glove checkpoint pth json model
FUZZ_LIMITS  := -malloc_limit_mb=4096 -rss_limit_mb=2560
FUZZ_FLAGS   := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
                -fno-sanitize-recover=undefined -fsanitize-recover=shift -D__SANITIZE_ADDRESS__
FUZZER       := $(BUILD)/fuzz/fuzzer
TARGET  ?= $(FUZZ_TARGETS)
SECONDS ?= 60

$(FUZZER): spec/fuzz/harness.c $(SOURCES) $(KERNELS) $(wildcard csrc/*/*.h csrc/*/*.def)
	@$(MAKE) --no-print-directory deps-dev
	@$(MAKE) $(jobs) fuzz-objects CC=clang BUILD=$(BUILD)/fuzz OPT= \
	  CFLAGS="$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link"
	$(call say,link $@) clang $(LUA_CFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< \
	  $$(find $(BUILD)/fuzz/float -name '*.o') $(LIBS) $$(pkg-config --libs lua5.4)
fuzz-objects: $(FLOAT_OBJECTS)

fuzz: $(FUZZER)   ## SECONDS=60 of fuzzing for each TARGET; what is found stays in build/fuzz
	@$(LUA) spec/fuzz/run.lua $(FUZZER) $(BUILD)/fuzz $(SECONDS) "$(FUZZ_LIMITS)" $(TARGET)

bombs: deps       ## load picture files that ask for much; each has limits of time and memory
	@$(MAKE) $(jobs) float
	@$(RUN) spec/fuzz/run_bombs.lua

docs: float       ## write docs/reference.md and the editors' annotations from the descriptors
	@$(RUN) docs/generate.lua

# --- checks of the text ---

LUA_FILES  = $(shell find lua docs examples bench spec -name '*.lua')
C_FILES    = $(wildcard csrc/*/*.c csrc/*/*.h)
# header:the only place that may include it
ONLY_IN   := lua.h:csrc/bind/|csrc/dist/ lauxlib.h:csrc/bind/|csrc/dist/ cblas.h:csrc/core/blas.c stb_image.h:csrc/io/jpeg.c \
             jpeglib.h:csrc/io/jpeg.c stb_image_write.h:csrc/io/imagewrite.c zlib.h:csrc/io/png.c \
             hdf5.h:csrc/io/ expat.h:csrc/io/xml.c mpi.h:csrc/dist/

lint: deps        ## luacheck, clang, clang-format, and who may include what
	@$(MAKE) --no-print-directory deps-dev || echo "lint: without clang some checks are left out"
	@$(MAKE) --no-print-directory -k lint-lua lint-lua-tree lint-includes lint-text lint-clang lint-format
	@echo "lint: clean"

lint-lua:
	@luacheck -q lua spec docs bin/vesper $(wildcard examples bench)
# Circles of requires, folders without init.lua, files too long.
lint-lua-tree:
	@$(LUA) spec/support/tree.lua
lint-includes:
	@bad=0; for rule in $(ONLY_IN:%='%'); do header=$${rule%%:*}; place=$${rule#*:}; \
	  if grep -n "include *[<\"]$$header" $(C_FILES) | grep -vE "^($$place)"; then \
	    echo "lint: $$header may only be included in $$place"; bad=1; fi; done; exit $$bad
# Annotations (meta.lua) are generated and cannot be broken into lines.
lint-text:
	@bad=0; for f in $(C_FILES) $(filter-out lua/vesper/meta.lua,$(LUA_FILES)); do \
	  if LC_ALL=C.UTF-8 grep -HnE '.{101,}|[[:blank:]]$$|	' $$f; then \
	    echo "lint: $$f has a tab, a space at a line's end, or a line over 100"; bad=1; fi; \
	  if [ -n "$$(tail -c 1 $$f)" ]; then echo "lint: $$f does not end with a newline"; bad=1; fi; done; exit $$bad
# gcc builds; clang only reads.
lint-clang:
	@if command -v clang >/dev/null; then \
	  check="clang -fsyntax-only -std=c11 -D_GNU_SOURCE $(CPPFLAGS_ALL) $(WARN)"; \
	  for def in "" -DVS_DOUBLE; do \
	    printf '%s\n' $(SOURCES) | xargs -P 2 -n 1 $$check $$def && \
	    { [ -z "$(KERNELS)" ] || printf '%s\n' $(KERNELS) | xargs -P 2 -n 1 $$check $$def -DVS_ISA=generic; } || exit 1; \
	  done; [ -z "$(KERNELS)" ] || [ -z "$(ISA_avx512)" ] || \
	  { printf '%s\n' $(KERNELS) | xargs -P 2 -n 1 $$check -DVS_ISA=avx512 $(ISA_avx512) && \
    $$check -DVS_ISA=avx512bf16 $(ISA_avx512bf16) csrc/kernel/gemm.c && \
    $$check -DVS_ISA=tiles $(ISA_tiles) csrc/kernel/gemm.c && \
    $$check -DVS_ISA=amx $(ISA_amx) csrc/kernel/gemm.c; }; \
	else echo "lint: clang is missing, its check is left out"; fi
	@if command -v clang >/dev/null && [ -n "$(HAS_MPI)" ]; then \
	  clang -fsyntax-only $(DIST_FLAGS) $$($(MPICC) -showme:compile 2>/dev/null) $(DIST_C); fi
lint-format:
	@if command -v clang-format >/dev/null; then clang-format --dry-run -Werror $(C_FILES) spec/fuzz/harness.c; \
	else echo "lint: clang-format is missing, its check is left out"; fi

format:           ## rewrite the C files the way clang-format wants them
	@clang-format -i $(C_FILES) spec/fuzz/harness.c
	@perl -0pi -e 's| (\S+)\n( +)\*/\n|\n$$2* $$1 */\n|g' $(C_FILES)
	@clang-format -i $(C_FILES) spec/fuzz/harness.c

# --- installing ---

# LUADIR, LIBDIR and BINDIR are as LuaRocks passes them.  MANPAGE, BASHCOMP and ZSHCOMP are written by the
# program itself; LuaRocks, which knows no places for them, sets them to nothing.
LUADIR  ?= $(PREFIX)/share/lua/5.4
LIBDIR  ?= $(PREFIX)/lib/lua/5.4
BINDIR  ?= $(PREFIX)/bin
MANPAGE ?= $(PREFIX)/share/man/man1/vesper.1
BASHCOMP ?= $(PREFIX)/share/bash-completion/completions/vesper
ZSHCOMP ?= $(PREFIX)/share/zsh/site-functions/_vesper
INSTALLED = $(shell cd lua && find vesper -name '*.lua')
PROGRAMS  = $(notdir $(wildcard bin/*))

install: float $(if $(shell command -v $(MPICC)),dist-mpi) ## into PREFIX (/usr/local), or LUADIR, LIBDIR and BINDIR
	@echo "installing into $(DESTDIR)$(LIBDIR)/vesper and $(DESTDIR)$(LUADIR)/vesper"
	@install -D -m 755 $(BUILD)/float/vesper/core.so $(DESTDIR)$(LIBDIR)/vesper/core.so
	@[ ! -f $(BUILD)/float/vesper/dist.so ] || \
	  install -D -m 755 $(BUILD)/float/vesper/dist.so $(DESTDIR)$(LIBDIR)/vesper/dist.so
	@cd lua && for f in $(INSTALLED); do install -D -m 644 $$f $(DESTDIR)$(LUADIR)/$$f || exit 1; done
	@for f in $(PROGRAMS); do install -D -m 755 bin/$$f $(DESTDIR)$(BINDIR)/$$f || exit 1; done
	$(call written,--man,$(MANPAGE))
	$(call written,--completion=bash,$(BASHCOMP))
	$(call written,--completion=zsh,$(ZSHCOMP))
# $(call written,option,file): what `vesper help OPTION` prints.
written = $(if $(2),@install -d $(DESTDIR)$(dir $(2)) && $(RUN) bin/vesper help $(1) >$(DESTDIR)$(2))
uninstall:        ## take it away again
	rm -rf $(DESTDIR)$(LIBDIR)/vesper $(DESTDIR)$(LUADIR)/vesper $(PROGRAMS:%=$(DESTDIR)$(BINDIR)/%)
	rm -f $(addprefix $(DESTDIR),$(MANPAGE) $(BASHCOMP) $(ZSHCOMP))

# --- a release: build/dist has the tarball of the last commit, its rockspec, and both in one file ---

# The folder that the tarball of a release is fetched from: make dist URL=...
URL     ?= https://example.org/vesper
DIST     = $(BUILD)/dist
RELEASE  = $(DIST)/vesper-$(VERSION)

# The tarball has the rockspec of the release in place of that of the clone.  The same commit gives
# the same bytes: the times are those of the commit.
dist:             ## a tarball of the sources and its rockspec, in build/dist; URL=folder to fetch it from
	@git diff --quiet HEAD || { echo "make dist: there are changes that are not committed" >&2; exit 1; }
	@rm -rf $(DIST) && mkdir -p $(DIST)
	@{ echo 'local release, url = "$(VERSION)", "$(URL)/$(notdir $(RELEASE)).tar.gz"'; \
	  sed 1,2d vesper-dev-1.rockspec; } >$(RELEASE)-1.rockspec
	@git -c tar.umask=0022 archive --format=tar --prefix=vesper-$(VERSION)/ \
	  --add-file=$(RELEASE)-1.rockspec HEAD . ':!vesper-dev-1.rockspec' >$(RELEASE).tar
	@gzip -n -9 $(RELEASE).tar
	@echo "$(RELEASE).tar.gz"; echo "$(RELEASE)-1.rockspec"

src-rock: dist    ## the same in one file, which LuaRocks installs without a network
	@touch -d @$$(git log -1 --format=%ct) $(RELEASE)-1.rockspec $(RELEASE).tar.gz
	@TZ=UTC zip -q -X -j $(RELEASE)-1.src.rock $(RELEASE)-1.rockspec $(RELEASE).tar.gz
	@echo "$(RELEASE)-1.src.rock"

clean:            ## remove what was built
	rm -rf $(BUILD)

help:             ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS="$$(printf '\t')" read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

.PHONY: all float double rock dist dist-mpi src-rock deps deps-dev test test-dist kill-test bench bench-ops asan tsan fuzz fuzz-objects $(FOLDERS:%=folder-%) bombs emoji demo table \
        minilm openclipart docs lint lint-lua lint-lua-tree lint-includes lint-text lint-clang \
        lint-format format install uninstall clean help
