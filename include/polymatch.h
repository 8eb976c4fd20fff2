/* polymatch.h — give every point its best region.
 *
 * Points x regions in, one integer per point out: the position of the region that wins, or -1.
 * A match has two rules: the *predicate* says which regions are candidates for a point, *best* says which
 * candidate wins. Equal candidates: the one that comes first in the input. Always.
 *
 * Memory     Inputs are borrowed for the call only. An index copies what it needs and never changes after it
 *            was built; one from pm_index_open() borrows its block while it lives. Outputs are the caller's
 *            arrays. pm_index_free() releases what was allocated.
 *            Offsets must not change during a call. Other input that changes, by what `poll` calls or by another
 *            thread, gives an error or some answers in range, and never a crash.
 * Threads    No globals, no locks: any number of threads may match on one index, each on its own points.
 * Errors     Every function that can fail returns a pm_status; 0 is success. An optional pm_error receives
 *            the item at fault and a sentence. Nothing is printed, nothing aborts.
 * Exactness  Answers are those of real arithmetic on the given doubles, not of rounded arithmetic: points on a
 *            boundary are covered, comparisons are exact, areas and centers are correctly rounded. On the sphere
 *            (PM_SPHERE) a border may be off by 1e-8 m, a distance by 1e-14 of it more. The same input gives the
 *            same answer on every machine, also there: nothing depends on the sines of the machine's libm. Subnormal
 * numbers must not be flushed to zero. Growth     The structs that a caller fills (pm_regions, pm_points, pm_disks,
 * pm_options) end in reserved room, where later versions add members; 0 there means what this version does. So set
 * them to 0 before filling them, as `pm_options options = {.best = PM_FIRST};` does.
 */
#ifndef POLYMATCH_H
#define POLYMATCH_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(PM_SHARED)
#ifdef PM_BUILDING
#define PM_API __declspec(dllexport)
#else
#define PM_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && !defined(_WIN32)
#define PM_API __attribute__((visibility("default")))
#else
#define PM_API
#endif

#if defined(__GNUC__)
#define PM_MUST_USE __attribute__((warn_unused_result))
#else
#define PM_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define PM_VERSION_MAJOR 0
#define PM_VERSION_MINOR 1
#define PM_VERSION_PATCH 0

/** The answer for a point that has no candidate. */
#define PM_NO_MATCH (-1)

/* ---- errors ------------------------------------------------------------------------------------------- */

/** How a call ended. */
typedef enum pm_status {
    PM_OK = 0,
    PM_ERR_NO_MEMORY = -1,  /**< an allocation failed */
    PM_ERR_ARGUMENT = -2,   /**< an option or argument has no meaning; `item` is -1, or the region at fault */
    PM_ERR_OFFSETS = -3,    /**< offsets decrease or leave their array; `item` is the position in the offsets */
    PM_ERR_COORDINATE = -4, /**< a NaN or infinite coordinate; `item` is the region */
    PM_ERR_SCORE = -5,      /**< a NaN score; `item` is the region */
    PM_ERR_DISTANCE = -6,   /**< a negative or NaN distance; `item` is the region, -1 for the only one */
    PM_ERR_BLOCK = -7,      /**< bytes that are not an index, or are damaged or cut off */
    PM_ERR_VERSION = -8,    /**< an index in another format or byte order: build it again from the regions */
    PM_ERR_STOPPED = -9,    /**< the `poll` of the options returned nonzero */
    PM_ERR_SIZE = -10       /**< an index of these regions can't be as small as the options' `max_bytes` */
} pm_status;

/** What went wrong, where, and in words. Written only on failure.
 *
 * Callers without C structs give 216 bytes at a multiple of 8 and read the status as 32 bits at 0, the item as 64
 * bits at 8 and the message at 16. (On 32-bit x86 the item is at 4 and the message at 12.) */
typedef struct pm_error {
    pm_status status;
    int64_t item;      /**< position of the item at fault, or -1 */
    char message[200]; /**< one English sentence, no newline, 0-terminated */
} pm_error;

/** The name of a status, such as "PM_ERR_OFFSETS". Never NULL. */
PM_API const char *pm_status_name(pm_status status);

/* ---- allocator ---------------------------------------------------------------------------------------- */

/** Where memory comes from. `allocate` returns memory aligned as that of malloc(), or NULL on failure; sizes are
 * never 0. */
typedef struct pm_allocator {
    void *(*allocate)(void *context, size_t size);
    void (*release)(void *context, void *block); /**< never called with NULL */
    void *context;
} pm_allocator;

