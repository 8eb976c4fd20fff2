/** What the page and its worker say to each other. */

export interface Rule {
    predicate: "covers" | "nearest" | "dwithin" | "center_within";
    best: string;
    distance: number | undefined;
}

/** To the worker. */
export type Request =
    | { do: "open"; files: File[] }
    | { do: "example"; regions: Uint8Array; points: Uint8Array }
    | { do: "match"; rule: Rule }
    | { do: "columns"; x: number; y: number }
    | { do: "names"; property: string }
    | { do: "swap" }
    | { do: "where"; x: number; y: number }
    | { do: "save"; format: "csv" | "geojson" };

/** Of regions: what is drawn and listed. */
export interface Regions {
    file: string;
    names: string[];
    property: string;
    properties: string[];
    numeric: string[];
    coords: Float32Array;
    rings: Uint32Array;
    /** Of each ring, the region. */
    owners: Uint32Array;
    colours: Uint8Array;
    milliseconds: number;
}

export interface Points {
    file: string;
    x: Float32Array;
    y: Float32Array;
    columns: string[];
    chosen: [number, number];
    milliseconds: number;
}

export interface Result {
    ids: Int32Array;
    counts: Uint32Array;
    unmatched: number;
    nowhere: number;
    buildMilliseconds: number;
    matchMilliseconds: number;
    bytes: number;
    vertices: number;
    warnings: Warning[];
}

export interface Warning {
    text: string;
    /** What a button beside it does. */
    fix?: "swap";
}

/** From the worker. */
export type Reply =
    | { is: "progress"; what: string; share: number | null }
    | { is: "regions"; regions: Regions }
    | { is: "points"; points: Points }
    | { is: "choose"; file: string; columns: string[] }
    | { is: "result"; result: Result }
    | { is: "where"; x: number; y: number; name: string | null }
    | { is: "saved"; blob: Blob; name: string }
    | { is: "names"; names: string[]; property: string }
    | { is: "error"; text: string };
