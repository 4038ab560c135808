"""Many tasks at once, by dynamic task mapping: a task parses this file, which has one operator, not a thousand."""

from airflow.sdk import DAG, task
from work import SIZES, work

with DAG("fan-out", schedule=None):
    task(work).partial(case="fan-out").expand(number=list(range(SIZES["fanOut"])))