/* ---- inputs ------------------------------------------------------------------------------------------- */

/** Regions as ragged arrays, nested as in GeoArrow: coordinates -> rings -> polygons -> regions.
 *
 * Each offsets array has one entry more than there are items; item i owns [offsets[i], offsets[i + 1]) of the
 * level below. The first ring of a polygon is its shell, the others are holes. A ring may be closed (its first
 * vertex repeated at the end) or not; vertex order never matters. Rings without vertices, polygons without
 * rings and regions without polygons are allowed and cover nothing.
 *
 * `kinds` makes lines and points of polygons: a line is one "ring" that is not closed, with its vertices as they are
 * given, a point one ring of one vertex. A line covers what lies on it, a point itself; their area is 0. Every
 * predicate but PM_COVERS takes them, also in one region with polygons. */
typedef struct pm_regions {
    const double *coords;        /**< x0 y0 x1 y1 ...: 2 * coord_count doubles */
    size_t coord_count;          /**< vertices */
    const int64_t *ring_offsets; /**< ring_count + 1 positions in coords (in vertices) */
    size_t ring_count;
    const int64_t *polygon_offsets; /**< polygon_count + 1 positions in the rings */
    size_t polygon_count;
    const int64_t *geom_offsets; /**< geom_count + 1 positions in the polygons; NULL: each polygon is a region */
    size_t geom_count;           /**< ignored when geom_offsets is NULL */
    const uint8_t *kinds;        /**< a pm_part for each polygon; NULL: all of them are polygons */
    uint64_t reserved[3];        /**< 0 */
} pm_regions;

/** What an item of the level `polygons` is. */
typedef enum pm_part {
    PM_PART_POLYGON = 0, /**< a shell and its holes */
    PM_PART_LINE = 1,    /**< one ring, not closed: the edges between its vertices */
    PM_PART_POINT = 2    /**< one ring of one vertex */
} pm_part;

/** Points as two strided arrays of doubles. (n, 2) rows: y = x + 1 and both strides 16. */
typedef struct pm_points {
    const double *x;
    const double *y;
    ptrdiff_t x_stride; /**< bytes from one x to the next; any value, unaligned and negative included */
    ptrdiff_t y_stride;
    size_t count;
    uint64_t reserved[3]; /**< 0 */
} pm_points;

/** Disks: regions seen by their centers only. A point is in disk i when it is strictly closer to the center than
 * the distance that the options give for i. A center that is NaN is in no disk. */
typedef struct pm_disks {
    const double *x; /**< count centers */
    const double *y;
    const double *area; /**< count areas, not NaN, for PM_SMALLEST and PM_LARGEST; else NULL is allowed */
    size_t count;
    uint64_t reserved[4]; /**< 0 */
} pm_disks;

/** Number of regions of the view: geom_count, or polygon_count without that level. */
PM_API size_t pm_regions_count(const pm_regions *regions);

/** Check offsets, kinds and coordinates.
 *
 * O(vertices). @return PM_OK, PM_ERR_ARGUMENT (NULL where there are items, something in `reserved`, a kind that is no
 * pm_part, a line or point of more than it can have), PM_ERR_OFFSETS, PM_ERR_COORDINATE */
PM_API PM_MUST_USE pm_status pm_regions_check(const pm_regions *regions, pm_error *err);

/* ---- measures ----------------------------------------------------------------------------------------- */

/** Area of one ring of `count` vertices: the correctly rounded absolute shoelace sum |sum(x[i] y[i+1] - x[i+1] y[i])|
 * / 2.
 *
 * Strides are in doubles: 1 for separate arrays, 2 for interleaved. Fewer than three vertices: 0. Finite input
 * gives a finite result or, beyond the largest double, infinity. A first vertex repeated at the end changes
 * nothing. O(count), allocates nothing. */
PM_API double pm_ring_area(const double *x, const double *y, ptrdiff_t stride, size_t count);

/** Center of `count` vertices, all of them as given: the exact sum, rounded once, divided by count (as
 * math.fsum(x) / n). `count` must not be 0. O(count), allocates nothing. */
PM_API void pm_vertex_center(const double *x, const double *y, ptrdiff_t stride, size_t count, double center[2]);

/** Areas and centers of regions.
 *
 * The area is the correctly rounded sum over the region's polygons of shell minus holes; lines and points add
 * nothing. The center is the mean of all vertices of all rings, a ring's repeated closing vertex left out (a line's
 * last vertex is never left out); (NaN, NaN) for an empty region.
 * O(vertices), allocates nothing. The view must have passed pm_regions_check().
 *
 * @param areas    NULL, or receives one area per region
 * @param centers  NULL, or receives x y per region */
