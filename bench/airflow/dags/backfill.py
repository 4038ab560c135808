"""A day's tasks, one after another, for many days of the past."""

from datetime import UTC, datetime

from airflow.sdk import DAG, chain, task
from work import SIZES, work

# The schedule has ended, so that only the backfill makes runs.
FIRST_DAY, LAST_DAY = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 31, tzinfo=UTC)
TASKS = SIZES["backfillTasks"]

with DAG("backfill", schedule="@daily", start_date=FIRST_DAY, end_date=LAST_DAY, max_active_runs=SIZES["backfillDays"]):
    numbers = [f"{{{{ (logical_date.day - 1) * {TASKS} + {number} }}}}" for number in range(TASKS)]
    chain(*(task(task_id=f"task_{at}")(work)("backfill", number) for at, number in enumerate(numbers)))
