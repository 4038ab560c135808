"""
Reads every table of the Glue catalogue with delta-rs, and prints one line of JSON for each:
`{"table", "columns": {name: type}, "counts": {"rows", column: values that are not null}}`.
"""

import json
import os
import sys
from collections.abc import Iterator

import boto3
from deltalake import DeltaTable, QueryBuilder

STORAGE = {"AWS_ALLOW_HTTP": "true", "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}
# The names that the catalogue has for what a Delta log names otherwise.
GLUE_TYPES = {"long": "bigint", "integer": "int"}


def catalogued() -> Iterator[tuple[str, str]]:
    """Name and location of each table."""
    glue = boto3.client("glue", region_name=os.environ["AWS_REGION"])
    for database in glue.get_databases()["DatabaseList"]:
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"]):
            for table in page["TableList"]:
                yield f"{database['Name']}.{table['Name']}", table["StorageDescriptor"]["Location"]


def column_types(table: DeltaTable) -> dict[str, str]:
    fields = json.loads(table.schema().to_json())["fields"]
    return {field["name"]: GLUE_TYPES.get(field["type"], field["type"]) for field in fields}


def counts(table: DeltaTable) -> dict[str, int]:
    columns = ", ".join(f'count("{field.name}") AS "{field.name}"' for field in table.schema().fields)
    found = QueryBuilder().register("t", table).execute(f"SELECT count(*) AS rows, {columns} FROM t").read_all()
    return {name: found[name][0].as_py() for name in found.schema.names}


for name, location in catalogued():
    table = DeltaTable(location.rstrip("/"), storage_options=STORAGE)
    found = {"table": name, "columns": column_types(table), "counts": counts(table)}
    sys.stdout.write(f"{json.dumps(found)}\n")
