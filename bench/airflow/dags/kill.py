"""Tasks of some seconds, in the middle of which something is killed. Those that died are tried again."""

from airflow.sdk import DAG, task
from work import SIZES, work

for case in ("kill-workers", "kill-scheduler"):
    with DAG(case, schedule=None):
        task(work).partial(case=case, seconds=SIZES["killSeconds"]).expand(number=list(range(SIZES["kill"])))
