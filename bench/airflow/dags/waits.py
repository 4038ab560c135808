"""Many waits at once. The triggerer ends them by itself: no task has to be started again for that."""

from datetime import timedelta

from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import DAG
from work import SIZES, note


class NotedWait(WaitSensor):
    """A wait that writes down that it began."""

    def execute(self, context):
        note("waits", context["ti"].map_index, "began")
        super().execute(context)


with DAG("waits", schedule=None):
    wait = timedelta(seconds=SIZES["waitSeconds"])
    NotedWait.partial(task_id="wait", deferrable=True).expand(time_to_wait=[wait] * SIZES["waits"])
