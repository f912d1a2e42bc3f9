"""Manifests that run the same `mlrun train` in the pods of a Kubernetes cluster.

`job`: an Indexed Job and a headless Service, which every cluster has (Kubernetes 1.26 or later).
`tfjob`: a TFJob of the Kubeflow training operator, which sets TF_CONFIG itself.

Nothing here talks to a cluster.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasrun.runs.cluster.yaml_text import to_yaml
from kerasrun.runs.errors import UsageError

KINDS = ("job", "tfjob")
OWN_CLAIM = "mlrun-runs"
_PORT = 2222
_OWN_ERRORS = [1, 2]  # see kerasrun.runs.errors: they would come again
_INDEX = "TASK_INDEX"
_INDEX_FIELD = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
_GRACE_SECS = 120
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAME_CHARACTERS = 50  # a pod adds its number, and a name has 63 at most


@dataclass(frozen=True)
class ClusterOrder:
    """What shall run in a cluster.

    Attributes:
        job: The word by which the processes find their run; also the name of what is made.
        image: Holds Python, kerasrun and the model file.
        workers: How many pods train.
        train: The options of `mlrun train`, without `--job`, `--root` and the cluster's own.
        root: Where the runs are in the pods.
        evaluator: Whether a pod of its own evaluates and exports (`tfjob` only).
        claim: A PersistentVolumeClaim that exists, for the runs; None: one is made.
        storage: How large that is.
        namespace: Where all this belongs; None: kubectl's own.
        gpus: How many GPUs a pod has.
        cpu: How many CPUs a pod asks for, such as `4` or `500m`; or None.
        memory: How much memory, such as `8Gi`; or None.
        max_restarts: How often the processes start again after one was lost.
    """

    job: str
    image: str
    workers: int
    train: Sequence[str]
    root: str = "/runs"
    evaluator: bool = False
    claim: str | None = None
    storage: str = "10Gi"
    namespace: str | None = None
    gpus: int = 0
    cpu: str | None = None
    memory: str | None = None
    max_restarts: int = 3

    def __post_init__(self) -> None:
        """Checks the names that Kubernetes would refuse.

        Raises:
            UsageError: One of them.
        """
        if _NAME.fullmatch(self.job) is None or len(self.job) > _NAME_CHARACTERS:
            raise UsageError(
                f"--job {self.job!r}: Kubernetes takes lower-case letters, digits and hyphens, "
                f"beginning with a letter, {_NAME_CHARACTERS} at most"
            )
        if not self.image.strip():
            raise UsageError("--image is empty: expected the name of a container image")
        if not self.root.startswith("/"):
            raise UsageError(f"--root {self.root}: expected the absolute path that the pods see")


def manifests(kind: str, order: ClusterOrder) -> str:
    """The manifests as YAML, for `kubectl apply -f -`.

    Args:
        kind: One of `KINDS`.
        order: What shall run.

    Raises:
        UsageError: There is no such kind, or it has no evaluator.
    """
    if kind not in KINDS:
        raise UsageError(f"--kind {kind!r}: expected one of {', '.join(KINDS)}")
    if order.evaluator and kind != "tfjob":
        raise UsageError("--evaluator needs --kind tfjob; a job's first process evaluates itself")
    made = _tfjob(order) if kind == "tfjob" else _indexed_job(order)
    return to_yaml([*_claim(order), *made])


def _claim(order: ClusterOrder) -> list[dict[str, Any]]:
    if order.claim is not None:
        return []
    spec = {
        "accessModes": ["ReadWriteMany"],  # the pods may be on several nodes
        "resources": {"requests": {"storage": order.storage}},
    }
    metadata = {"name": OWN_CLAIM, "namespace": order.namespace}
    return [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    ]


def _indexed_job(order: ClusterOrder) -> list[dict[str, Any]]:
    labels = {"app.kubernetes.io/name": order.job}
    service = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": labels,
        "ports": [{"name": "tensorflow", "port": _PORT}],
    }
    hosts = ",".join(f"{order.job}-{i}.{order.job}:{_PORT}" for i in range(order.workers))
    place = ["--hosts", hosts, "--task-index", f"$({_INDEX})"]
    spec = {
        "completions": order.workers,
        "parallelism": order.workers,
        "completionMode": "Indexed",
        "backoffLimit": order.max_restarts * order.workers,
        "podFailurePolicy": {
            "rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
                {
                    "action": "FailJob",
                    "onExitCodes": {
                        "containerName": "tensorflow",
                        "operator": "In",
                        "values": _OWN_ERRORS,
                    },
                },
            ]
        },
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "subdomain": order.job,
                "restartPolicy": "Never",
                **_pod(order, place if order.workers > 1 else []),
            },
        },
    }
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(order), "spec": service},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(order), "spec": spec},
    ]


def _tfjob(order: ClusterOrder) -> list[dict[str, Any]]:
    # A master evaluates and exports itself; a chief leaves that to an evaluator.
    replicas = {"Chief" if order.evaluator else "Master": 1, "Worker": order.workers - 1}
    if order.evaluator:
        replicas["Evaluator"] = 1
    spec = {
        "runPolicy": {
            "cleanPodPolicy": "Running",
            "backoffLimit": order.max_restarts * order.workers,
        },
        "tfReplicaSpecs": {
            kind: {
                "replicas": count,
                "restartPolicy": "OnFailure",
                "template": {
                    "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
                    "spec": _pod(order, []),
                },
            }
            for kind, count in replicas.items()
            if count
        },
    }
    return [
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "TFJob",
            "metadata": _metadata(order),
            "spec": spec,
        }
    ]


def _metadata(order: ClusterOrder) -> dict[str, Any]:
    return {"name": order.job, "namespace": order.namespace}


def _pod(order: ClusterOrder, place: Sequence[str]) -> dict[str, Any]:
    requests = {"cpu": order.cpu, "memory": order.memory}
    requests = {name: value for name, value in requests.items() if value is not None}
    limits = {"nvidia.com/gpu": order.gpus} if order.gpus else {}
    resources = {"requests": requests or None, "limits": limits or None}
    words = ["train", "--job", order.job, "--root", order.root, *place]
    return {
        "terminationGracePeriodSeconds": _GRACE_SECS,  # a checkpoint is saved on SIGTERM
        "containers": [
            {
                "name": "tensorflow",  # the name and port that a TFJob looks for
                "image": order.image,
                "command": ["mlrun"],
                "args": [
                    *words,
                    *("--max-restarts", str(order.max_restarts)),
                    *map(_as_it_is, order.train),
                ],
                "env": [{"name": _INDEX, "valueFrom": {"fieldRef": {"fieldPath": _INDEX_FIELD}}}]
                if place
                else None,
                "ports": [{"name": "tfjob-port", "containerPort": _PORT}],
                "resources": resources if requests or limits else None,
                "volumeMounts": [{"name": "runs", "mountPath": order.root}],
            }
        ],
        "volumes": [
            {
                "name": "runs",
                "persistentVolumeClaim": {"claimName": order.claim or OWN_CLAIM},
            }
        ],
    }


def _as_it_is(word: str) -> str:
    """Kubernetes puts variables in place of `$(NAME)`, and `$$` is `$`."""
    return word.replace("$", "$$")
