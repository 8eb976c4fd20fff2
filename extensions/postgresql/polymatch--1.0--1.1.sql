-- Building an index in SQL: aggregates over shapes, one region per row. See README.md.
\echo Use "ALTER EXTENSION polymatch UPDATE" to load this file. \quit

-- Well-known binary, which PostGIS casts a geometry to.
CREATE FUNCTION pm_build_step(internal, shape bytea) RETURNS internal
AS 'MODULE_PATHNAME', 'pm_build_step_wkb' LANGUAGE C PARALLEL SAFE;
CREATE FUNCTION pm_build_step(internal, shape bytea, name text) RETURNS internal
AS 'MODULE_PATHNAME', 'pm_build_step_wkb' LANGUAGE C PARALLEL SAFE;
CREATE FUNCTION pm_build_step(internal, shape bytea, name text, predicate text, distance float8, best text)
RETURNS internal AS 'MODULE_PATHNAME', 'pm_build_step_wkb' LANGUAGE C PARALLEL SAFE;

-- GeoJSON: geometries and features.
CREATE FUNCTION pm_build_step(internal, shape jsonb) RETURNS internal
AS 'MODULE_PATHNAME', 'pm_build_step_geojson' LANGUAGE C PARALLEL SAFE;
CREATE FUNCTION pm_build_step(internal, shape jsonb, name text) RETURNS internal
AS 'MODULE_PATHNAME', 'pm_build_step_geojson' LANGUAGE C PARALLEL SAFE;
CREATE FUNCTION pm_build_step(internal, shape jsonb, name text, predicate text, distance float8, best text)
RETURNS internal AS 'MODULE_PATHNAME', 'pm_build_step_geojson' LANGUAGE C PARALLEL SAFE;

CREATE FUNCTION pm_build_end(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'pm_build_end' LANGUAGE C PARALLEL SAFE;

CREATE AGGREGATE pm_build(shape bytea)
(SFUNC = pm_build_step, STYPE = internal, FINALFUNC = pm_build_end, PARALLEL = SAFE);
CREATE AGGREGATE pm_build(shape bytea, name text)
(SFUNC = pm_build_step, STYPE = internal, FINALFUNC = pm_build_end, PARALLEL = SAFE);
CREATE AGGREGATE pm_build(shape bytea, name text, predicate text, distance float8, best text)
(SFUNC = pm_build_step, STYPE = internal, FINALFUNC = pm_build_end, PARALLEL = SAFE);
CREATE AGGREGATE pm_build(shape jsonb)
(SFUNC = pm_build_step, STYPE = internal, FINALFUNC = pm_build_end, PARALLEL = SAFE);
CREATE AGGREGATE pm_build(shape jsonb, name text)
(SFUNC = pm_build_step, STYPE = internal, FINALFUNC = pm_build_end, PARALLEL = SAFE);
CREATE AGGREGATE pm_build(shape jsonb, name text, predicate text, distance float8, best text)
(SFUNC = pm_build_step, STYPE = internal, FINALFUNC = pm_build_end, PARALLEL = SAFE);

COMMENT ON AGGREGATE pm_build(bytea) IS 'index of regions, one per row, for pm_match';
COMMENT ON AGGREGATE pm_build(bytea, text) IS 'index of regions with names, one per row, for pm_match';
COMMENT ON AGGREGATE pm_build(jsonb) IS 'index of regions, one per row, for pm_match';
COMMENT ON AGGREGATE pm_build(jsonb, text) IS 'index of regions with names, one per row, for pm_match';
