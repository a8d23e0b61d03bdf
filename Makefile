# vesper: build, test, install.  `make help` lists what there is to type.
#
# Two builds from the same sources: build/float (what users install) and build/double (gradient checks).

# Every Debian package that is needed, in one list.
DEBS := build-essential pkg-config lua5.4 liblua5.4-dev luarocks lua-busted lua-check \
        libopenblas-openmp-dev libhdf5-dev libstb-dev libjansson-dev libutf8proc-dev

CC      ?= cc
LUA     ?= lua5.4
BUILD   ?= build
OPT     ?= -O3
WARN    := -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror
PKGS    := hdf5 openblas jansson libutf8proc
CPPFLAGS_ALL = -Icsrc $(shell pkg-config --cflags $(PKGS) lua5.4 stb)
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE $(OPT) -g -fPIC -fvisibility=hidden -fno-math-errno -fno-trapping-math \
             $(WARN) -MMD -MP $(CFLAGS)
OPENMP  := -fopenmp
LIBS     = $(shell pkg-config --libs $(PKGS)) -lm -lpthread
LINK     = -shared -Wl,-z,nodelete -Wl,-z,defs $(OPENMP)

ISA_generic :=
ISA_avx2    := -mavx2 -mfma -mf16c
ISA_avx512  := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512

KERNELS := $(filter-out csrc/kernel/dispatch.c,$(wildcard csrc/kernel/*.c))
SOURCES := $(filter-out $(KERNELS),$(wildcard csrc/*/*.c))
PLAIN   := $(SOURCES:csrc/%.c=%.o)
kernel_objects = $(foreach isa,$(1),$(KERNELS:csrc/%.c=%.$(isa).o))

FLOAT_OBJECTS  := $(addprefix $(BUILD)/float/,$(PLAIN) $(call kernel_objects,generic avx2 avx512))
DOUBLE_OBJECTS := $(addprefix $(BUILD)/double/,$(PLAIN) $(call kernel_objects,generic))

all: float
float:  $(BUILD)/float/vesper/core.so
double: $(BUILD)/double/vesper/core.so

$(BUILD)/float/vesper/core.so: $(FLOAT_OBJECTS)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LINK) $(LIBS)
$(BUILD)/double/vesper/core.so: $(DOUBLE_OBJECTS)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LINK) $(LIBS)

# Kernels: one object per instruction set.
define kernel_rule
$(BUILD)/$(1)/kernel/%.$(2).o: csrc/kernel/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) $(3) -DVS_ISA=$(2) $$(ISA_$(2)) -c -o $$@ $$<
endef
$(eval $(call kernel_rule,float,generic,))
$(eval $(call kernel_rule,float,avx2,))
$(eval $(call kernel_rule,float,avx512,))
$(eval $(call kernel_rule,double,generic,-DVS_DOUBLE))

$(BUILD)/float/%.o: csrc/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(OPENMP) -c -o $@ $<
$(BUILD)/double/%.o: csrc/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(OPENMP) -DVS_DOUBLE -c -o $@ $<

-include $(FLOAT_OBJECTS:.o=.d) $(DOUBLE_OBJECTS:.o=.d)

clean:
	rm -rf $(BUILD)

.PHONY: all float double clean
