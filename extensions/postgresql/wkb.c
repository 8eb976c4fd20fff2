/* Well-known binary to a region: points, lines, polygons, their multis and collections, in both byte orders, with z
 * and m in the ways of ISO and of PostGIS, which are skipped. Of a collection with polygons only these count, as
 * everywhere in poly-match. Bytes come from SQL, so every size is compared with what is left. */
#include "shapes.h"

#include "miscadmin.h"

enum { POINT = 1, LINE, POLYGON, MULTIPOINT, MULTILINE, MULTIPOLYGON, COLLECTION };
enum { HAS_SRID = 0x20000000, HAS_M = 0x40000000 };
#define HAS_Z 0x80000000u

typedef struct reader {
    shapes *s;
    const unsigned char *at, *end;
    bool is_big;
    int *srid;
    bool polygons_only;
} reader;

static const unsigned char *take(reader *r, Size size) {
    if ((Size)(r->end - r->at) < size)
        bad_shape(r->s, "the well-known binary ends too early");
    r->at += size;
    return r->at - size;
}

static uint32 number(reader *r) {
    const unsigned char *b = take(r, 4);
    return r->is_big ? (uint32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]
                     : (uint32)b[3] << 24 | b[2] << 16 | b[1] << 8 | b[0];
}

static double coordinate(reader *r) {
    const unsigned char *b = take(r, 8);
    uint64 bits = 0;
    double value;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | b[r->is_big ? i : 7 - i];
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void vertex(reader *r, int dimensions, bool is_wanted) {
    const double x = coordinate(r), y = coordinate(r);
    take(r, (Size)(dimensions - 2) * 8);
    if (is_wanted)
        add_vertex(r->s, x, y);
}

static void ring(reader *r, int dimensions, bool is_wanted) {
    const uint32 count = number(r);
    if ((uint64)count * dimensions * 8 > (uint64)(r->end - r->at))
        bad_shape(r->s, "the well-known binary ends too early");
    for (uint32 i = 0; i < count; i++)
        vertex(r, dimensions, is_wanted);
    if (is_wanted)
        end_ring(r->s);
}

static void point(reader *r, int dimensions, bool is_wanted) {
    const unsigned char *start = r->at;
    const double x = coordinate(r), y = coordinate(r);
    r->at = start;
    const bool is_empty = isnan(x) && isnan(y); /* as GEOS and PostGIS write an empty point */
    vertex(r, dimensions, is_wanted && !is_empty);
    if (is_wanted && !is_empty) {
        end_ring(r->s);
        end_polygon(r->s, PM_PART_POINT);
    }
}

static void line(reader *r, int dimensions, bool is_wanted) {
    const Size before = r->s->coords.size;
    const unsigned char *start = r->at;
    const uint32 count = number(r);
    r->at = start;
    ring(r, dimensions, is_wanted && count > 0);
    if (r->s->coords.size > before)
        end_polygon(r->s, PM_PART_LINE);
}

/* Read the byte order and the type of a shape; gives the type without its dimensions. */
static uint32 header(reader *r, int *dimensions) {
    const unsigned char order = *take(r, 1);
    if (order > 1)
        bad_shape(r->s, "this is not well-known binary: its first byte is neither 0 nor 1");
    r->is_big = order == 0;
    const uint32 code = number(r);
    if (code & HAS_SRID)
        *r->srid = (int)number(r);
    uint32 type = code & 0x1FFFFFFF;
    const uint32 iso = type / 1000; /* 1: z, 2: m, 3: both */
    *dimensions = 2 + ((code & HAS_Z) || iso == 1 || iso == 3) + ((code & HAS_M) || iso == 2 || iso == 3);
    type %= 1000;
    if (iso > 3 || type < POINT || type > COLLECTION)
        bad_shape(r->s, "expected a point, a line, a polygon or several of these, got type %u of well-known binary",
                  code);
    return type;
}

/* `found` is NULL, or receives whether there is a polygon: then nothing is stored. */
static void shape(reader *r, bool *found) {
    int dimensions;
    const uint32 type = header(r, &dimensions);
    const bool is_wanted = !found && (type == POLYGON || !r->polygons_only);
    check_stack_depth();
    CHECK_FOR_INTERRUPTS();
    if (type == POINT) {
        point(r, dimensions, is_wanted);
    } else if (type == LINE) {
        line(r, dimensions, is_wanted);
    } else if (type == POLYGON) {
        for (uint32 rings = number(r); rings > 0; rings--)
            ring(r, dimensions, is_wanted);
        if (is_wanted)
            end_polygon(r->s, PM_PART_POLYGON);
        if (found)
            *found = true;
    } else {
        for (uint32 members = number(r); members > 0; members--)
            shape(r, found);
    }
}

void read_wkb(shapes *s, const char *bytes, Size size, int *srid) {
    bool has_polygon = false;
    reader r = {.s = s, .at = (const unsigned char *)bytes, .end = (const unsigned char *)bytes + size, .srid = srid};
    reader look = r;
    shape(&look, &has_polygon);
    if (look.at != look.end)
        bad_shape(s, "there are %zu bytes after the well-known binary", (Size)(look.end - look.at));
    r.polygons_only = has_polygon;
    shape(&r, NULL);
}
