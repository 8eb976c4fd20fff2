# What every extension is linked with: the library and common/ as one archive, position independent, its names hidden.
# COPT: more options for the compiler, as in PostgreSQL's own Makefiles.
HERE := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
ROOT := $(abspath $(HERE)/..)
BUILD ?= $(ROOT)/build-extensions

LIBRARY := $(BUILD)/libpolymatch-pic.a
LIBRARY_SOURCES := $(wildcard $(ROOT)/src/*/*.c) $(filter-out %/test_open_indexes.c,$(wildcard $(HERE)/common/*.c))
LIBRARY_HEADERS := $(wildcard $(ROOT)/include/*.h) $(wildcard $(ROOT)/src/*/*.h) $(wildcard $(HERE)/common/*.h)
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:$(ROOT)/%.c=$(BUILD)/%.o)

PM_CFLAGS := -std=c11 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -DNDEBUG -Wall -Wextra $(COPT)
PM_CPPFLAGS := -I$(ROOT)/include -I$(HERE)/common
PM_LDFLAGS := -Wl,--exclude-libs,ALL

$(BUILD)/%.o: $(ROOT)/%.c $(LIBRARY_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(PM_CPPFLAGS) -I$(ROOT)/src -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	$(AR) rcs $@ $^
