"""Clients that nobody here wrote, against the local EMR Serverless: boto3, the AWS CLI and Airflow's operator."""

import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from local_service import ACCESS, aws, local_s3, node_service, wait_until

ROLE_ARN = "arn:aws:iam::000000000000:role/tideline-job"
ENDED = {"SUCCESS", "FAILED", "CANCELLED"}
CREDENTIALS = {
    "region_name": ACCESS["AWS_REGION"],
    "aws_access_key_id": ACCESS["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": ACCESS["AWS_SECRET_ACCESS_KEY"],
}

JOB = """
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
total = spark.range(int(sys.argv[1])).count()
print("counted", total, "in", spark.conf.get("spark.test.place"))
if total == 13:
    raise ValueError("thirteen is not a lucky number")
"""


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_s3(str(tmp_path_factory.mktemp("s3"))) as url:
        s3 = boto3.client("s3", endpoint_url=url, **CREDENTIALS)
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="count.py", Body=JOB.encode())
        yield url


@pytest.fixture(scope="module")
def emr_url(s3_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    variables = {
        "AWS_ENDPOINT_URL": s3_url,
        "EMR_SERVERLESS_PORT": "0",
        "EMR_SERVERLESS_STATE_DIR": str(tmp_path_factory.mktemp("emr")),
    }
    with node_service("emr-serverless", variables) as url:
        yield url


@pytest.fixture(scope="module")
def emr(emr_url: str) -> Any:
    return boto3.client(
        "emr-serverless", endpoint_url=emr_url, config=Config(retries={"max_attempts": 0}), **CREDENTIALS
    )


@pytest.fixture(scope="module")
def application_id(emr: Any) -> str:
    created: str = emr.create_application(
        name="clients",
        type="SPARK",
        releaseLabel="emr-spark-8.0.0",
        initialCapacity={"DRIVER": {"workerCount": 1}},
        schedulerConfiguration={"maxConcurrentRuns": 1},
    )["applicationId"]
    return created


def job_driver(rows: int) -> dict[str, Any]:
    return {
        "sparkSubmit": {
            "entryPoint": "s3://artifacts/count.py",
            "entryPointArguments": [str(rows)],
            "sparkSubmitParameters": "--conf 'spark.test.place=the lake'",
        }
    }


def wait_for_run(emr: Any, application_id: str, job_run_id: str) -> dict[str, Any]:
    def run() -> dict[str, Any]:
        found: dict[str, Any] = emr.get_job_run(applicationId=application_id, jobRunId=job_run_id)["jobRun"]
        return found

    wait_until(lambda: run()["state"] in ENDED, 180)
    return run()


def test_boto3_runs_a_job_and_reads_its_end(emr: Any, application_id: str) -> None:
    started = emr.start_job_run(
        applicationId=application_id,
        executionRoleArn=ROLE_ARN,
        clientToken="boto3-1",
        jobDriver=job_driver(7),
        tags={"team": "data"},
    )
    again = emr.start_job_run(
        applicationId=application_id,
        executionRoleArn=ROLE_ARN,
        clientToken="boto3-1",
        jobDriver=job_driver(7),
        tags={"team": "data"},
    )
    assert again["jobRunId"] == started["jobRunId"]
    run = wait_for_run(emr, application_id, started["jobRunId"])
    assert run["state"] == "SUCCESS"
    assert run["endedAt"] >= run["startedAt"] >= run["createdAt"]
    assert run["totalResourceUtilization"]["vCPUHour"] > 0
    assert emr.list_tags_for_resource(resourceArn=started["arn"])["tags"] == {"team": "data"}


def test_boto3_pages_through_runs_and_sees_typed_errors(emr: Any, application_id: str) -> None:
    paginator = emr.get_paginator("list_job_runs")
    listed = [
        run["id"]
        for page in paginator.paginate(applicationId=application_id, PaginationConfig={"PageSize": 1})
        for run in page["jobRuns"]
    ]
    assert len(listed) == len(set(listed)) >= 1
    with pytest.raises(emr.exceptions.ResourceNotFoundException):
        emr.get_job_run(applicationId=application_id, jobRunId="00none")
    with pytest.raises(emr.exceptions.ConflictException):
        emr.start_job_run(
            applicationId=application_id,
            executionRoleArn=ROLE_ARN,
            clientToken="boto3-1",
            jobDriver=job_driver(8),
        )
    with pytest.raises(emr.exceptions.ValidationException):
        emr.start_job_run(
            applicationId=application_id,
            executionRoleArn="arn:aws:iam::000000000000:user/no-role",
            jobDriver=job_driver(8),
        )
    with pytest.raises(ClientError, match="ListSessions of emr-serverless is not supported"):
        emr.list_sessions(applicationId=application_id)


def cli(emr_url: str, *arguments: str) -> dict[str, Any]:
    done = aws({"AWS_ENDPOINT_URL_EMR_SERVERLESS": emr_url}, "emr-serverless", *arguments)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout or "{}")
    return answer


def test_the_aws_cli_runs_a_job(emr: Any, emr_url: str, application_id: str) -> None:
    started = cli(
        emr_url,
        "start-job-run",
        "--application-id",
        application_id,
        "--execution-role-arn",
        ROLE_ARN,
        "--job-driver",
        json.dumps(job_driver(9)),
    )
    wait_for_run(emr, application_id, started["jobRunId"])
    run_id = ["--application-id", application_id, "--job-run-id", started["jobRunId"]]
    run = cli(emr_url, "get-job-run", *run_id)["jobRun"]
    assert run["state"] == "SUCCESS"
    assert run["jobDriver"] == job_driver(9)
    listed = cli(emr_url, "list-job-runs", "--application-id", application_id, "--states", "SUCCESS")
    assert started["jobRunId"] in [each["id"] for each in listed["jobRuns"]]
    with pytest.raises(RuntimeError, match=r"ValidationException.*terminal state"):
        cli(emr_url, "cancel-job-run", *run_id)


@pytest.fixture
def operator_of(
    emr_url: str,
    application_id: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], Any]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EMR_SERVERLESS", emr_url)
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    # Airflow reads its home folder when it is imported.
    operators = importlib.import_module("airflow.providers.amazon.aws.operators.emr")

    def create(rows: int) -> Any:
        return operators.EmrServerlessStartJobOperator(
            task_id=f"count_{rows}",
            application_id=application_id,
            execution_role_arn=ROLE_ARN,
            job_driver=job_driver(rows),
            waiter_delay=1,
            waiter_max_attempts=180,
        )

    return create


class StubTaskInstance:
    """What an operator needs of a task instance to leave its links."""

    def xcom_push(self, *_arguments: Any, **_options: Any) -> None:
        return


def test_airflow_runs_a_job_to_its_end(emr: Any, application_id: str, operator_of: Callable[[int], Any]) -> None:
    job_run_id = operator_of(11).execute({"ti": StubTaskInstance()})
    run = emr.get_job_run(applicationId=application_id, jobRunId=job_run_id)["jobRun"]
    assert run["state"] == "SUCCESS"
    assert run["name"].startswith("emr_serverless_job_airflow_")


def test_airflow_fails_with_a_failed_job_and_logs_its_details(
    operator_of: Callable[[int], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Exception, match="Serverless Job failed"):
        operator_of(13).execute({"ti": StubTaskInstance()})
    assert "ValueError: thirteen is not a lucky number" in caplog.text
