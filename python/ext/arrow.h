/* arrow.h — the structs of the Arrow C data interface, and what arrow_schema.c tells arrow.c about a column. */
#ifndef POLY_MATCH_ARROW_H
#define POLY_MATCH_ARROW_H

#include "core.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

enum { MOST = 1 << 20 }; /* children or buffers of one struct */

/* For the message about a malformed struct: its argument and field. */
typedef struct origin {
    const char *argument, *field;
} origin;

/* A ValueError about a malformed struct. Returns NULL. */
PyObject *malformed(origin where, const char *what);

typedef enum layout_kind { OTHER, NUMBERS, BYTES, VIEWS, LIST, FIXED_LIST, STRUCT } layout_kind;

/* How a format lies in memory. */
typedef struct memory_layout {
    layout_kind kind;
    int numbers;   /* NumPy's type of NUMBERS, or of the offsets of BYTES and LIST */
    int64_t width; /* FIXED_LIST: items per list; NUMBERS: words per number, 0 for one */
} memory_layout;

memory_layout layout_of(const struct ArrowSchema *schema);

/* A checked schema and all below it as a tuple; depth is 0. NULL with an exception. */
PyObject *field_from(const struct ArrowSchema *schema, const char *argument, int depth);

#endif
