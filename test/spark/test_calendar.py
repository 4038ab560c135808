"""gold.dim_date is the calendar, day by day, as Python knows it."""

from datetime import date, timedelta

from lakehouse import Lakehouse

FIRST, LAST = date(2024, 1, 1), date(2035, 12, 31)


def test_every_day_is_there_with_its_parts(lakehouse: Lakehouse) -> None:
    lakehouse.must_build("gold.dim_date", "2025-01-18", "2025-01-19")
    rows = lakehouse.table("gold.dim_date").drop("processing_timestamp").orderBy("date").collect()
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    assert [row.asDict() for row in rows] == [
        {
            "date_id": int(day.strftime("%Y%m%d")),
            "date": day,
            "year": day.year,
            "quarter": (day.month + 2) // 3,
            "month": day.month,
            "day": day.day,
            "iso_weekday": day.isoweekday(),
            "is_weekend": day.isoweekday() > 5,
        }
        for day in days
    ]
