/* paint_places.c — which cells of longitudes and latitudes have one nearest place, and which few?
 *
 * The difference between the squared chords to two places is linear in the vector from which they are seen. So a
 * place that is nearer than another at the corners of a quadrilateral of great circles is nearer in all of it. A
 * cell's sides are meridians and parallels; the parallel towards the equator is not a great circle, so those two
 * corners are moved out. From the places that are nearest to the corners and to the middle, all others are compared
 * with; where one is left, the cell is its; else the cell is cut in four, three times for a table of 8 x 8, until few
 * are left, which are a leaf, and a few times more, as far as bytes allow: an answer takes 5 ns, a leaf 10 or more.
 *
 * A place is left out only where its chord is longer by more than all rounding of vectors and distances, so the map
 * gives what the search over all gives (sphere/near.c). Of places with the same coordinates only the first in rank is
 * kept. */
#include "base/strict.h"

#include "paint_places.h"

#include <string.h>

#include "base/status.h"
#include "join.h"
#include "place_leaf.h"

/* Levels of cells, one in how many cells of a table that pays is cut again, and the half side in degrees of the
 * largest cells that are compared. */
enum { DEEPEST_PLACES = 30, JOIN_PLACES = 4 };
static const double PLACE_ROOT_SIDE = 361.7, PLACE_ROOT_LON = -180.83, PLACE_ROOT_LAT = -180.91, LARGEST_CELL = 23;

/* How finely cells are cut: leaves of at most `few` places where the next cut would take a table, of a line
 * elsewhere; and this many cuts more. Each of these halves the area of leaves for 2.4 times the bytes. `bytes` are
 * those of a map per place, where places are spread evenly. */
typedef struct place_effort {
    size_t few;
    int cuts;
    size_t bytes;
} place_effort;

static const place_effort EFFORTS[] = {{4, 4, 13000}, {4, 3, 5500}, {4, 2, 2300}, {4, 1, 1000},
                                       {4, 0, 420},   {7, 0, 190},  {13, 0, 150}};

/* A map is as fine as fits into this many bytes, and this many more per place; the finest of 10,000 places is not
 * faster than that. */
enum { SMALL_MAP = 3 << 20, SMALL_MAP_OF_PLACE = 1 << 10 };

static const double CHORD_ROOM = 3e-14, ANGLE_ROOM = 1e-9;

/* An array that grows, of 32-bit words. */
typedef struct words {
    uint32_t *items;
    size_t count, room;
} words;

typedef struct place_painter {
    const pm_places *places;
    words stack; /* ranks: the candidates of the cells on the way down */
    words tables, leaves;
    place_effort effort;
    size_t size_limit, work, work_limit;
    int too_much;
    pm_poll *poll;
    const pm_allocator *allocator;
    pm_status status;
} place_painter;

/* A square of the root cell, in degrees. */
typedef struct place_cell {
    double lon, lat, half; /* its middle */
    int bits, few;         /* and for how many levels its places have been few */
} place_cell;

/* Where a cell's word goes: `width` x `width` words of a table. */
typedef struct place_window {
    size_t table, row, column, width;
} place_window;

static int words_reserve(place_painter *p, words *w, size_t more) {
    if (w->count + more <= w->room)
        return 1;
    const size_t room = w->room + w->room / 2 + more + 1024;
    uint32_t *items = p->status ? NULL : pm_allocate(p->allocator, room * sizeof *items);
    if (!items) {
        p->status = p->status ? p->status : PM_ERR_NO_MEMORY;
        return 0;
    }
    if (w->count > 0)
        memcpy(items, w->items, w->count * sizeof *items);
    pm_release(p->allocator, w->items);
    w->items = items;
    w->room = room;
    return 1;
}

/* ---- candidates ---- */

static const pm_site_place *painted_site(const place_painter *p, uint32_t rank) {
    return &p->places->sites[p->places->ids[rank]];
}

/* The latitude at which a great circle crosses two meridians, each `half` from where it crosses latitude `lat` at its
 * farthest from the equator. */
static double moved_out(double lat, double half) {
    const pm_direction at = pm_direction_of(fabs(lat));
    const double moved = 57.29577951308232 * pm_angle_of(at.cos, at.sin * pm_direction_of(half).cos);
    return lat < 0 ? -moved : moved;
}

