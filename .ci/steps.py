"""Carries out every `run:` step of the workflows and of action.yml, each job in a clean clone.

    steps.py [--in-place] [WORKFLOW...]

With `--in-place` this folder, which then has to be a clone that nobody works in, is that clone for every
job, cleaned before each; otherwise a clone is made. What was compiled is kept in the target folder.

What only GitHub has is replaced, and nothing else:

- `uses:` steps: a checkout is a clone, artifacts go through a folder, an attestation is skipped, the
  artifact for Pages must be a site that Pages takes. An action that is not known here is an error.
- `rustup`, `gh`, `docker`, `7z`, `uv publish` and `cargo publish` are the stand-ins below; each call of
  theirs is looked at as far as it can be, and printed.
- `cargo +1.91` is the toolchain that is there where that one is not.
- `.ci/run` is not begun again by the run of it that came here.
- What other machines build (another target than this one) is this machine's binary under their name.

Everything else is real: the wheel and the archive of this machine's target, tests, the manual.
"""
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOST = "x86_64-unknown-linux-gnu"
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M)[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()

STAND_INS = {
    "rustup": 'echo "stand-in: rustup $*"',
    "gh": r"""
echo "stand-in: gh $*"
flag() { local name=$1; shift; while [ "$1" != "$name" ]; do shift; done; echo "$2"; }
case "$1 $2" in
  "release create") for file in "$@"; do case $file in opsbook-*) test -s "$file" && cp "$file" "$RELEASES/" ;; esac; done ;;
  "release download")
    to=.; case " $* " in *" --dir "*) to=$(flag --dir "$@") ;; esac
    mkdir -p "$to"; found=
    for file in "$RELEASES"/*; do
      # shellcheck disable=SC2053 # the pattern is meant as one
      if [[ ${file##*/} == $(flag --pattern "$@") ]]; then cp "$file" "$to/"; found=1; fi
    done
    test -n "$found" ;;
  "api --method") all="$*"; base64 -d "${all##*sarif=@}" | gzip -dc | python3 -m json.tool >/dev/null ;;
  *) echo "no stand-in for gh $*" >&2; exit 2 ;;
esac""",
    "docker": 'echo "stand-in: docker $*"; if [ "$1" = login ]; then cat >/dev/null; fi',
    "7z": 'python3 -m zipfile -c "$4" "$5"',
    "uv": 'if [ "$1" = publish ]; then echo "stand-in: uv $*"; ls "${@:4}" >/dev/null; else exec "$REAL_uv" "$@"; fi',
    "cargo": r"""
if [ "$1" = publish ]; then echo "stand-in: cargo publish: packages and stops there"; shift
  exec "$REAL_cargo" package --no-verify --quiet "$@"
fi
case $1 in +*)
  if ! "$REAL_cargo" "$1" --version >/dev/null 2>&1; then echo "stand-in: cargo without $1"; shift; fi ;;
esac
exec "$REAL_cargo" "$@" """,
    # Another machine's target: its wheel and binary are this machine's, under their name.
    "maturin": r"""
target=; out=
for n in $(seq $#); do
  case ${!n} in --target) m=$((n + 1)); target=${!m} ;; --out) m=$((n + 1)); out=${!m} ;; esac
done
if [ "$target" = "$HOST_TARGET" ]; then exec "$REAL_maturin" "$@"; fi
echo "stand-in: maturin for $target"
name=opsbook; case $target in *windows*) name=opsbook.exe ;; esac
mkdir -p "$CARGO_TARGET_DIR/$target/dist" "$out"
cp "$CARGO_TARGET_DIR/release/opsbook" "$CARGO_TARGET_DIR/$target/dist/$name"
echo "no wheel" > "$out/opsbook-stand-in-$target.whl" """,
}


def expressions(text, context):
    """Puts in what `${{ … }}` stands for; what is not known is an error."""
    def value(match):
        name = match[1].strip()
        if name not in context:
            raise SystemExit(f"no stand-in for the expression {name}")
        return str(context[name])
    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


def holds(condition, context):
    """`if:` in the few shapes that are used: `a == 'b'`, `!cancelled()`, joined by `&&` or `||`."""
    text = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", condition.strip()).replace("!cancelled()", "1 == '1'")
    def one(part):
        name, wanted = re.fullmatch(r"\s*([\w.]+) == '(.*)'\s*", part).groups()
        return context.get(name, name) == wanted
    return any(all(one(part) for part in term.split("&&")) for term in text.split("||"))


class Place:
    """Clones, artifacts and stand-ins."""

    def __init__(self, folder, in_place):
        self.folder = folder
        self.clone = ROOT if in_place else folder / "clone"
        self.artifacts = folder / "artifacts"
        self.releases = folder / "releases"
        for made in ("bin", "temp", "artifacts", "releases"):
            (folder / made).mkdir()
        if not in_place:
            run("git", "clone", "--quiet", "--no-hardlinks", ROOT, self.clone)
        # A release gives its version a day: the commit before the tag.
        changelog = self.clone / "CHANGELOG.md"
        changelog.write_text(re.sub(rf"^## {re.escape(VERSION)}\b.*$", f"## {VERSION} - 2026-01-01",
                                    changelog.read_text(), flags=re.M))
        name = ["-c", "user.name=CI", "-c", "user.email=ci@example.org"]
        run("git", *name, "commit", "--quiet", "--allow-empty", "--all", "--message", "The day", cwd=self.clone)
        for name, script in STAND_INS.items():
            path = folder / "bin" / name
            path.write_text("#!/usr/bin/env bash\nset -euo pipefail\n" + script.strip() + "\n")
            path.chmod(0o755)

    def clean(self):
        """Makes the clone what a checkout is, but for what was compiled."""
        run("git", "reset", "--hard", "--quiet", cwd=self.clone)
        run("git", "clean", "-fdxq", "--exclude=/target", cwd=self.clone)

    def environment(self):
        paths = [str(self.folder / "bin"), os.environ["PATH"]]
        real = {f"REAL_{name}": shutil.which(name) or "" for name in STAND_INS if name.isalnum()}
        files = {name: str(self.folder / "temp" / name.lower()) for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")}
        for file in files.values():
            pathlib.Path(file).write_text("")
        return os.environ | real | files | {
            "PATH": os.pathsep.join(paths), "RUNNER_TEMP": str(self.folder / "temp"), "RELEASES": str(self.releases),
            "HOST_TARGET": HOST, "CARGO_TARGET_DIR": str(TARGET), "GITHUB_REPOSITORY": "opsbook/opsbook",
            "GITHUB_SHA": "0" * 40, "GITHUB_REF": "refs/heads/main", "CI": "true",
        }


def run(*arguments, **options):
    subprocess.run([str(argument) for argument in arguments], check=True, **options)


def carry_out(steps, clone, place, context, job_variables, label, done):
    """Carries out the steps; a script that ran with the same variables before is not run again."""
    environment = place.environment()
    added = pathlib.Path(environment["GITHUB_PATH"])
    n_done = 0
    for step in steps:
        name = step.get("name") or step.get("run") or step["uses"]
        print(f"-- {label}: {name.strip().splitlines()[0]}", flush=True)
        if "if" in step and not holds(step["if"], context):
            raise SystemExit(f"{label}: the step is left out, and so is not tried")
        if "uses" in step:
            use(step, clone, place, context)
            continue
        script = step["run"]
        if "${{" in script:
            raise SystemExit(f"{label}: an expression stands in a script")
        if script.strip() == ".ci/run":
            print("stand-in: .ci/run is what came here")
            n_done += 1
            continue
        variables = {key: expressions(value, context) for key, value in step.get("env", {}).items()}
        env = environment | job_variables | variables
        env["PATH"] = os.pathsep.join([*added.read_text().split(), env["PATH"]])
        same = (label.split()[0], script, *sorted((variables | job_variables).items()))
        if same in done:
            print("the same as for another row")
            continue
        done.add(same)
        script_file = place.folder / "temp/step.sh"
        script_file.write_text(script)
        subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script_file], cwd=clone, env=env, check=True)
        n_done += 1
    return n_done


