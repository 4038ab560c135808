"""Clients that nobody here wrote, against the local Managed Service for Apache Flink: boto3 and the AWS CLI."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from local_service import ACCESS, ROOT, aws, local_s3, node_service, wait_until

NAME = "counting"
ROLE_ARN = "arn:aws:iam::000000000000:role/tideline-stream"
CREDENTIALS = {
    "region_name": ACCESS["AWS_REGION"],
    "aws_access_key_id": ACCESS["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": ACCESS["AWS_SECRET_ACCESS_KEY"],
}


def job(folder: Path) -> bytes:
    """The jar of the tests' own job."""
    classes, jar = folder / "classes", folder / "job.jar"
    libraries = ROOT / ".tideline" / "tools" / "flink" / "lib" / "*"
    source = ROOT / "test" / "wire" / "flink-job" / "CountingJob.java"
    subprocess.run(["javac", "--release", "11", "-cp", str(libraries), "-d", str(classes), str(source)], check=True)
    (classes / "label").write_text("clients")
    command = ["jar", "--create", "--file", str(jar), "--main-class", "CountingJob", "-C", str(classes), "."]
    subprocess.run(command, check=True)
    return jar.read_bytes()


@pytest.fixture(scope="module")
def flink_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_s3(str(tmp_path_factory.mktemp("s3"))) as s3_url:
        s3 = boto3.client("s3", endpoint_url=s3_url, **CREDENTIALS)
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="job.jar", Body=job(tmp_path_factory.mktemp("job")))
        folder = tmp_path_factory.mktemp("flink")
        variables = {
            "AWS_ENDPOINT_URL": s3_url,
            "MANAGED_FLINK_STATE_DIR": str(folder / "state"),
            "MANAGED_FLINK_LOG_DIR": str(folder / "logs"),
        }
        with node_service("managed-flink", variables) as url:
            yield url


@pytest.fixture(scope="module")
def flink(flink_url: str) -> Any:
    return boto3.client(
        "kinesisanalyticsv2", endpoint_url=flink_url, config=Config(retries={"max_attempts": 0}), **CREDENTIALS
    )


@pytest.fixture(scope="module")
def application(flink: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    properties = {"output": str(tmp_path_factory.mktemp("counted")), "perSecond": "50"}
    created: dict[str, Any] = flink.create_application(
        ApplicationName=NAME,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole=ROLE_ARN,
        ApplicationMode="STREAMING",
        ApplicationConfiguration={
            "ApplicationCodeConfiguration": {
                "CodeContentType": "ZIPFILE",
                "CodeContent": {"S3ContentLocation": {"BucketARN": "arn:aws:s3:::artifacts", "FileKey": "job.jar"}},
            },
            "EnvironmentProperties": {"PropertyGroups": [{"PropertyGroupId": "tideline", "PropertyMap": properties}]},
        },
        Tags=[{"Key": "team", "Value": "data"}],
    )["ApplicationDetail"]
    return created


def wait_for(flink: Any, status: str) -> None:
    def current() -> str:
        detail: str = flink.describe_application(ApplicationName=NAME)["ApplicationDetail"]["ApplicationStatus"]
        return detail

    wait_until(lambda: current() == status, 180)


def test_boto3_runs_an_application_and_sees_typed_errors(flink: Any, application: dict[str, Any]) -> None:
    assert flink.list_tags_for_resource(ResourceARN=application["ApplicationARN"])["Tags"] == [
        {"Key": "team", "Value": "data"}
    ]
    with pytest.raises(flink.exceptions.ResourceInUseException):
        flink.stop_application(ApplicationName=NAME)
    operation = flink.start_application(ApplicationName=NAME)["OperationId"]
    wait_for(flink, "RUNNING")
    details = flink.describe_application_operation(ApplicationName=NAME, OperationId=operation)
    assert details["ApplicationOperationInfoDetails"]["OperationStatus"] == "SUCCESSFUL"
    with pytest.raises(flink.exceptions.ConcurrentModificationException):
        flink.update_application(ApplicationName=NAME, CurrentApplicationVersionId=9)
    with pytest.raises(flink.exceptions.ResourceNotFoundException):
        flink.describe_application(ApplicationName="none")


def cli(flink_url: str, *arguments: str) -> dict[str, Any]:
    done = aws({"AWS_ENDPOINT_URL_KINESIS_ANALYTICS_V2": flink_url}, "kinesisanalyticsv2", *arguments)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout or "{}")
    return answer


def test_the_aws_cli_takes_a_snapshot_stops_and_deletes(
    flink: Any, flink_url: str, application: dict[str, Any]
) -> None:
    named = ["--application-name", application["ApplicationName"]]
    cli(flink_url, "create-application-snapshot", *named, "--snapshot-name", "by-hand")

    def taken() -> dict[str, Any]:
        details: dict[str, Any] = cli(flink_url, "describe-application-snapshot", *named, "--snapshot-name", "by-hand")[
            "SnapshotDetails"
        ]
        return details

    wait_until(lambda: taken()["SnapshotStatus"] == "READY", 60)
    cli(
        flink_url,
        "delete-application-snapshot",
        *named,
        "--snapshot-name",
        "by-hand",
        "--snapshot-creation-timestamp",
        str(taken()["SnapshotCreationTimestamp"]),
    )
    cli(flink_url, "stop-application", *named)
    wait_for(flink, "READY")
    listed = [
        each["SnapshotName"] for each in cli(flink_url, "list-application-snapshots", *named)["SnapshotSummaries"]
    ]
    assert len(listed) == 1
    assert listed[0].startswith("stop-")
    with pytest.raises(RuntimeError, match="ResourceInUseException"):
        cli(flink_url, "rollback-application", *named, "--current-application-version-id", "1")
    detail = cli(flink_url, "describe-application", *named)["ApplicationDetail"]
    cli(flink_url, "delete-application", *named, "--create-timestamp", str(detail["CreateTimestamp"]))
    wait_until(lambda: cli(flink_url, "list-applications")["ApplicationSummaries"] == [], 30)