static void corners_of(const place_cell *cell, double corners[5][3]) {
    double low = fmax(cell->lat - cell->half, -90), high = fmin(cell->lat + cell->half, 90);
    const double middle = (low + high) / 2, half = cell->half + ANGLE_ROOM;
    low = fmax((low > 0 ? moved_out(low, half) : low) - ANGLE_ROOM, -90);
    high = fmin((high < 0 ? moved_out(high, half) : high) + ANGLE_ROOM, 90);
    for (int corner = 0; corner < 5; corner++) {
        const double lon = corner == 4 ? cell->lon : cell->lon + (corner & 1 ? half : -half);
        const double lat = corner == 4 ? middle : corner & 2 ? high : low;
        const pm_direction x = pm_direction_of(lon), y = pm_direction_of(lat);
        corners[corner][0] = y.cos * x.cos;
        corners[corner][1] = y.cos * x.sin;
        corners[corner][2] = y.sin;
    }
}

/* Put those of the candidates [begin, end) that can be the nearest in the cell on the stack. */
static void keep_nearest(place_painter *p, const place_cell *cell, size_t begin, size_t end) {
    double corners[5][3], least[5], of_pivots[5][4];
    uint32_t pivots[5] = {0};
    corners_of(cell, corners);
    for (int corner = 0; corner < 5; corner++)
        least[corner] = INFINITY;
    for (size_t i = begin; i < end; i++) {
        const uint32_t rank = p->stack.items[i];
        for (int corner = 0; corner < 5; corner++) {
            const double square = pm_place_chord(painted_site(p, rank), corners[corner]);
            if (square < least[corner]) {
                least[corner] = square;
                pivots[corner] = rank;
            }
        }
    }
    for (int pivot = 0; pivot < 5; pivot++)
        for (int corner = 0; corner < 4; corner++)
            of_pivots[pivot][corner] = pm_place_chord(painted_site(p, pivots[pivot]), corners[corner]) + CHORD_ROOM;
    if (!words_reserve(p, &p->stack, end - begin))
        return;
    for (size_t i = begin; i < end; i++) {
        const uint32_t rank = p->stack.items[i];
        const pm_site_place *site = painted_site(p, rank);
        double squares[4];
        for (int corner = 0; corner < 4; corner++)
            squares[corner] = pm_place_chord(site, corners[corner]);
        int keep = 1;
        for (int pivot = 0; pivot < 5 && keep; pivot++) {
            const double *of = of_pivots[pivot];
            keep = squares[0] <= of[0] || squares[1] <= of[1] || squares[2] <= of[2] || squares[3] <= of[3];
            if (rank > pivots[pivot] && pm_lonlats_equal(site->place, painted_site(p, pivots[pivot])->place))
                keep = 0;
        }
        p->stack.items[p->stack.count] = rank;
        p->stack.count += (size_t)keep;
    }
}

/* ---- cells ---- */

static void fill_window(place_painter *p, const place_window *w, uint32_t word) {
    for (size_t row = 0; row < w->width; row++)
        for (size_t column = 0; column < w->width; column++)
            p->tables.items[w->table + 8 * (w->row + row) + w->column + column] = word;
}

/* A new table; its place, or SIZE_MAX. */
static size_t add_table(place_painter *p) {
    const size_t table = p->tables.count;
    p->too_much |= (p->tables.count + p->leaves.count) * sizeof(uint32_t) > p->size_limit || table >> 6 >= 1u << 28;
    if (p->too_much || !words_reserve(p, &p->tables, 64))
        return SIZE_MAX;
    memset(p->tables.items + table, 0, 64 * sizeof(uint32_t));
    p->tables.count += 64;
    return table;
}

static uint32_t add_leaf(place_painter *p, const place_cell *cell, size_t begin, size_t end) {
    const size_t start = p->leaves.count, units = PM_PLACE_UNITS * pm_place_lines(end - begin);
    uint32_t *positions = p->stack.items + begin; /* they were ranks */
    p->too_much |= start + units >= UINT32_C(1) << 31;
    if (!words_reserve(p, &p->leaves, units))
        return 0;
    for (size_t i = 0; i < end - begin; i++)
        positions[i] = p->places->ids[positions[i]];
    pm_place_leaf_write((void *)(p->leaves.items + start), p->places, positions, end - begin,
                        (pm_lonlat){cell->lon, cell->lat}, cell->half + ANGLE_ROOM);
    p->leaves.count += units;
    return (uint32_t)(start >> 1) << 2 | PM_CELL_LEAF;
}