def use(step, clone, place, context):
    action = step["uses"].split("@")[0]
    options = {key: expressions(value, context) for key, value in step.get("with", {}).items()}
    if action == "actions/upload-artifact":
        found = [path for line in options["path"].split() for path in glob.glob(str(clone / line))]
        assert found, "if-no-files-found: error"
        for path in found:
            shutil.copy(path, place.artifacts)
    elif action == "actions/download-artifact":
        for path in place.artifacts.iterdir():
            shutil.copy(path, clone)
    elif action == "actions/attest-build-provenance":
        assert any(glob.glob(str(clone / line)) for line in options["subject-path"].split())
    elif action == "actions/upload-pages-artifact":
        site = clone / options["path"]
        assert (site / "index.html").is_file() and (site / ".nojekyll").is_file()
        assert options["include-hidden-files"] == "true" or options["include-hidden-files"] == "True"
        hidden = {path.name for path in site.glob(".*")} - {".nojekyll"}
        assert not hidden, f"the site's root has {hidden}"
    elif action not in ("actions/checkout", "actions/deploy-pages"):
        raise SystemExit(f"no stand-in for {action}")


def jobs(workflow):
    """Every job, once for each row of its matrix."""
    for name, job in workflow["jobs"].items():
        matrix = job.get("strategy", {}).get("matrix", {})
        rows = matrix.get("include") or [{key: value} for key, values in matrix.items() for value in values] or [{}]
        for row in rows:
            label = " ".join([name, *map(str, row.values())])
            yield label, job, {f"matrix.{key}": value for key, value in row.items()}


