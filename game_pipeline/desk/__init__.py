"""The web app beside the Dagster UI: the REST API, and the first pages for people. Bound to this machine."""

from .app import create_app
from .serve import DESK_LOG, run_desk, server_config
from .token import operator_token

__all__ = ["DESK_LOG", "create_app", "operator_token", "run_desk", "server_config"]
