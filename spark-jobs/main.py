"""Entry point of every Spark job; the work is in tideline_jobs, shipped beside this file as an archive."""

import sys

from tideline_jobs.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
