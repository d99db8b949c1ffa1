"""DuckDB for the bench: one JSON object a line in, one out. {"sql": …, "rows": bool} -> {"ms": …, "rows": […]} or {"error": …}"""
import json
import sys
import time

import duckdb

connection = duckdb.connect()


def plain(value):
    if value is None or isinstance(value, (str, int, float)):
        return value
    return str(value)


print(json.dumps({"version": duckdb.__version__}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        start = time.perf_counter()
        # Until the whole result is there, in DuckDB's memory.
        result = connection.execute(asked["sql"])
        answer = {"ms": (time.perf_counter() - start) * 1000}
        if asked.get("rows"):
            answer["rows"] = [[plain(value) for value in row] for row in result.fetchall()]
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
