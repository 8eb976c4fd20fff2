-- Matching: the index is a bytea, as in a table, or the name of a file. See README.md.
\echo Use "CREATE EXTENSION polymatch" to load this file. \quit

CREATE FUNCTION pm_match(index bytea, x float8, y float8) RETURNS int4
AS 'MODULE_PATHNAME', 'pm_match_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pm_match(file text, x float8, y float8) RETURNS int4
AS 'MODULE_PATHNAME', 'pm_match_file' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pm_match_name(index bytea, x float8, y float8) RETURNS text
AS 'MODULE_PATHNAME', 'pm_match_name_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pm_match_name(file text, x float8, y float8) RETURNS text
AS 'MODULE_PATHNAME', 'pm_match_name_file' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pm_regions(index bytea, OUT region int4, OUT name text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pm_regions_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000;

CREATE FUNCTION pm_regions(file text, OUT region int4, OUT name text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pm_regions_file' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 1000;

COMMENT ON FUNCTION pm_match(bytea, float8, float8) IS 'position of the best region of an index for a point, or NULL';
COMMENT ON FUNCTION pm_match(text, float8, float8) IS 'position of the best region of an index for a point, or NULL';
COMMENT ON FUNCTION pm_match_name(bytea, float8, float8) IS 'name of the best region of an index for a point, or NULL';
COMMENT ON FUNCTION pm_match_name(text, float8, float8) IS 'name of the best region of an index for a point, or NULL';
COMMENT ON FUNCTION pm_regions(bytea) IS 'regions of an index';
COMMENT ON FUNCTION pm_regions(text) IS 'regions of an index';