PM_API void pm_regions_measure(const pm_regions *regions, double *areas, double *centers);

/** The same on the sphere, of longitudes and latitudes in degrees.
 *
 * The area is in square metres: of a ring, its smaller side (see PM_SPHERE), to a relative error of some 1e-15 of the
 * part of the sphere between its latitudes. It depends neither on the first vertex nor on the direction. For the
 * center, longitudes are moved by whole turns to within 180 degrees of the region's first vertex. A ring's last
 * vertex is left out where it is the place of the first. O(vertices), allocates nothing.
 *
 * @return PM_OK, or PM_ERR_COORDINATE with the region: a vertex beyond the poles, or an edge between opposite places
 */
PM_API PM_MUST_USE pm_status pm_regions_measure_sphere(const pm_regions *regions, double *areas, double *centers,
                                                       pm_error *err);

/** 1 when (x, y) is strictly closer to the center than `distance`, exactly; else 0. NaN anywhere, a negative
 * distance and an infinite point give 0; an infinite distance gives 1 for every finite point. */
PM_API int pm_is_closer(const double center[2], double x, double y, double distance);

/** Rounded squares of distances that are certainly closer than a distance: below `inner`; and certainly not: above
 * `outer`. */
typedef struct pm_band {
    double inner, outer;
} pm_band;

/** The band of a distance, for loops that call pm_is_closer() only where a rounded square falls into the band.
 *
 * |c - p|^2 < d^2 is decided by the rounded square of the distance unless it is close to d^2. A difference has the
 * relative error u = 2^-53, so the square has at most 4u + O(u^2) and d^2 has u: outside of a band of 8u the two
 * can't change sides, however the compiler fuses the operations. Underflow can't matter while d^2 is far above the
 * smallest normal number; where it is not, and where d^2 overflows, the band is wide. A square that overflows is
 * above any finite band; one that is NaN is neither below nor above. */
static inline pm_band pm_band_of(double distance) {
    const double square = distance * distance, eight_u = 8.8817841970012523e-16; /* 2^-50 */
    pm_band band = {square * (1 - eight_u), square * (1 + eight_u)};
    if (!(distance > 0)) {
        band.inner = band.outer = -1;
    } else if (!(square < 1e300)) {
        band.inner = -1;
        band.outer = INFINITY;
    } else if (!(square > 1e-280)) {
        band.inner = -1;
        band.outer = 2e-280;
    }
    return band;
}

/** The square of the distance between two places, rounded at each step. */
static inline double pm_rounded_square(double ax, double ay, double bx, double by) {
    double dx = ax - bx, dy = ay - by;
    return dx * dx + dy * dy;
}

/* ---- index -------------------------------------------------------------------------------------------- */

/** Which regions are candidates for a point. */
typedef enum pm_predicate {
    PM_COVERS = 0,        /**< the region covers the point, its boundary included */
    PM_CENTER_WITHIN = 1, /**< the region's center is strictly closer than the distance */
    PM_DWITHIN = 2,       /**< the region is at most the distance away: it covers the point, or an edge of it is */
    PM_NEAREST = 3 /**< as PM_DWITHIN, but the closest wins, and `best` decides between equal distances only: the
                        region the point is in, or else the closest one */
} pm_predicate;

/** The word for a predicate, "covers": what messages and interfaces call it. Predicates are numbered from 0 without a
 * gap; NULL for a number that is none. */
PM_API const char *pm_predicate_name(pm_predicate predicate);

/** Which candidate wins; of equal ones the first in the input. */
typedef enum pm_best {
    PM_SMALLEST = 0,     /**< lowest area; areas compare as the doubles pm_regions_measure() gives */
    PM_LARGEST = 1,      /**< highest area */
    PM_FIRST = 2,        /**< input order */
    PM_SCORE_DOUBLE = 3, /**< lowest of `scores` (double); NaN is an error */
    PM_SCORE_INT64 = 4,  /**< lowest of `scores` (int64_t) */
    PM_SCORE_UINT64 = 5  /**< lowest of `scores` (uint64_t) */
} pm_best;

/** The word for a best rule, "smallest"; "score" for each type of scores. Rules are numbered from 0 without a gap;
 * NULL for a number that is none. */
PM_API const char *pm_best_name(pm_best best);