def main():
    in_place = "--in-place" in sys.argv[1:]
    asked = [argument for argument in sys.argv[1:] if argument != "--in-place"]
    wanted = asked or ["pages", "ci", "release", "publish"]
    unknown = {path.stem for path in (ROOT / ".github/workflows").iterdir()} - set(wanted)
    if not asked and unknown:
        raise SystemExit(f"steps.py does not know the workflows {unknown}")
    n_done, done = 0, set()
    with tempfile.TemporaryDirectory(prefix="opsbook-steps.") as folder:
        place = Place(pathlib.Path(folder), in_place)
        for name in wanted:
            workflow = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())
            for tag in [f"v{VERSION}-rc.1", f"v{VERSION}"] if name == "release" else [f"v{VERSION}"]:
                for path in [*place.artifacts.iterdir(), *(place.releases.iterdir() if name == "release" else [])]:
                    path.unlink()
                for label, job, row in jobs(workflow):
                    place.clean()
                    context = {
                        "github.ref_name": tag, "github.event.release.tag_name": tag, "github.token": "token",
                        "github.repository": "opsbook/opsbook", "github.actor": "ann", "github.ref": f"refs/tags/{tag}",
                        "secrets.CARGO_REGISTRY_TOKEN": "token", **row,
                    }
                    variables = {key: expressions(value, context) for key, value in job.get("env", {}).items()}
                    n_done += carry_out(job["steps"], place.clone, place, context, variables, f"{name} {tag}: {label}", done)
        n_done += action(place)
    print(f"{n_done} steps carried out")


def action(place):
    """The action in a stranger's repository, with the release that the workflow just made."""
    project = place.folder / "stranger"
    (project / "docs").mkdir(parents=True)
    (project / "mkdocs.yml").write_text("site_name: Stranger\n")
    (project / "docs/index.md").write_text("# Hello\n")
    run("git", "init", "--quiet", cwd=project)
    declared = yaml.safe_load((ROOT / "action.yml").read_text())
    context = {f"inputs.{key}": value["default"] for key, value in declared["inputs"].items()}
    context |= {"inputs.version": VERSION, "inputs.sarif": "true", "inputs.build": "true", "inputs.pages": "true",
                "github.token": "token", "runner.os": "Linux", "runner.arch": "X64"}
    return carry_out(declared["runs"]["steps"], project, place, context, {}, "action", set())


main()
