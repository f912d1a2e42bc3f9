"""What each of Ray's workers does: it starts one process of a training, and waits for its end.

The one with number 0 leads: it judges how an attempt ended, and fails where another may end better,
at which Ray starts all anew.
"""

import contextlib
import dataclasses
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.faults import Fault
from kerasrun.runs.cluster.job import Plan
from kerasrun.runs.cluster.peers import GRACE_SECS, Peer, signal_of
from kerasrun.runs.cluster.places import TF_CONFIG, TIMEOUT_VARIABLE, Place, places_of
from kerasrun.runs.cluster.ray_board import Report, View
from kerasrun.runs.cluster.ray_lead import lead