static void paint_place_cell(place_painter *p, const place_cell *cell, size_t begin, size_t end, place_window w) {
    const size_t before = p->stack.count;
    if (cell->lat - cell->half >= 90 || cell->lat + cell->half <= -90)
        return; /* no point comes there */
    p->work += end - begin;
    p->too_much |= p->work > p->work_limit;
    if (pm_poll_after(p->poll, 4 * (end - begin) + 16))
        p->status = PM_ERR_STOPPED;
    if (cell->half <= LARGEST_CELL && !p->too_much && !p->status) {
        keep_nearest(p, cell, begin, end);
        begin = before;
        end = p->stack.count;
    }
    if (p->too_much || p->status || begin == end)
        return;
    const int are_few = end - begin <= (w.width == 1 ? p->effort.few : PM_LINE_PLACES);
    if (end - begin == 1) {
        fill_window(p, &w, (p->places->ids[p->stack.items[begin]] + 1) << 2 | PM_CELL_ANSWER);
    } else if ((are_few && cell->few >= p->effort.cuts) || cell->bits >= DEEPEST_PLACES) {
        fill_window(p, &w, add_leaf(p, cell, begin, end));
    } else {
        if (w.width == 1) {
            const size_t table = add_table(p);
            if (table == SIZE_MAX)
                return;
            fill_window(p, &w, (uint32_t)(table >> 6) << 4 | PM_CELL_INNER);
            w = (place_window){table, 0, 0, 8};
        }
        const double half = cell->half / 2;
        const size_t width = w.width / 2;
        for (int quarter = 0; quarter < 4; quarter++) {
            const int right = quarter & 1, up = quarter >> 1;
            const place_cell child = {cell->lon + (right ? half : -half), cell->lat + (up ? half : -half), half,
                                      cell->bits + 1, cell->few + are_few};
            const place_window window = {w.table, w.row + (up ? width : 0), w.column + (right ? width : 0), width};
            paint_place_cell(p, &child, begin, end, window);
        }
    }
    p->stack.count = before;
}

static void paint_root(place_painter *p, pm_tree *tree) {
    const size_t count = p->places->count;
    if (!words_reserve(p, &p->stack, count) || add_table(p) == SIZE_MAX)
        return;
    for (size_t rank = 0; rank < count; rank++)
        if (!isnan(painted_site(p, (uint32_t)rank)->vector[0]))
            p->stack.items[p->stack.count++] = (uint32_t)rank;
    const double half = PLACE_ROOT_SIDE / 2;
    const place_cell root = {PLACE_ROOT_LON + half, PLACE_ROOT_LAT + half, half, 0, 0};
    paint_place_cell(p, &root, 0, p->stack.count, (place_window){0, 0, 0, 8});
    if (p->too_much || !words_reserve(p, &p->leaves, PM_LEAF_SLACK))
        return;
    const size_t most = p->size_limit / sizeof(uint32_t);
    const pm_status status = pm_join_tables(tree, p->tables.items, PM_CELL_INNER, JOIN_PLACES,
                                            most > p->leaves.count ? most - p->leaves.count : 0, p->allocator);
    p->status = p->status ? p->status : status;
    if (status)
        return;
    memset(p->leaves.items + p->leaves.count, 0, PM_LEAF_SLACK * sizeof(uint32_t));
    tree->min_x = PLACE_ROOT_LON;
    tree->min_y = PLACE_ROOT_LAT;
    tree->scale = 0x1p50 / PLACE_ROOT_SIDE;
    tree->leaves = p->leaves.items;
    tree->leaf_count = p->leaves.count + PM_LEAF_SLACK;
}

pm_status pm_tree_build_places(pm_tree *tree, const pm_places *places, size_t size_limit, pm_poll *poll,
                               const pm_allocator *allocator) {
    place_painter p = {.places = places,
                       .size_limit = size_limit,
                       .work_limit = 2000 * places->count + (1 << 20),
                       .poll = poll,
                       .allocator = allocator};
    const size_t most = SMALL_MAP + SMALL_MAP_OF_PLACE * places->count, efforts = sizeof EFFORTS / sizeof *EFFORTS;
    memset(tree, 0, sizeof *tree);
    for (size_t i = 0; i < efforts && !pm_tree_exists(tree) && p.status == PM_OK; i++) {
        const size_t bytes = EFFORTS[i].bytes * places->count;
        if (i + 1 < efforts && (bytes > most || bytes > size_limit))
            continue;
        p.effort = EFFORTS[i];
        p.stack.count = p.tables.count = p.leaves.count = p.work = 0;
        p.too_much = 0;
        paint_root(&p, tree);
    }
    pm_release(allocator, p.stack.items);
    pm_release(allocator, p.tables.items);
    if (!pm_tree_exists(tree))
        pm_release(allocator, p.leaves.items);
    return p.status;
}