/** How to answer: every engine gives the same answers. */
typedef enum pm_engine {
    PM_ENGINE_AUTO = 0, /**< the tree, unless there is little to search */
    PM_ENGINE_SCAN = 1, /**< box by box, best first: nothing to build, for few points */
    PM_ENGINE_TREE = 2, /**< the map of answers cut into cells, for many. Where it can't pay (extents beyond 1e100,
                             infinite radii, thousands of borders in one place) the index is scanned. Distances to
                             edges come from a tree over the edges' boxes, which always pays */
    PM_ENGINE_BOXES = 3 /**< of a pm_job only: a tree over the boxes of the polygons, which stay where they are */
} pm_engine;

/** What coordinates, edges and distances are. */
typedef enum pm_metric {
    PM_PLANAR = 0, /**< x and y of a plane: straight edges, distances in their unit */
    PM_SPHERE = 1 /**< longitude and latitude in degrees, on a sphere of radius 6,371,008.8 m: edges are arcs of great
                       circles, the shorter way between their ends; distances, limits and radii are metres, areas
                       square metres. Longitudes count modulo 360, and with latitude 90 or -90 each is the pole. A
                       point beyond the poles matches nothing; a vertex there, and an edge between exactly opposite
                       places, is PM_ERR_COORDINATE.

                       The inside of a ring is its smaller side: the one with which the signed area is at most half
                       the sphere, then even-odd as in the plane, where a ring crosses itself. So no ring holds more
                       than half the sphere, and a box around the whole world, whose left and right side are the same
                       meridian, has no inside. Of two halves, the one with the north pole */
} pm_metric;

/** The word for a metric, "planar"; NULL for a number that is none. Metrics are numbered from 0 without a gap. */
PM_API const char *pm_metric_name(pm_metric metric);

/** What to answer. All zero is the default: covers, smallest, in the plane. */
typedef struct pm_options {
    pm_predicate predicate;
    pm_best best;
    const void *scores;     /**< for PM_SCORE_*: one per region; else NULL */
    const double *distance; /**< for PM_CENTER_WITHIN, PM_DWITHIN and, if wanted, PM_NEAREST: >= 0, infinity allowed;
                                 else NULL */
    size_t distance_count;  /**< 1 for all the regions, or one per region; 0 for PM_NEAREST without a limit */
    pm_engine engine;
    const pm_allocator *allocator; /**< NULL: malloc and free */
    const double *areas;           /**< for PM_SMALLEST and PM_LARGEST of regions: NULL, they are measured; or one per
                                        region, none NaN, that count instead */
    size_t max_bytes;              /**< most bytes of the block, so that a tree grows no further; 0: three times the
                                        coordinates + 128 per polygon + 16 MB, for PM_CENTER_WITHIN 256 per region +
                                        4 MB, for PM_DWITHIN and PM_NEAREST three times as much as for PM_COVERS and
                                        128 per region, and the note */
    int (*poll)(void *context);    /**< NULL, or called every few milliseconds of a build, from its thread; nonzero
                                        stops the build with PM_ERR_STOPPED */
    void *poll_context;
    const void *note; /**< `note_size` bytes that the index keeps for the caller, see pm_index_note(); else NULL */
    size_t note_size;
    double period; /**< 0, or x and x + k * period are one place for every whole number k, exactly: a region matches a
                        point if it does at any of the point's turns, and its distance is the least of all. Positive,
                        finite, at least 2^-25 of the largest |x| that can match, and 2^-16 of the width. Edges stay
                        as they are given */
    pm_metric metric; /**< with PM_SPHERE, period is 0 or 360, which changes nothing */
    int compact;      /**< 1, for PM_COVERS: a quarter of the bytes, about, to be shipped, with the same answers.
                           Points next to an edge take longer, and candidates can't be listed. It is smallest
                           where coordinates have a fixed number of digits. `max_bytes` is for the result */
    int (*run)(void *context, void (*task)(void *tasks, size_t number), void *tasks,
               size_t count); /**< NULL, or calls task(tasks, i) once for each i below count, in any order, on any
                                   threads, and returns when all of them have returned: then a tree of polygons is
                                   painted on these threads, to the same bytes. They call `allocator` and `poll`, too.
                                   Nonzero, with some tasks left out, stops the build with PM_ERR_STOPPED */
    void *run_context;
    uint64_t reserved[6]; /**< 0 */
} pm_options;

/** Regions prepared for matching. */
typedef struct pm_index pm_index;

