"""One task after another."""

from airflow.sdk import DAG, chain, task
from work import SIZES, work

with DAG("chain", schedule=None):
    chain(*(task(task_id=f"task_{number}")(work)("chain", number) for number in range(SIZES["chain"])))
