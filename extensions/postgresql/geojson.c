/* GeoJSON to a region: a geometry, or a feature for its geometry. Of a collection with polygons only these count. */
#include "shapes.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

/* A member of an object; NULL where it is missing. */
static JsonbValue *member(JsonbContainer *object, const char *name) {
    return JsonContainerIsObject(object) ? getKeyJsonValueFromContainer(object, name, (int)strlen(name), NULL) : NULL;
}

static JsonbContainer *elements(shapes *s, JsonbValue *value, const char *what) {
    if (!value || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
        bad_shape(s, "expected GeoJSON with an array as %s", what);
    return value->val.binary.data;
}

static double number(shapes *s, JsonbContainer *position, uint32 i) {
    const JsonbValue *value = getIthJsonbValueFromContainer(position, i);
    if (!value || value->type != jbvNumeric)
        bad_shape(s, "expected a position of at least two numbers in GeoJSON");
    return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

static void position(shapes *s, JsonbValue *value) {
    JsonbContainer *xy = elements(s, value, "a position");
    const double x = number(s, xy, 0);
    add_vertex(s, x, number(s, xy, 1));
}

/* An array of arrays, `depth` levels above a position. */
static void ring(shapes *s, JsonbValue *value) {
    JsonbContainer *positions = elements(s, value, "a line or ring");
    const uint32 count = JsonContainerSize(positions);
    for (uint32 i = 0; i < count; i++)
        position(s, getIthJsonbValueFromContainer(positions, i));
    end_ring(s);
}

static void point(shapes *s, JsonbValue *value) {
    if (JsonContainerSize(elements(s, value, "a position")) == 0)
        return; /* an empty point */
    position(s, value);
    end_ring(s);
    end_polygon(s, PM_PART_POINT);
}

static void line(shapes *s, JsonbValue *value) {
    if (JsonContainerSize(elements(s, value, "a line")) == 0)
        return;
    ring(s, value);
    end_polygon(s, PM_PART_LINE);
}

static void polygon(shapes *s, JsonbValue *value) {
    JsonbContainer *rings = elements(s, value, "the rings of a polygon");
    for (uint32 i = 0; i < JsonContainerSize(rings); i++)
        ring(s, getIthJsonbValueFromContainer(rings, i));
    end_polygon(s, PM_PART_POLYGON);
}

static const struct kind {
    const char *name;
    void (*read)(shapes *s, JsonbValue *coordinates);
    bool is_many, is_polygon;
} KINDS[] = {
    {"Point", point, false, false},         {"MultiPoint", point, true, false}, {"LineString", line, false, false},
    {"MultiLineString", line, true, false}, {"Polygon", polygon, false, true},  {"MultiPolygon", polygon, true, true},
};

static bool is_type(const JsonbValue *type, const char *name) {
    return type && type->type == jbvString && (Size)type->val.string.len == strlen(name) &&
           memcmp(type->val.string.val, name, strlen(name)) == 0;
}

/* Read a geometry; with `found`, only look whether there is a polygon in it. */
static void geometry(shapes *s, JsonbContainer *object, bool polygons_only, bool *found) {
    const JsonbValue *type = member(object, "type");
    check_stack_depth();
    CHECK_FOR_INTERRUPTS();
    if (is_type(type, "GeometryCollection")) {
        JsonbContainer *members = elements(s, member(object, "geometries"), "\"geometries\"");
        for (uint32 i = 0; i < JsonContainerSize(members); i++) {
            JsonbValue *value = getIthJsonbValueFromContainer(members, i);
            if (value->type != jbvBinary)
                bad_shape(s, "expected a geometry in a GeometryCollection of GeoJSON");
            geometry(s, value->val.binary.data, polygons_only, found);
        }
        return;
    }
    for (const struct kind *kind = KINDS; kind < KINDS + lengthof(KINDS); kind++) {
        if (!is_type(type, kind->name))
            continue;
        if (found)
            *found |= kind->is_polygon;
        if (found || (polygons_only && !kind->is_polygon))
            return;
        JsonbValue *coordinates = member(object, "coordinates");
        if (!kind->is_many) {
            kind->read(s, coordinates);
            return;
        }
        JsonbContainer *members = elements(s, coordinates, "\"coordinates\"");
        for (uint32 i = 0; i < JsonContainerSize(members); i++)
            kind->read(s, getIthJsonbValueFromContainer(members, i));
        return;
    }
    bad_shape(s, "expected a geometry or a feature of GeoJSON");
}

void read_geojson(shapes *s, JsonbContainer *root) {
    if (is_type(member(root, "type"), "Feature")) {
        const JsonbValue *value = member(root, "geometry");
        if (!value || value->type == jbvNull)
            return;
        if (value->type != jbvBinary)
            bad_shape(s, "expected a geometry in a feature of GeoJSON");
        root = value->val.binary.data;
    } else if (JsonContainerIsScalar(root) && getIthJsonbValueFromContainer(root, 0)->type == jbvNull) {
        return;
    }
    bool has_polygon = false;
    geometry(s, root, false, &has_polygon);
    geometry(s, root, has_polygon, NULL);
}