/** Build an index that answers the rules chosen in `options` over `regions`.
 *
 * Copies what it needs: the caller may free everything afterwards. The index never changes again, so any number
 * of threads may use it at once. O(v log v + n) time for v vertices of n regions; memory
 * linear in v.
 *
 * @param options  NULL for the defaults
 * @param out      receives the index, to be released with pm_index_free(); NULL after a failure
 * @param err      NULL, or receives the region at fault and a sentence
 * @return PM_OK or one of the errors above */
PM_API PM_MUST_USE pm_status pm_index_build(const pm_regions *regions, const pm_options *options, pm_index **out,
                                            pm_error *err);

/** Build an index over disks: PM_CENTER_WITHIN for regions of which only center and area are known.
 *
 * As pm_index_build() with that predicate; O(n). A NaN area is PM_ERR_SCORE. */
PM_API PM_MUST_USE pm_status pm_index_build_disks(const pm_disks *disks, const pm_options *options, pm_index **out,
                                                  pm_error *err);

/** The index as one block of bytes, to be written to a file, sent or shared; pm_index_open() takes it back.
 *
 * It holds no addresses, so it may be copied anywhere, and the same regions under the same options give the same
 * bytes. It lives as long as the index does. Cannot fail, O(1).
 *
 * @param size  receives its size in bytes */
PM_API const void *pm_index_block(const pm_index *index, size_t *size);

/** Use a block of pm_index_block() as an index, wherever it came from.
 *
 * The block is borrowed: it must stay in place and unchanged until pm_index_free(). With `verify` the bytes may be
 * anything: whatever is not a block that this library wrote is refused, and if somebody forged one, checksum
 * included, answers may be wrong, but they are positions in range or PM_NO_MATCH, every call returns, and nothing
 * outside of the block is read. Without `verify` only the header is looked at: for blocks that one wrote oneself.
 * O(size) at about the speed of memory, or O(1). Allocates a few hundred bytes.
 *
 * @param block      size bytes, at a multiple of 8; at one of 64 (as in a mapped file) matching is fastest
 * @param allocator  NULL: malloc and free
 * @param out        receives the index, to be released with pm_index_free(); NULL after a failure
 * @param err        NULL, or receives what is wrong with the bytes
 * @return PM_OK, PM_ERR_BLOCK, PM_ERR_VERSION, PM_ERR_ARGUMENT or PM_ERR_NO_MEMORY */
PM_API PM_MUST_USE pm_status pm_index_open(const void *block, size_t size, int verify, const pm_allocator *allocator,
                                           pm_index **out, pm_error *err);

/** Release an index; NULL is allowed. */
PM_API void pm_index_free(pm_index *index);

/** Number of regions, empty ones included. */
PM_API size_t pm_index_count(const pm_index *index);

/** The predicate it was built with. */
PM_API pm_predicate pm_index_predicate(const pm_index *index);

/** The metric it was built with. */
PM_API pm_metric pm_index_metric(const pm_index *index);

/** 1 for a compact index (pm_options.compact), else 0. */
PM_API int pm_index_is_compact(const pm_index *index);

/** Its rule for the best, PM_SCORE_* for scores. */
PM_API pm_best pm_index_best(const pm_index *index);

/** How many distances it was built with: 0, 1, or one per region. */
PM_API size_t pm_index_distance_count(const pm_index *index);

/** The note that the index was built with: bytes that belong to the caller, such as names of the regions. The library
 * doesn't look at them; they are part of the block.
 *
 * @param size  receives its size in bytes
 * @return its first byte, at a multiple of 64 bytes from the start of the block; NULL where there is none. It lives
 * as long as the index does. Cannot fail, O(1). */
PM_API const void *pm_index_note(const pm_index *index, size_t *size);

/** How the names of an index are stored. */
typedef enum pm_names {
    PM_NAMES_NONE = 0, /**< none are stored */
    PM_NAMES_TEXT = 1, /**< each name is text */
    PM_NAMES_JSON = 2  /**< each name is a JSON value: a number, true, false, null or a text in quotes */
} pm_names;

/** Has it names of its regions, in a note of the format that docs/abi.md describes? The Python package and the
 * command line write such notes. Any other note has no names. Cannot fail, O(1). */
PM_API pm_names pm_index_names(const pm_index *index);

/** The name of a region, in UTF-8 and without a 0 at its end, as pm_index_names() says.
 *
 * It lies in the block: it lives as long as the index does, and nothing is allocated. O(1), from any thread, safe
 * with a note of any bytes.
 *
 * @param region  a position in the input, as pm_index_match() gives it
 * @param size    receives its size in bytes
 * @return its first byte; NULL where there is none, as for PM_NO_MATCH */
