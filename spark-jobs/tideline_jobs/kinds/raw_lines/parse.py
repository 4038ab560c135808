"""Raw lines to event columns. Whatever a line holds, it becomes a row: an event, or a reason why it is none."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tideline_jobs.kinds.raw_lines.provenance import provenance

ENVELOPE = ("event_id", "event_name", "event_timestamp", "schema_version", "app_version")
CLOCK_SKEW_HOURS = 1
LATE_HOURS = 48
# Redshift's columns take 256 bytes; an identifier of this length is none.
IDENTIFIER_BYTES = 128
IDENTIFIERS = ("trip_id", "driver_id", "rider_id", "city_id", "geo_zone", "vehicle_type", "status")
# A name of a field that nobody knows may be anything, of any length.
DRIFT_NAME_CHARACTERS = 64
# One line in so many is looked through for unknown fields, and every line of an unknown schema version.
DRIFT_SAMPLE = 256

_LOCATION = "STRUCT<latitude: DOUBLE, longitude: DOUBLE, address: STRING>"
PAYLOAD_FIELDS = {
    "trip_id": "STRING",
    "driver_id": "STRING",
    "rider_id": "STRING",
    "city_id": "STRING",
    "geo_zone": "STRING",
    "pickup_location": _LOCATION,
    "dropoff_location": _LOCATION,
    "estimated_fare": "DECIMAL(12,2)",
    "actual_fare": "DECIMAL(12,2)",
    "surge_multiplier": "DECIMAL(4,2)",
    "vehicle_type": "STRING",
    "status": "STRING",
    "rating": "DOUBLE",
    "duration": "BIGINT",
}
_FLAT = {
    "start_lat": "pickup_location.latitude",
    "start_lon": "pickup_location.longitude",
    "start_address": "pickup_location.address",
    "end_lat": "dropoff_location.latitude",
    "end_lon": "dropoff_location.longitude",
    "end_address": "dropoff_location.address",
} | {name: name for name in PAYLOAD_FIELDS if not name.endswith("_location")}

_STRING = r'"(?:[^"\\]++|\\.)*+"'


def _object(depth: int) -> str:
    """A regular expression for a JSON object of well-formed JSON; possessive, so it neither backtracks nor recurses."""
    nested = f"|{_object(depth - 1)}" if depth else ""
    return r"\{(?:[^{}\"]++|" + _STRING + nested + r")*+\}"


_OBJECT = _object(6)
_PAYLOAD_ANYWHERE = (
    r"^\s*+\{(?:[^{}\"]++|(?!\"payload\"\s*+:)" + _STRING + "|" + _OBJECT + r')*+"payload"\s*+:\s*+(' + _OBJECT + ")"
)


def _fields(members: dict[str, str]) -> str:
    return ", ".join(f"{name}: {kind}" for name, kind in members.items())


def _objects(text: Column, fields: str) -> Column:
    """
    The objects in `text`, null where it is no JSON. Inside brackets, because from_json alone takes the first object
    of a line and forgets what follows it.
    """
    return F.from_json(F.concat(F.lit("["), text, F.lit("]")), f"ARRAY<STRUCT<{fields}>>")


def _only(objects: Column) -> Column:
    return F.when(F.size(objects) == 1, F.get(objects, F.lit(0)))


_PAYLOAD_KEY = '"payload":'


def _before_payload() -> Column:
    """
    The line with a zero for its payload. If that is a JSON object with this payload, and what is left out is one too,
    the line is JSON and ends with its payload: a short text proves it, and no line is parsed twice.
    """
    return F.concat("before", F.lit(_PAYLOAD_KEY + "0}"))


def _payload_at_end() -> Column:
    """
    The text between the first `"payload":` and the last brace: the payload as received, if that parses as one
    object. from_json cannot give it: it rewrites numbers, escapes and spaces. Cut by bytes: to count characters, Spark
    would walk through the whole line several times.
    """
    line = F.rtrim("value")
    start = F.octet_length("before") + len(_PAYLOAD_KEY)
    tail = F.substring(line.cast("binary"), start + 1, F.octet_length(line) - start - 1).cast("string")
    return F.when(line.endswith("}"), tail)


def _payload_elsewhere() -> Column:
    """For the rare line where other members follow the payload, or where it is a string that holds JSON."""
    matched = F.nullif(F.regexp_extract("value", _PAYLOAD_ANYWHERE, 1), F.lit(""))
    return F.coalesce(matched, F.from_json("value", "payload STRING")["payload"])


def _timestamp(text: Column) -> Column:
    # A cast alone would read a time without a date as a time of today.
    looks_whole = text.rlike(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
    return F.when(looks_whole, F.date_trunc("millisecond", text.try_cast("timestamp")))


def _reason(earliest: str) -> Column:
    """The first thing that is wrong with a line, or null for a valid event."""
    hour_end = F.col("arrival_hour") + F.expr("INTERVAL 1 HOUR")
    latest = hour_end + F.expr(f"INTERVAL {CLOCK_SKEW_HOURS} HOUR")
    return (
        F.when(F.trim("value") == "", "EMPTY_LINE")
        .when(F.col("envelope").isNull(), "UNPARSABLE")
        .when(F.col("envelope.event_id").isNull(), "MISSING_EVENT_ID")
        .when(F.col("envelope.event_name").isNull(), "MISSING_EVENT_NAME")
        .when(F.col("envelope.event_timestamp").isNull(), "MISSING_TIMESTAMP")
        .when(F.col("at").isNull(), "BAD_TIMESTAMP")
        .when(F.col("at") > latest, "FUTURE_TIMESTAMP")
        .when(F.col("at") < F.lit(earliest).cast("timestamp"), "ANCIENT_TIMESTAMP")
        .when(_bad_identifier(), "BAD_IDENTIFIER")
    )


def _bad_identifier() -> Column:
    """What the warehouse keeps as text and cannot: no column takes a zero byte, nor any length."""
    texts = [F.col("envelope.event_id"), *[F.col(f"fields.{name}") for name in IDENTIFIERS]]
    too_long = F.greatest(*[F.octet_length(F.coalesce(text, F.lit(""))) for text in texts]) > IDENTIFIER_BYTES
    return too_long | F.concat_ws("", *texts).rlike(r"\p{Cc}")


# Members of an event that have a column.
_KNOWN_MEMBERS = {*ENVELOPE, "payload", *(f"payload.{name}" for name in PAYLOAD_FIELDS)}


def _sampled_members(known_versions: Sequence[str]) -> Column:
    unknown_version = ~F.coalesce(F.col("envelope.schema_version").isin(list(known_versions)), F.lit(False))
    sampled = unknown_version | (F.col("line") % DRIFT_SAMPLE == 1)
    members = F.concat(
        F.json_object_keys("value"),
        F.transform(
            F.coalesce(F.json_object_keys("payload"), F.array().cast("array<string>")),
            lambda name: F.concat(F.lit("payload."), name),
        ),
    )
    unknown = F.array_except(members, F.array(*[F.lit(name) for name in sorted(_KNOWN_MEMBERS)]))
    names = F.array_distinct(F.transform(unknown, lambda name: F.substring(name, 1, DRIFT_NAME_CHARACTERS)))
    return F.when(F.col("envelope").isNotNull() & sampled & (F.size(unknown) > 0), names)


def parse_lines(lines: DataFrame, earliest: str, known_versions: Sequence[str]) -> DataFrame:
    """
    `value, arrival_hour, file, line` to the columns of bronze.events, and beside them `reason` (null: valid), `raw`
    (only of invalid lines), `file`, `line` and `members` (of sampled lines: names in the event that have no column).
    """
    envelope_fields = _fields(dict.fromkeys(ENVELOPE, "STRING"))
    payload_fields = _fields(PAYLOAD_FIELDS)
    ends_with_payload = F.col("tail_fields").isNotNull() & (F.col("head.payload") == "0")
    # A column of its own for whatever is dear and used twice: Spark would compute it once for every use.
    steps = (
        {"before": F.substring_index("value", _PAYLOAD_KEY, 1)},
        {"head_text": _before_payload(), "tail": _payload_at_end()},
        {
            "heads": _objects(F.col("head_text"), f"{envelope_fields}, payload: STRING"),
            "tails": _objects(F.col("tail"), payload_fields),
        },
        {"head": _only(F.col("heads")), "tail_fields": _only(F.col("tails"))},
        {"is_tail": F.coalesce(ends_with_payload, F.lit(False))},
        {
            "envelope": F.when(F.col("is_tail"), F.col("head").dropFields("payload")).otherwise(
                _only(_objects(F.col("value"), envelope_fields))
            )
        },
        {"at": _timestamp(F.col("envelope.event_timestamp"))},
        {
            "payload": F.when(
                F.col("envelope").isNotNull(), F.when(F.col("is_tail"), F.trim("tail")).otherwise(_payload_elsewhere())
            ),
        },
        {
            "fields": F.when(F.col("is_tail"), F.col("tail_fields")).otherwise(
                _only(_objects(F.col("payload"), payload_fields))
            ),
            "members": _sampled_members(known_versions),
        },
        {"reason": _reason(earliest)},
    )
    found = lines
    for step in steps:
        found = found.select("*", *[column.alias(name) for name, column in step.items()])
    age_ms = F.unix_millis("arrival_hour") - F.unix_millis("at")
    identity = F.concat_ws("|", *[F.col(f"envelope.{name}") for name in ENVELOPE[:3]])
    return found.select(
        *[F.col(f"envelope.{name}").alias(name) for name in ENVELOPE if name != "event_timestamp"],
        F.col("at").alias("event_timestamp"),
        *[F.col(f"fields.{path}").alias(name) for name, path in _FLAT.items()],
        "payload",
        F.sha2(identity, 256).alias("row_hash"),
        "arrival_hour",
        (age_ms > LATE_HOURS * 3_600_000).alias("is_late"),
        *provenance(),
        F.to_date("at").alias("event_date"),
        "reason",
        F.when(F.col("reason").isNotNull(), F.col("value")).alias("raw"),
        "file",
        "line",
        "members",
    )
