"""Manifests, parsed as kubectl would: fields and names as Kubernetes and Kubeflow document them."""

from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from kerasrun.cli.main import app

WORDS = ["--image", "reg/iris:1", "--job", "iris-1", "--model", "iris.py", "-p", "text=a: 'b' $x"]


def launched(*words: str) -> dict[str, Any]:
    """The documents, by their kinds."""
    done = CliRunner().invoke(app, ["launch", "--print", "kubernetes", *WORDS, *words])
    assert done.exit_code == 0, done.output
    documents = list(yaml.safe_load_all(done.stdout))
    return {document["kind"]: document for document in documents}


def test_a_job_numbers_its_pods_and_names_them_to_each_other() -> None:
    made = launched("--workers", "3", "--gpus", "1", "--cpu", "4", "--namespace", "ml")
    assert list(made) == ["PersistentVolumeClaim", "Service", "Job"]
    assert {one["metadata"]["namespace"] for one in made.values()} == {"ml"}
    service, job = made["Service"], made["Job"]
    assert (service["apiVersion"], job["apiVersion"]) == ("v1", "batch/v1")
    spec, template = job["spec"], job["spec"]["template"]
    counts = spec["completions"], spec["parallelism"], spec["completionMode"]
    assert counts == (3, 3, "Indexed")
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == template["metadata"]["labels"]
    assert service["metadata"]["name"] == template["spec"]["subdomain"] == "iris-1"
    container = template["spec"]["containers"][0]
    # What podFailurePolicy needs: an error of the program's own is not tried again.
    assert template["spec"]["restartPolicy"] == "Never"
    fails = spec["podFailurePolicy"]["rules"][1]["onExitCodes"]
    assert (fails["containerName"], fails["values"]) == (container["name"], [1, 2])
    hosts = container["args"][container["args"].index("--hosts") + 1]
    assert hosts == "iris-1-0.iris-1:2222,iris-1-1.iris-1:2222,iris-1-2.iris-1:2222"
    assert container["args"][container["args"].index("--task-index") + 1] == "$(TASK_INDEX)"
    assert container["env"] == [
        {
            "name": "TASK_INDEX",
            "valueFrom": {
                "fieldRef": {
                    "fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"
                }
            },
        }
    ]
    assert container["resources"] == {"requests": {"cpu": "4"}, "limits": {"nvidia.com/gpu": 1}}
    assert "text=a: 'b' $$x" in container["args"]  # Kubernetes reads $$ as $
    claim = template["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert claim == made["PersistentVolumeClaim"]["metadata"]["name"]
    assert made["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteMany"]
    assert container["volumeMounts"][0]["mountPath"] == "/runs"


def test_a_tfjob_has_a_master_or_a_chief_with_an_evaluator() -> None:
    made = launched("--kind", "tfjob", "--workers", "4", "--claim", "shared", "--root", "/data")
    assert list(made) == ["TFJob"]
    assert made["TFJob"]["apiVersion"] == "kubeflow.org/v1"
    spec = made["TFJob"]["spec"]
    assert spec["runPolicy"] == {"cleanPodPolicy": "Running", "backoffLimit": 12}
    replicas = spec["tfReplicaSpecs"]
    assert {kind: one["replicas"] for kind, one in replicas.items()} == {"Master": 1, "Worker": 3}
    container = replicas["Worker"]["template"]["spec"]["containers"][0]
    # The operator sets TF_CONFIG and needs these two names for it.
    assert container["name"] == "tensorflow"
    assert container["ports"] == [{"name": "tfjob-port", "containerPort": 2222}]
    assert container["command"] == ["mlrun"]
    assert container["args"][:5] == ["train", "--job", "iris-1", "--root", "/data"]
    assert "--hosts" not in container["args"]
    pod = replicas["Worker"]["template"]["spec"]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == "shared"
    made = launched("--kind", "tfjob", "--workers", "4", "--evaluator")
    replicas = made["TFJob"]["spec"]["tfReplicaSpecs"]
    counts = {kind: one["replicas"] for kind, one in replicas.items()}
    assert counts == {"Chief": 1, "Worker": 3, "Evaluator": 1}
    assert {one["restartPolicy"] for one in replicas.values()} == {"OnFailure"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--max-step", "3"], "No such option: --max-step"),
        (["--background"], "--background has no meaning in a cluster"),
        (["--engine", "ray"], "--engine has no meaning in a cluster"),
        (["--image", ""], "--image is empty"),
        (["--job", "A_1"], "Kubernetes takes lower-case letters"),
        (["--kind", "pod"], "expected one of job, tfjob"),
        (["--evaluator"], "--evaluator needs --kind tfjob"),
        (["--root", "runs"], "expected the absolute path"),
        (["--print", "slurm"], "expected kubernetes"),
    ],
)
def test_what_a_cluster_would_not_take_is_refused_here(words: list[str], expected: str) -> None:
    done = CliRunner().invoke(app, ["launch", "--print", "kubernetes", *WORDS, *words])
    assert done.exit_code == 2
    assert expected in done.output


@pytest.mark.parametrize("text", ["on", "1e3", "null", "é\n'\"\\", "a\x7f\x85\u2028\ufeffb", "😀"])
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    (pod,) = launched("--note", text)["Job"]["spec"]["template"]["spec"]["containers"]
    assert pod["args"][-1] == text


def test_a_job_without_a_name_gets_one_that_kubernetes_takes() -> None:
    words = ["launch", "--print", "kubernetes", "--image", "i", "--model", "nets/2D_Net.py:small"]
    names = {
        next(iter(yaml.safe_load_all(CliRunner().invoke(app, [*words, "--claim", "c"]).stdout)))[
            "metadata"
        ]["name"]
        for _ in range(3)
    }
    assert len(names) == 3
    assert all(name.startswith("m-2d-net-") for name in names)