PM_API const char *pm_index_name(const pm_index *index, int64_t region, size_t *size);

/** The coordinate reference system of the regions, as text in UTF-8 without a 0 at its end: a code such as EPSG:4326,
 * WKT or PROJJSON. As pm_index_name().
 *
 * @param size  receives its size in bytes; 0 where the regions say that they have none
 * @return its first byte; NULL where nothing is known about it */
PM_API const char *pm_index_crs(const pm_index *index, size_t *size);

/** Its period, 0 for none. */
PM_API double pm_index_period(const pm_index *index);

/** Bytes of memory the index owns: its block, unless that is borrowed, and a little more. */
PM_API size_t pm_index_size(const pm_index *index);

/** Smallest box around every point that can match: min x, min y, max x, max y (for disks, rounded outwards by
 * less than a few ulps; on the sphere, by up to 1e-8 degrees). All NaN when nothing can. */
PM_API void pm_index_bounds(const pm_index *index, double bounds[4]);

/** Match points: out[i] receives the position of the best region for point i, or PM_NO_MATCH.
 *
 * A point with a NaN or infinite coordinate never matches. Cannot fail and allocates nothing, so it may be
 * called on any slice of the points, from any thread, in any order. With a tree the time per point depends neither
 * on how many regions there are nor on their vertices; without, it is O(n) for n regions, tried best first up to the
 * first hit. Vector instructions are used where the machine has them: the answers are the same. */
PM_API void pm_index_match(const pm_index *index, const pm_points *points, int64_t *out);

/** Match one point: the answer that pm_index_match() gives for it.
 *
 * Cannot fail and allocates nothing; any number of threads may call it. Many points take less time per point in one
 * call of pm_index_match().
 *
 * @return the position of its best region, or PM_NO_MATCH */
PM_API int64_t pm_index_match_one(const pm_index *index, double x, double y);

/** Match points and measure: as pm_index_match(), and distances[i] receives the distance from point i to its region.
 *
 * For PM_NEAREST and PM_DWITHIN that is 0 where the region covers the point, else the least distance to one of its
 * edges; for PM_CENTER_WITHIN the distance to its center. NaN where the answer is PM_NO_MATCH. Within 4 units in the
 * last place of the true distance; infinity where that exceeds the largest double. On the sphere, metres, within
 * 1e-8 m and 1e-14 of the distance. Allocates nothing; as
 * pm_index_match() it may be called on any slice of the points, from any thread.
 *
 * @return PM_OK; PM_ERR_ARGUMENT for an index of PM_COVERS, which has no distances: use PM_NEAREST */
PM_API PM_MUST_USE pm_status pm_index_match_distances(const pm_index *index, const pm_points *points, int64_t *out,
                                                      double *distances, pm_error *err);

/* ---- for callers without structs ---------------------------------------------------------------------- */

/* Pointers, sizes and numbers only, for foreign-function callers; enums are int. With pm_index_open(),
 * pm_index_free() and the functions above, which take no other structs than pm_error, that is all of an index. */

/** The options that are one of two, as bits. */
typedef enum pm_flag {
    PM_FLAG_COMPACT = 1, /**< pm_options.compact */
    PM_FLAG_SPHERE = 2   /**< pm_options.metric is PM_SPHERE */
} pm_flag;

/** As pm_index_build(), from the members of pm_regions and pm_options one by one.
 *
 * @param kinds           NULL, or a pm_part for each polygon
 * @param geom_offsets    NULL: each polygon is a region
 * @param scores          NULL, or one per region, of the type that `best` says
 * @param distance        NULL, or distance_count distances
 * @param period          0 for none
 * @param max_bytes       0 for the default
 * @param note            NULL, or note_size bytes that the index keeps
 * @param flags           0, or a sum of pm_flag
 * @param out             receives the index, to be released with pm_index_free(); NULL after a failure
 * @param err             NULL, or receives the region at fault and a sentence */
PM_API PM_MUST_USE pm_status pm_index_build_arrays(
    const double *coords, size_t coord_count, const int64_t *ring_offsets, size_t ring_count,
    const int64_t *polygon_offsets, size_t polygon_count, const int64_t *geom_offsets, size_t geom_count,
    const uint8_t *kinds, int predicate, int best, const void *scores, const double *distance, size_t distance_count,
    double period, size_t max_bytes, const void *note, size_t note_size, int flags, pm_index **out, pm_error *err);

