"""From a build that is asked for to one commit: inputs, staging, audit, publishing."""
