"""Ray Train, asked to run our workers; it imports Ray only when it is used."""

import shutil
import threading
from pathlib import Path
from typing import Any

from kerasrun.runs.cluster.places import TF_CONFIG
from kerasrun.runs.cluster.ray_board import Board
from kerasrun.runs.cluster.ray_room import Share
from kerasrun.runs.environment import kept_environment

QUIET = {
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # our processes hear of it as of any other loss
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_NOT_FOR_OTHER_NODES = ("CUDA_", "NVIDIA_", "LD_", "SLURM_")


def new_board(ray: Any) -> Any:
    """An actor `Board`, on this node where that can be."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    return ray.remote(num_cpus=0, scheduling_strategy=here)(Board).remote()


class RayTraining:
    """A training at work, followed by a thread.

    Args:
        order: What the workers are told, see `kerasrun.runs.cluster.ray_part`.
        share: What they need.
        storage: A folder for Ray's own files.

    Attributes:
        failure: Why Ray has given it up; None while it has not.
    """

    def __init__(self, order: Any, share: Share, storage: Path) -> None:
        self.failure: BaseException | None = None
        shutil.rmtree(storage, ignore_errors=True)  # Ray would go on with what is there
        self._trainer = _trainer(order, share, storage)
        # In the main thread Ray would take SIGINT for itself.
        self._thread = threading.Thread(target=self._fit, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether Ray is at it."""
        return self._thread.is_alive()

    def _fit(self) -> None:
        try:
            self._trainer.fit()
        except BaseException as error:  # it is told by who follows it
            self.failure = error


def _trainer(order: Any, share: Share, storage: Path) -> Any:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

    from kerasrun.runs.cluster.ray_backend import PlacesConfig
    from kerasrun.runs.cluster.ray_part import take_part

    return DataParallelTrainer(
        take_part,
        train_loop_config={"order": order},
        backend_config=PlacesConfig(),
        scaling_config=ScalingConfig(
            num_workers=share.workers,
            use_gpu=share.gpus > 0,
            resources_per_worker=share.resources,
        ),
        run_config=RunConfig(
            name="train",
            storage_path=str(storage),
            failure_config=FailureConfig(max_failures=order.plan.max_restarts),
        ),
    )


def environment_of_workers() -> dict[str, str]:
    """What of this process's environment holds on other nodes, too."""
    return {
        name: value
        for name, value in kept_environment().items()
        if not name.startswith(_NOT_FOR_OTHER_NODES) and name != TF_CONFIG
    }