/** As pm_index_match(), or as pm_index_match_distances() where `distances` is not NULL.
 *
 * @param x_stride   bytes from one x to the next: 8 for an array of its own, 16 for x y x y ..., where y is x + 1
 * @param out        receives one answer per point
 * @param distances  NULL, or receives one distance per point
 * @return PM_OK; PM_ERR_ARGUMENT only where distances are asked of an index that has none */
PM_API PM_MUST_USE pm_status pm_index_match_arrays(const pm_index *index, const double *x, const double *y,
                                                   ptrdiff_t x_stride, ptrdiff_t y_stride, size_t count, int64_t *out,
                                                   double *distances, pm_error *err);

/** As pm_index_match(), with answers of 32 bits, which hold every position. Cannot fail. */
PM_API void pm_index_match_int32(const pm_index *index, const double *x, const double *y, ptrdiff_t x_stride,
                                 ptrdiff_t y_stride, size_t count, int32_t *out);

/* ---- all candidates ----------------------------------------------------------------------------------- */

/** Lists all candidates of a point, where an index gives one. */
typedef struct pm_lister pm_lister;

/** Build a lister over an index, which must live as long.
 *
 * For PM_COVERS and PM_CENTER_WITHIN it makes a tree over the boxes of the regions, O(v log n) time and a fifth of
 * the coordinates; an index of distances has what it takes. It never changes, so any number of threads may use it at
 * once.
 *
 * @param allocator  NULL: malloc and free; also what lists of several threads take their scratch from
 * @param out        receives the lister, to be released with pm_lister_free(); NULL after a failure
 * @return PM_OK, PM_ERR_ARGUMENT (a compact index has no lister) or PM_ERR_NO_MEMORY */
PM_API PM_MUST_USE pm_status pm_lister_build(const pm_index *index, const pm_allocator *allocator, pm_lister **out,
                                             pm_error *err);

/** Release a lister, before its index; NULL is allowed. */
PM_API void pm_lister_free(pm_lister *lister);

/** Where lists go: those of all points, one after the other. */
typedef struct pm_lists {
    int64_t *counts;      /**< one per point: how many candidates it has */
    int64_t *ids;         /**< NULL: they are only counted; or positions of regions, each point's best first */
    double *distances;    /**< NULL, or the distance of each; not for PM_COVERS */
    size_t room;          /**< of ids, and of distances */
    uint64_t reserved[4]; /**< 0 */
} pm_lists;

/** List the candidates of points, the best first: by rank, and for PM_NEAREST by distance, rank and input order.
 *
 * It stops where the room ends: then `done` points are complete, and counts[done] says how many candidates the next
 * one has. Call it again for the points from there on, with more room. A point with a NaN or infinite coordinate has
 * none. Time per point: the candidates, and what finding them among the others takes. Any number of threads may list
 * at once, each its own points.
 *
 * @param most   at most this many per point; SIZE_MAX for all. PM_NEAREST without a distance has every region as
 *               a candidate
 * @param lists  receives counts and candidates
 * @param done   receives the number of points that are complete
 * @return PM_OK, PM_ERR_NO_MEMORY, or PM_ERR_ARGUMENT for distances of PM_COVERS */
PM_API PM_MUST_USE pm_status pm_lister_list(const pm_lister *lister, const pm_points *points, size_t most,
                                            const pm_lists *lists, size_t *done, pm_error *err);

/** As pm_lister_list(), from the members of pm_points and pm_lists one by one. */
PM_API PM_MUST_USE pm_status pm_lister_list_arrays(const pm_lister *lister, const double *x, const double *y,
                                                   ptrdiff_t x_stride, ptrdiff_t y_stride, size_t count, size_t most,
                                                   int64_t *counts, int64_t *ids, double *distances, size_t room,
                                                   size_t *done, pm_error *err);

/** A cell of the map of answers. */
typedef struct pm_index_cell {
    double min_x, min_y, max_x, max_y; /**< its sides; those of neighbours are equal */
    int is_border;                     /**< 1: a border may run through, its points are looked at one by one */
    int64_t answer;                    /**< of all its points; PM_NO_MATCH for none and in border cells */
} pm_index_cell;

/** Show the cells of the index's tree, to draw them or to count them: squares that fill the root cell, a square
 * somewhat larger than the regions, each cell once, depth-first, the lower left quarter of a square first. Four
 * quarters of one answer are shown as one cell. Nothing is shown where there is no tree, nor for PM_NEAREST, whose
 * answers are on two.
 *
 * Sides are rounded: a point within a few units in the last place of one may be answered by the cell beyond.
 * Allocates nothing, any number of threads may do so at once. O(nodes of the tree).
 *
 * @param visit    called with `context` for each cell, which is gone afterwards; nonzero ends the walk
 * @return what the last call of `visit` returned; 0 when there was none */
