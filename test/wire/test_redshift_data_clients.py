"""The local Redshift Data API, used by clients that know nothing of it: boto3, the AWS CLI and Airflow."""

from __future__ import annotations

import importlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from local_service import ACCESS, aws, node_service

TARGET = {"WorkgroupName": "tideline", "Database": "lakehouse"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Starts the service; gives the variables that lead any AWS client to it."""
    folder = tmp_path_factory.mktemp("redshift")
    # As root, PostgreSQL runs under an account of its own, and pytest's folders are private.
    for parent in [folder, folder.parent, folder.parent.parent]:
        parent.chmod(0o711)
    with node_service("redshift-data", {"REDSHIFT_DATA_DIR": str(folder / "data")}) as url:
        variables = {**ACCESS, "AWS_ENDPOINT_URL_REDSHIFT_DATA": url}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            yield variables


@pytest.fixture
def client(environment: dict[str, str]) -> Any:
    return boto3.client("redshift-data", endpoint_url=environment["AWS_ENDPOINT_URL_REDSHIFT_DATA"])


def finish(client: Any, statement_id: str) -> dict[str, Any]:
    """Waits until a statement has ended."""
    while True:
        described: dict[str, Any] = client.describe_statement(Id=statement_id, WaitTimeSeconds=30)
        if described["Status"] in {"FINISHED", "FAILED", "ABORTED"}:
            return described


def test_boto3_runs_a_batch_and_pages_through_its_result(client: Any) -> None:
    numbers = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1500) SELECT n FROM c"
    batch = client.batch_execute_statement(Sqls=["CREATE TABLE pages (n INTEGER)", numbers], **TARGET)

    described = finish(client, batch["Id"])
    pages = client.get_paginator("get_statement_result").paginate(Id=described["SubStatements"][1]["Id"])
    values = [record[0]["longValue"] for page in pages for record in page["Records"]]

    assert described["Status"] == "FINISHED"
    assert values == list(range(1, 1501))


def test_boto3_sees_the_errors_of_the_service_model(client: Any) -> None:
    with pytest.raises(client.exceptions.ValidationException, match="Exactly one of"):
        client.execute_statement(Sql="SELECT 1", Database="lakehouse")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="does not exist"):
        client.describe_statement(Id=str(uuid.uuid4()))
    with pytest.raises(ClientError, match="ValidationException"):
        client.batch_execute_statement(Sqls=["SELECT 1"] * 41, **TARGET)


def test_boto3_finds_tables_and_columns(client: Any) -> None:
    finish(client, client.execute_statement(Sql="CREATE TABLE shown (a INT, b VARCHAR(7))", **TARGET)["Id"])

    tables = client.get_paginator("list_tables").paginate(TablePattern="show_", **TARGET)
    columns = client.describe_table(Table="shown", Schema="public", **TARGET)["ColumnList"]

    assert [table["name"] for page in tables for table in page["Tables"]] == ["shown"]
    assert [(column["name"], column["typeName"], column["length"]) for column in columns] == [
        ("a", "int4", 0),
        ("b", "varchar", 7),
    ]


def test_the_aws_cli_runs_a_statement_and_reads_its_rows(environment: dict[str, str]) -> None:
    where = ["--workgroup-name", "tideline", "--database", "lakehouse"]
    parameters = ["--parameters", "name=city,value=Zürich"]
    sql = "SELECT :city AS city, 1.50::DECIMAL(4, 2)"
    started = aws(environment, "redshift-data", "execute-statement", *where, "--sql", sql, *parameters)
    statement_id = json.loads(started.stdout)["Id"]
    by_id = ["--id", statement_id]
    described = aws(environment, "redshift-data", "describe-statement", *by_id, "--wait-time-seconds", "20")
    result = aws(environment, "redshift-data", "get-statement-result", *by_id)

    assert json.loads(described.stdout)["Status"] == "FINISHED"
    assert json.loads(result.stdout)["Records"] == [[{"stringValue": "Zürich"}, {"stringValue": "1.50"}]]
    refused = aws(environment, "redshift-data", "cancel-statement", *by_id)
    assert refused.returncode != 0
    assert "already in FINISHED state" in refused.stderr


class TaskState(dict[str, Any]):
    """What Airflow keeps between the tries of a task."""

    def set(self, key: str, value: Any, **_: Any) -> None:
        self[key] = value


@pytest.fixture
def airflow(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Airflow's operator as published; its connection comes from the environment: there is no database."""
    assert environment["AWS_ENDPOINT_URL_REDSHIFT_DATA"]
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    module = importlib.import_module("airflow.providers.amazon.aws.operators.redshift_data")
    return module.RedshiftDataOperator


def operator(operator_class: Any, sql: Any, **more: Any) -> Any:
    names = {
        "task_id": "load",
        "workgroup_name": "tideline",
        "database": "lakehouse",
        "region_name": "us-east-1",
    }
    return operator_class(**names, sql=sql, poll_interval=1, **more)


def test_airflow_returns_the_rows_of_a_batch(airflow: Any) -> None:
    query = "SELECT n FROM airflow_rows"
    sqls = ["CREATE TABLE airflow_rows (n INT)", "INSERT INTO airflow_rows VALUES (7)", query]

    ids = operator(airflow, sqls).execute({"task_state_store": TaskState()})
    rows = operator(airflow, query, return_sql_result=True).execute({})

    assert [statement_id[-2:] for statement_id in ids] == [":1", ":2", ":3"]
    assert rows[0]["Records"] == [[{"longValue": 7}]]


def test_airflow_fails_with_the_message_of_the_database(airflow: Any) -> None:
    with pytest.raises(ValueError, match='relation "nowhere" does not exist'):
        operator(airflow, "SELECT * FROM nowhere").execute({})


def test_airflow_finds_its_statement_again_after_a_crash(airflow: Any, client: Any) -> None:
    finish(client, client.execute_statement(Sql="CREATE TABLE airflow_once (n INT)", **TARGET)["Id"])
    state = TaskState()

    for _ in range(2):
        operator(airflow, ["INSERT INTO airflow_once VALUES (1)", "SELECT pg_sleep(0.2)"]).execute(
            {"task_state_store": state}
        )

    counted = finish(client, client.execute_statement(Sql="SELECT count(*) FROM airflow_once", **TARGET)["Id"])
    assert client.get_statement_result(Id=counted["Id"])["Records"] == [[{"longValue": 1}]]


def test_airflow_cancels_what_it_started(airflow: Any, client: Any) -> None:
    task = operator(airflow, "SELECT pg_sleep(60)", wait_for_completion=False, durable=False)
    task.submit_job({})

    task.on_kill()

    assert finish(client, task.statement_id)["Status"] == "ABORTED"