PM_API int pm_index_visit(const pm_index *index, int (*visit)(void *context, const pm_index_cell *cell),
                          void *context);

/* ---- without an index --------------------------------------------------------------------------------- */

/** Regions and points that meet once. */
typedef struct pm_job pm_job;

/** Prepare regions for these points, the cheapest way: for few points, the regions are compared where they are, found
 * by their boxes; for many, an index is built as pm_index_build() does. The answers are the same.
 *
 * The arrays of `regions`, and scores and areas of the options, are borrowed until pm_job_free(). The job never
 * changes, so any number of threads may match at once. From O(v) time for v vertices, and memory for the boxes.
 *
 * @param options  NULL for the defaults. `engine` may force a way: PM_ENGINE_SCAN looks through boxes,
 * PM_ENGINE_BOXES has them in a tree, PM_ENGINE_TREE builds the index. Rules and limits that only an index knows (a
 *                 distance, a period, lines, max_bytes, a note) build one
 * @param points   all points that will be matched: a few of them are looked at, to estimate the work, and an index
 * may be built for them only. Another point may get PM_NO_MATCH where it has a region
 * @param out      receives the job, to be released with pm_job_free(); NULL after a failure
 * @return as pm_index_build() */
PM_API PM_MUST_USE pm_status pm_job_build(const pm_regions *regions, const pm_options *options,
                                          const pm_points *points, pm_job **out, pm_error *err);

/** How a job answers: PM_ENGINE_SCAN, PM_ENGINE_BOXES, or PM_ENGINE_TREE for an index. */
PM_API pm_engine pm_job_engine(const pm_job *job);

/** Match points that the job was built for, any of them, as pm_index_match() does; cannot fail and allocates nothing.
 */
PM_API void pm_job_match(const pm_job *job, const pm_points *points, int64_t *out);

/** Match points and measure, as pm_index_match_distances() does. */
PM_API PM_MUST_USE pm_status pm_job_match_distances(const pm_job *job, const pm_points *points, int64_t *out,
                                                    double *distances, pm_error *err);

/** Release a job; NULL is allowed. */
PM_API void pm_job_free(pm_job *job);

/** Regions that are read one by one. */
typedef struct pm_reader {
    size_t count;        /**< regions */
    size_t vertex_count; /**< about how many all of them have, to estimate the work */
    const double *boxes; /**< min x, min y, max x, max y of each region; NaN: an empty one */
    /** Reads a region: sets `one` to arrays that hold it alone and stay until the next call. What is no PM_OK ends
     * the match and is returned. A region may be read again. */
    pm_status (*read)(void *context, size_t region, pm_regions *one, pm_error *err);
    void *context;
    uint64_t reserved[4]; /**< 0 */
} pm_reader;

/** Match points with regions that are read when a point is in their box, in their order, and then forgotten: for
 * callers that have geometries of another library, which know their boxes. PM_COVERS in the plane, by any rule but
 * the caller's own areas.
 *
 * @param options  NULL for the defaults
 * @param points   fewer than 2^32 - 1
 * @param out      receives one answer per point, as pm_index_match() gives them; after a failure anything
 * @param done     NULL: match in any case; else receives 1, or 0 where an index would be cheaper: nothing was read
 * @param err      NULL, or receives the region at fault and a sentence; written only on failure
 * @return PM_OK, PM_ERR_NO_MEMORY, PM_ERR_ARGUMENT, PM_ERR_OFFSETS, PM_ERR_COORDINATE, PM_ERR_SCORE, PM_ERR_STOPPED,
 * or what read() returned */
PM_API PM_MUST_USE pm_status pm_reader_match(const pm_reader *reader, const pm_options *options,
                                             const pm_points *points, int64_t *out, int *done, pm_error *err);

/** Match points to disks in one call, for jobs too small to keep anything. The answers are those of
 * pm_index_build_disks() and pm_index_match(). O(n) for n disks, and for each point what pm_index_match() takes.
 *
 * @return PM_OK, PM_ERR_NO_MEMORY, PM_ERR_ARGUMENT, PM_ERR_SCORE or PM_ERR_DISTANCE */
PM_API PM_MUST_USE pm_status pm_match_disks(const pm_disks *disks, const pm_options *options, const pm_points *points,
                                            int64_t *out, pm_error *err);

#ifdef __cplusplus
}
#endif

#endif
